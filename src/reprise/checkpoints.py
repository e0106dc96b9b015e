"""What a killed run goes on from: files that are whole and unchanged, or put aside and named.

A file's digest is part of its name, so that content and digest appear in one step. What does not match was cut by a
full disk, damaged or planted; the seed is then trained again. Where several processes train one network, the first one
alone writes, removes and renames.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

from reprise.files import leads, replacing


def save(folder: Path, kind: str, suffix: str, write: Callable[[Path], None]) -> Path:
    """Writes ``KIND-DIGEST.SUFFIX``, flushed to disk, and then removes what an earlier call wrote.

    Args:
        folder: of one seed.
        kind: what it is, such as ``last``.
        suffix: of the file, with its dot.
        write: writes the file that it is given.
    """
    with replacing(folder / f"{kind}-new{suffix}") as temporary:
        write(temporary)
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        digest = _digest(temporary)
    path = folder / f"{kind}-{digest}{suffix}"
    (folder / f"{kind}-new{suffix}").replace(path)
    for old in folder.glob(f"{kind}-*{suffix}"):
        if old != path:
            old.unlink()
    return path


def find(folder: Path, kind: str, suffix: str) -> Path | None:
    """The newest whole file of a kind, or None. What is damaged is put aside, and said so."""
    whole = []
    for path in folder.glob(f"{kind}-*{suffix}"):
        digest = path.name.removeprefix(f"{kind}-").removesuffix(suffix)
        if path.is_file() and digest in ("new", _digest(path)):
            if digest != "new":  # one that lacked its last step: the one before is as good
                whole.append(path)
            continue
        put_aside(path, "it is not what was written")
    return max(whole, key=lambda path: path.stat().st_mtime_ns, default=None)


def put_aside(path: Path, why: str) -> None:
    """Renames a file that cannot be used, and says on stderr that its seed is trained again."""
    if not leads():
        return
    path.replace(path.with_name(f"{path.name}.damaged"))
    print(f"{path}: {why}; put aside as {path.name}.damaged, and this seed is trained again", file=sys.stderr)


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.blake2b(digest_size=12)).hexdigest()
