"""Files that are either whole or absent: everything is written to a temporary name and renamed.

Outputs are byte-deterministic: no time stamps, sorted keys, and ``.npz`` archives with NumPy's fixed dates.
"""

from __future__ import annotations

import csv
import fcntl
import io
import json
import os
import re
import uuid
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from reprise.messages import one_line, shown
from reprise.npz import REMEDY, read_npz

__all__ = [
    "check_writable",
    "leads",
    "one_line",
    "parse_json",
    "read_json",
    "read_npz",
    "read_table",
    "replacing",
    "shown",
    "write_json",
    "write_npz",
    "write_rows",
    "write_text",
]

LARGE = 1 << 30  # bytes of an array from which a zip archive's entry gets large-file fields; they are needed at 2 GiB
TEMPORARY = re.compile(r"\.reprise-[0-9a-f]{32}\.tmp(\..{1,15})?", re.DOTALL)
CACHED = re.compile(r"/files/md5/[0-9a-f]{2}/[0-9a-f]{30}$")  # in DVC's cache, wherever that lies
_swept: set[Path] = set()


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yields a temporary path beside ``path`` and renames it to ``path`` when the block ends without an error.

    A link stays and the file it leads to is replaced, unless that lies in DVC's cache, which nobody but DVC may change:
    then the link is replaced. The permissions of a file that was there are kept. What a killed process left in the
    folder goes: a temporary file is locked by who writes it, so one without a lock belongs to nobody.

    Raises:
        ValueError: a folder, a device or a pipe is there.
        OSError: no file can be made there; it names ``path``.
    """
    target = _target(path)
    with _temporary(path, target) as temporary:
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        # temporary files are private until here; outputs are ordinary ones
        mode = target.stat().st_mode & 0o777 if target.exists() and not target.is_symlink() else 0o666 & ~umask
        temporary.chmod(mode)
        with _naming(path):
            os.replace(temporary, target)


def check_writable(path: Path) -> None:
    """Raises what :func:`replacing` would, before any work is done. Nothing stays, unless folders had to be made."""
    with _temporary(path, _target(path)):
        pass


def _target(path: Path) -> Path:
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise ValueError(f"{shown(path)} is a folder, a device or a pipe; only an ordinary file is replaced")
    return Path(path).absolute() if Path(path).is_symlink() and CACHED.search(target.as_posix()) else target


@contextmanager
def _temporary(path: Path, target: Path) -> Iterator[Path]:
    """A new, locked file in the target's folder, which is gone in the end if it has not been renamed."""
    with _naming(path):
        with suppress(FileExistsError):  # a parent that is a file: the next error says so
            target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target.parent)
        # writers choose a format by the suffix; a name of its own length, since the target's may be as long as can be
        suffix = target.suffix if len(target.suffix) <= 16 else ""
        while True:
            temporary = target.parent / f".reprise-{uuid.uuid4().hex}.tmp{suffix}"
            handle = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            if _lock(handle) is not False and os.fstat(handle).st_nlink:  # else it was swept before it was locked
                break
            os.close(handle)
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)
        os.close(handle)


def _lock(handle: int) -> bool | None:
    """Locks an open file for as long as it is open: True; False: another has it; None: no locks on this disk."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _sweep(folder: Path) -> None:
    """Removes temporary files of dead processes, once in each folder that this process writes to."""
    if folder in _swept:
        return
    _swept.add(folder)
    names: list[str] = []
    with suppress(OSError):
        names = [name for name in os.listdir(folder) if TEMPORARY.fullmatch(name)]
    for name in names:
        with suppress(OSError):  # renamed in between, or another user's
            handle = os.open(folder / name, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                if _lock(handle):
                    (folder / name).unlink()
            finally:
                os.close(handle)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def leads() -> bool:
    """Whether this is the first of the processes that train one network together, or the only one: it alone writes."""
    return os.environ.get("LOCAL_RANK", "0") == "0"


def write_text(path: Path, text: str) -> None:
    """Writes UTF-8 text atomically."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_rows(stream: TextIO, rows: Iterable[Sequence[Any]]) -> None:
    """Writes CSV rows that end in a newline; every reader finds the same fields again, whatever is in them."""
    plain, quoted = (
        csv.writer(stream, lineterminator="\n", quoting=kind) for kind in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL)
    )
    for row in rows:  # before Python 3.13, a carriage return alone is not quoted
        (quoted if any("\r" in str(field) for field in row) else plain).writerow(row)


def write_json(path: Path, value: Any) -> None:
    """Writes JSON with sorted keys, an indent and a final newline. NaN is refused: it is not JSON."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Reads JSON; the error names the file when it is not JSON, whatever it is instead."""
    return parse_json(Path(path).read_bytes(), shown(path))


def parse_json(content: bytes, where: str) -> Any:
    """The value of JSON text in UTF-8.

    Raises:
        ValueError: it is none; the message begins with ``where``.
    """
    try:
        return json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # brackets without end, bytes that are no text, endless digits
        raise ValueError(f"{where}: not valid JSON ({one_line(error)}); {REMEDY}") from error


def read_table(path: Path, *columns: str) -> list[dict[str, str]]:
    """Reads a CSV file that a stage wrote: a header, then rows that end in a newline.

    Args:
        path: of the file.
        columns: that must be there, among others.

    Returns:
        One dictionary a row.

    Raises:
        FileNotFoundError: it is not there.
        ValueError: it is cut or no such table; the message names the file and the line.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"{shown(path)} is missing; `dvc repro` makes it")
    try:
        text = Path(path).read_bytes().decode("utf-8")
        if not text.endswith("\n"):
            raise ValueError("its last line is cut")
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        header = next(reader)
        lacking = [name for name in columns if name not in header]
        if lacking or len(set(header)) < len(header):
            raise ValueError(f"line 1: no column {', '.join(lacking)}" if lacking else "line 1: a column stands twice")
        rows = []
        for row in reader:
            if len(row) != len(header):
                raise ValueError(f"line {reader.line_num}: {len(row)} fields, expected {len(header)}")
            rows.append(dict(zip(header, row, strict=True)))
    except (ValueError, csv.Error) as error:
        raise ValueError(f"{shown(path)}: not the table that was written ({one_line(error)}); {REMEDY}") from error
    return rows


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
