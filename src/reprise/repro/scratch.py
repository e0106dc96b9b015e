"""A folder for as long as a run lasts; what a killed run left goes when another one begins."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "reprise-run-"
LOCK = ".lock"


@contextmanager
def scratch() -> Iterator[Path]:
    """Makes it; a lock beside it, which the kernel frees, tells that it is in use."""
    base = Path(tempfile.gettempdir())
    _sweep(base)
    while True:
        handle, name = tempfile.mkstemp(prefix=PREFIX, suffix=LOCK)
        with suppress(OSError):  # a disk without locks: nothing there is swept
            fcntl.flock(handle, fcntl.LOCK_EX)
        if _is(handle, Path(name)):
            break
        os.close(handle)  # swept before it was locked
    folder = Path(name.removesuffix(LOCK))
    try:
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        Path(name).unlink(missing_ok=True)
        os.close(handle)


def _sweep(base: Path) -> None:
    for path in base.glob(f"{PREFIX}*{LOCK}"):
        with suppress(OSError), path.open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)  # BlockingIOError: in use
            if path.stat().st_uid == os.getuid():
                shutil.rmtree(path.with_name(path.name.removesuffix(LOCK)), ignore_errors=True)
                path.unlink()


def _is(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False
