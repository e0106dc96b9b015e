"""Reads the ``.npz`` archives that stages write: what is damaged is named, and nothing that a stranger wrote is run.

Ours are uncompressed. So what an array's header claims must be what its member holds, and is checked before memory is
asked for: an archive of three megabytes cannot claim three gigabytes.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Self, TypeVar

import numpy as np

from reprise.messages import one_line, shown

T = TypeVar("T")
_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
REMEDY = "make it again with `dvc repro`"


class Npz:
    """An open archive; arrays are read when they are asked for, each time anew.

    Attributes:
        files: the arrays' names, in the archive's order.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._archive = zipfile.ZipFile(path)
        except Exception as error:  # zipfile's own, struct's, the operating system's: a path that is no archive
            raise ValueError(f"{shown(path)}: not an .npz archive ({one_line(error)}); {REMEDY}") from error
        self._members = {info.filename.removesuffix(".npy"): info for info in self._archive.infolist()}
        self.files = list(self._members)

    def __getitem__(self, name: str) -> np.ndarray:
        return self._asked(name, self._read)

    def _asked(self, name: str, read: Callable[[zipfile.ZipInfo], T]) -> T:
        if name not in self._members:
            found = ", ".join(map(shown, self.files)) or "nothing"
            raise ValueError(f"{shown(self._path)}: no array {name} (found: {found}); {REMEDY}")
        try:
            return read(self._members[name])
        except Exception as error:  # zipfile, zlib, tokenize, ast and NumPy each raise their own
            raise ValueError(f"{shown(self._path)}: {name} cannot be read ({one_line(error)}); {REMEDY}") from error

    def shape(self, name: str) -> tuple[int, ...]:
        """An array's shape; the array itself is not read."""
        return self._asked(name, lambda info: self._header(info)[0])

    def __contains__(self, name: object) -> bool:
        return name in self._members

    def __iter__(self) -> Iterator[str]:
        return iter(self.files)

    def __len__(self) -> int:
        return len(self.files)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file."""
        self._archive.close()

    def _header(self, info: zipfile.ZipInfo) -> tuple[tuple[int, ...], np.dtype]:
        if info.compress_type != zipfile.ZIP_STORED:
            raise ValueError("it is compressed, as no stage writes it")
        with self._archive.open(info) as stream:
            return _checked_header(stream, info.file_size)

    def _read(self, info: zipfile.ZipInfo) -> np.ndarray:
        self._header(info)
        with self._archive.open(info) as stream:
            array = np.lib.format.read_array(stream, allow_pickle=False)
            if stream.read(1):  # reads to the end, where the sum is compared
                raise ValueError("there is more than the array")
        return array


def read_npz(path: Path) -> Npz:
    """Opens an ``.npz`` lazily, member by member, never unpickling.

    Raises:
        FileNotFoundError: it is not there.
        ValueError: it is no archive; so does reading an array that is missing or damaged. The message names the file.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"{shown(path)} is missing; `dvc repro` makes it")
    return Npz(Path(path))


def _checked_header(stream: IO[bytes], size: int) -> tuple[tuple[int, ...], np.dtype]:
    """Shape and type of an array; pickled objects, and a header that claims another size than there is, are refused."""
    try:
        read = _HEADERS[np.lib.format.read_magic(stream)]
        shape, _, dtype = read(stream)
    except Exception as error:  # NumPy's words advise to load what should not be loaded
        raise ValueError("its header is none that a stage writes") from error
    if dtype.hasobject:
        raise ValueError("it holds pickled objects, which are never loaded")
    if any(length < 0 for length in shape):
        raise ValueError(f"its header claims a shape of {shape}")
    claimed, held = math.prod(shape) * dtype.itemsize, size - stream.tell()
    if claimed != held or (math.prod(shape) and not dtype.itemsize):
        raise ValueError(f"its header claims {claimed:,} bytes in an array of shape {shape}, {held:,} are there")
    return shape, dtype
