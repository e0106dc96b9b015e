"""The format of MNIST's and EMNIST's official files: a magic number, sizes, and bytes; gzipped or not."""

from __future__ import annotations

import gzip
import os
import zlib
from pathlib import Path

import numpy as np

from reprise.files import shown

UNSIGNED_BYTES = 0x08  # the third byte of the magic number; the fourth is the number of axes
LARGEST = 1 << 30  # bytes that one file may hold; the largest official one has 547 million
DEFLATED = 1032  # bytes that one byte of a .gz stands for at most


class IdxError(ValueError):
    """A file is not what it should be."""


def read_idx(path: Path, axes: int) -> np.ndarray:
    """Reads one file of unsigned bytes.

    Args:
        path: its name ends in ``.gz`` where it is gzipped.
        axes: 3 for images, 1 for labels.

    Returns:
        An array of uint8 with so many axes; read-only.

    Raises:
        IdxError: another magic number, a file that ends before or goes on after what its header says, or a damaged
            archive.
        OSError: it cannot be read.
    """
    where, size = shown(path), 4 + 4 * axes
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rb") as stream:
            header = stream.read(size)
            if len(header) < size:
                raise IdxError(f"{where}: truncated: {len(header)} bytes, its header alone has {size}")
            magic, wanted = header[:4].hex(), bytes([0, 0, UNSIGNED_BYTES, axes]).hex()
            if magic != wanted:
                kind = {1: "labels", 3: "images"}.get(axes, f"{axes} axes")
                raise IdxError(f"{where}: magic number {magic}, expected {wanted} ({kind})")
            shape = tuple(int(n) for n in np.frombuffer(header[4:], ">u4"))
            expected = int(np.prod(shape, dtype=object))
            if not 0 < expected <= LARGEST:
                raise IdxError(f"{where}: its header says {' x '.join(map(str, shape))}; that is no data set of ours")
            held = os.fstat(stream.fileno()).st_size * (DEFLATED if path.suffix == ".gz" else 1)
            content = stream.read(min(expected, held) + 1)  # a header alone asks for no memory
    except (gzip.BadGzipFile, zlib.error) as error:
        raise IdxError(f"{where}: not a readable .gz ({shown(str(error))})") from None
    except EOFError:
        raise IdxError(f"{where}: truncated: the .gz ends too early") from None
    if len(content) != expected:
        found = f"truncated: {len(content)}" if len(content) < expected else "more"
        raise IdxError(
            f"{where}: {found} bytes after the header, which says {' x '.join(map(str, shape))} = {expected}"
        )
    return np.frombuffer(content, np.uint8).reshape(shape)
