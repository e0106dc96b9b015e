"""Folders that are replaced whole: a new one takes an old one's place, and a kill in between loses neither."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX, BEFORE = ".reprise-folder-", "before"
SCRATCH = re.compile(re.escape(PREFIX) + r"[a-z0-9_]{8}")


@contextmanager
def replacing_folder(target: Path) -> Iterator[Path]:
    """Yields an empty folder beside ``target``, which takes its place when the block ends without an error."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with _locked(target.parent, wait=True), tempfile.TemporaryDirectory(dir=target.parent, prefix=PREFIX) as scratch:
        made, before = Path(scratch) / "made", Path(scratch) / BEFORE
        made.mkdir()
        before.mkdir()
        try:
            yield made
            if target.exists():
                target.rename(before / target.name)
            made.rename(target)
        finally:
            _put_back(Path(scratch))


def restore(parent: Path) -> None:
    """Puts back what a killed process had moved away in a folder, and removes what it left; a living one's stays."""
    if any(SCRATCH.fullmatch(path.name) for path in parent.glob(f"{PREFIX}*")):
        with _locked(parent, wait=False):
            pass


@contextmanager
def _locked(parent: Path, wait: bool) -> Iterator[None]:
    """Alone among those that replace folders there: what others left is of dead processes, and is tidied up."""
    handle = os.open(parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError:  # another is at work, or there are no locks on this disk
            pass
        else:
            for scratch in parent.glob(f"{PREFIX}*"):
                if SCRATCH.fullmatch(scratch.name) and not scratch.is_symlink():
                    _put_back(scratch)
                    shutil.rmtree(scratch, ignore_errors=True)
        yield
    finally:
        os.close(handle)


def _put_back(scratch: Path) -> None:
    for path in (scratch / BEFORE).glob("*"):
        if not (scratch.parent / path.name).exists():
            path.rename(scratch.parent / path.name)
