"""Files that are either whole or absent: everything is written to a temporary name and renamed.

Outputs are byte-deterministic: no time stamps, sorted keys, and ``.npz`` archives with NumPy's fixed dates.
"""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

LARGE = 1 << 30  # bytes of an array from which a zip archive's entry gets large-file fields; they are needed at 2 GiB


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yields a temporary path beside ``path`` and renames it to ``path`` when the block ends without an error.

    A link stays and the file it leads to is replaced.

    Raises:
        ValueError: a folder, a device or a pipe is there.
        OSError: no file can be made there; it names ``path``.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise ValueError(f"{path} is a folder, a device or a pipe; only an ordinary file is replaced")
    with suppress(FileExistsError):  # a parent that is a file: the next error names ``path``
        target.parent.mkdir(parents=True, exist_ok=True)
    with _naming(path):
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=target.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)  # mkstemp makes private files; outputs are ordinary ones
        with _naming(path):
            os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def write_text(path: Path, text: str) -> None:
    """Writes UTF-8 text atomically."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Writes JSON with sorted keys, an indent and a final newline. NaN is refused: it is not JSON."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Reads JSON and names the file in the error when it is not JSON."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}: not valid JSON ({error}); make it again with `dvc repro`") from error


def write_npz(path: Path, **arrays: np.ndarray) -> None:
    """Writes an uncompressed ``.npz``: the same arrays give the same bytes under every Python.

    ``np.savez`` always asks for the zip format's large-file fields, which Python 3.11.4 began to write otherwise.

    Raises:
        ValueError: an array holds Python objects, which would be pickled.
    """
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, array in arrays.items():
            array = np.asanyarray(array)
            large = array.nbytes > LARGE
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=large) as stream:
                np.lib.format.write_array(stream, array, allow_pickle=False)


def printable(text: str, keep: str = "\n") -> str:
    """Text that is safe to print: what is no printable character stands as an escape, as in ``repr``.

    For names and messages that come from files and servers: control characters move the cursor and rename the window,
    and characters that turn the direction of writing disguise a name.

    Args:
        text: any.
        keep: characters that stay as they are, printable or not.
    """
    return "".join(c if c.isprintable() or c in keep else c.encode("unicode_escape").decode() for c in text)


def one_line(error: Exception) -> str:
    """What an error of another package says, printable and in one line; its type where it says nothing."""
    return printable(" ".join(str(error).split())) or type(error).__name__


def read_npz(path: Path) -> np.lib.npyio.NpzFile:
    """Opens an ``.npz`` lazily, member by member, never unpickling."""
    if not Path(path).is_file():
        raise FileNotFoundError(f"{path} is missing; `dvc repro` makes it")
    return np.load(path, allow_pickle=False)
