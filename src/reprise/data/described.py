"""Every picture of a set decoded once and described: what the finder compares, and what it says about the files."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image
from rich.console import Console
from rich.progress import Progress

from reprise.data.crops import small_size
from reprise.data.duplicates import HASHES
from reprise.data.images import Header, bits_needed, read_grey, read_header
from reprise.data.many import UnreadableImagesError, each

IN_MEMORY = 1 << 30  # bytes of features up to which they are no file


def common_size(sizes: list[tuple[int, int]], block: int = 20, longest: int = 640) -> tuple[int, int]:
    """The size at which images are compared: the most frequent one, at most ``longest``, in whole blocks.

    Images that all are of a size in whole blocks, 420 x 580 say, are not resized.
    """
    (h, w), _ = max(Counter(sizes).items(), key=lambda item: (item[1], item[0]))
    shrink = min(1, longest / max(h, w))
    return max(block, int(h * shrink) // block * block), max(block, int(w * shrink) // block * block)


def bar(progress: bool) -> Progress:
    """A progress bar on stderr, where that is a terminal."""
    console = Console(stderr=True)
    return Progress(console=console, disable=not (progress and console.is_terminal), transient=True)


def counted(items: Iterator, bar: Progress, label: str, total: int) -> Iterator:
    """Items as they come, counted by a bar."""
    task = bar.add_task(label, total=total)
    for item in items:
        yield item
        bar.advance(task)


class Seen(NamedTuple):
    """The images that could be read: their paths, features (n, d) and digests by which copies are known.

    ``turned`` are features and digests of the same images left for right, ``small`` the images (n, h, w) uint8 as
    windows are cut from them: where they were asked for.
    """

    paths: list[Path]
    headers: dict[Path, Header]
    features: np.ndarray
    contents: list[bytes]
    size: tuple[int, int]
    deep: int
    bits: int | None
    turned: tuple[np.ndarray, list[bytes]] | None = None
    small: np.ndarray | None = None


def describe(
    paths: list[Path],
    hash: str,
    problems: dict[Path, str],
    bar: Progress,
    turned: bool = False,
    small: bool = False,
) -> Seen:
    """Decodes and hashes every image (each worker does both, so they overlap).

    Raises:
        UnreadableImagesError: none can be read.
    """
    unreadable: dict[Path, str] = {}
    looked = counted(each(paths, read_header, unreadable), bar, "opening", len(paths))
    headers = {path: header for path, header in zip(paths, looked, strict=True) if header is not None}
    deep = [path for path, header in headers.items() if header.deep]
    ranges = [bits for bits in counted(each(deep, bits_needed, unreadable), bar, "depth", len(deep)) if bits]
    bits = max(ranges, default=None)
    good = [path for path in headers if path not in unreadable]
    size = common_size([headers[path].size for path in good]) if good else (0, 0)
    compute = HASHES[hash].features

    def described(grey: np.ndarray) -> tuple[np.ndarray, bytes]:
        row = compute(grey[None])[0]
        # equal numbers are at distance 0; of a page of which the hash sees nothing, the page itself decides
        return row, hashlib.blake2b(row if row.any() else np.ascontiguousarray(grey), digest_size=16).digest()

    def work(path: Path) -> tuple:
        grey = read_grey(path, size, bits)
        mirror = described(np.ascontiguousarray(grey[:, ::-1])) if turned else None
        shrunk = np.asarray(Image.fromarray(grey).resize(small_size(size)[::-1])) if small else None
        return *described(grey), mirror, shrunk

    rows, kept, contents, mirrors, shrunk = Rows(len(good)), [], [], [], []
    mirror_rows = Rows(len(good))
    for path, result in zip(good, counted(each(good, work, unreadable), bar, "hashing", len(good)), strict=True):
        if result is not None:
            row, digest, mirror, picture = result
            rows.add(row)
            contents.append(digest)
            kept.append(path)
            shrunk.append(picture)
            if mirror is not None:
                mirror_rows.add(mirror[0])
                mirrors.append(mirror[1])
    problems.update(unreadable)  # of an image that is not there, nobody needs to know what is wrong with its mask
    if not kept:
        raise UnreadableImagesError(problems)
    return Seen(
        kept,
        {path: headers[path] for path in kept},
        rows.whole(),
        contents,
        size,
        len(ranges),
        bits,
        (mirror_rows.whole(), mirrors) if turned else None,
        np.stack(shrunk) if small else None,
    )


class Rows:
    """A table whose rows come one by one: held once, as a list of rows that is stacked at the end would not be.

    A large one lies in a file that has no name, so that nothing stays of it: the system writes out what it needs the
    memory for. TMPDIR says where.
    """

    def __init__(self, most: int) -> None:
        self.most, self.count = most, 0
        self.table = np.empty((0, 0))

    def add(self, row: np.ndarray) -> None:
        """Adds a row (d,).

        Raises:
            OSError: there is no room for the file.
        """
        if not self.count:
            self.table = self._made((self.most, len(row)), row.dtype)
        self.table[self.count] = row
        self.count += 1

    @staticmethod
    def _made(shape: tuple[int, int], dtype: np.dtype) -> np.ndarray:
        size = shape[0] * shape[1] * dtype.itemsize
        if size <= IN_MEMORY:
            return np.empty(shape, dtype)
        with tempfile.TemporaryFile(prefix="reprise-") as stream:
            if hasattr(os, "posix_fallocate"):  # a full disk is told here, not by a signal when a row is written
                os.posix_fallocate(stream.fileno(), 0, size)
            return np.memmap(stream, dtype, "w+", shape=shape)

    def whole(self) -> np.ndarray:
        """(n, d) of the rows so far."""
        return self.table[: self.count]
