"""Who may open MLflow's database, one process at a time, and what to do about one that nobody can open."""

from __future__ import annotations

import fcntl
import os
import re
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import IO

from reprise.files import shown

LOCKED = 5.0  # seconds that another process may hold the database without anything happening to it
LONGEST = 60.0  # seconds in all
# What SQLite and MLflow say of a file that is none, is damaged, or that a process was killed in the middle of making.
BROKEN = re.compile(r"not a database|malformed|table \w+ already exists|duplicate column")
SYNC = "`reprise track sync`"


class TrackingError(ValueError):
    """The database cannot be used; the message names it."""


@contextmanager
def held(path: Path, database: Path) -> Iterator[None]:
    """Holds a lock file; the process that has it stands in it.

    Waits while something happens to the database, which takes seconds to make, and `LOCKED` seconds longer; but not
    for more than `LONGEST`.

    Raises:
        TrackingError: another process holds it.
    """
    with path.open("a+") as stream:
        seen, since, begun = None, time.monotonic(), time.monotonic()
        while not _try_lock(stream):
            now = _written(database)
            if now != seen:
                seen, since = now, time.monotonic()
            if time.monotonic() > min(since + LOCKED, begun + LONGEST):
                stream.seek(0)
                holder = stream.read(20).strip()
                who = f"process {holder}" if holder.isascii() and holder.isdigit() else "another process"
                raise TrackingError(f"{path} is held by {who}, for more than {LOCKED:.0f} seconds; end it")
            time.sleep(0.05)
        stream.seek(0)
        stream.truncate()
        stream.write(str(os.getpid()))
        stream.flush()
        yield


def _written(database: Path) -> list[int]:
    """When the database and its journal were written last."""
    times = []
    for name in (database.name, f"{database.name}-journal"):
        with suppress(OSError):
            times.append(database.with_name(name).stat().st_mtime_ns)
    return times


def _try_lock(stream: IO[str]) -> bool:
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def check_writable(*paths: Path) -> None:
    """Names the first of these that may not be written to; what does not exist may be made.

    Raises:
        TrackingError: with what to do about it.
    """
    for path in paths:
        if path.exists() and not os.access(path, os.W_OK):
            raise TrackingError(f"{path} is read-only; `chmod u+w` it, or mount its disk to be written to, then {SYNC}")


def try_opening(path: Path, thoroughly: bool = False) -> None:
    """Fails soon on a file that is no database or is locked: MLflow would try again for minutes.

    Args:
        path: of an SQLite database; an empty file where there is none.
        thoroughly: reads all of it.

    Raises:
        TrackingError: it is locked or a folder.
        sqlite3.DatabaseError: it is no database, or not a whole one.
    """
    if path.is_dir():
        raise TrackingError(f"{path} is a folder; move it away, then {SYNC}")
    try:
        with closing(sqlite3.connect(path, timeout=LOCKED, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            if thoroughly and (found := connection.execute("PRAGMA integrity_check(1)").fetchone()[0]) != "ok":
                raise sqlite3.DatabaseError(f"malformed: {found}")
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            raise
        raise TrackingError(f"{error}: {_holder(path)} has it; wait until that ends, or end it, then {SYNC}") from error


def _holder(path: Path) -> str:
    """Who writes to a database, where the kernel tells."""
    with suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/locks").read_text().splitlines():
            kind, _, access, process, place, start = line.split()[1:7]
            if (
                (kind, access) == ("POSIX", "WRITE")
                and place.endswith(f":{path.stat().st_ino}")
                and int(start) >= 1 << 30
            ):
                return f"process {process}"  # from there on are SQLite's own locks
    return "another process"


def put_aside(path: Path, why: str) -> None:
    """Renames a database that cannot be used, with its journals, and says so on stderr. Nothing is deleted."""
    name = f"{path.name}.broken-{time.strftime('%Y%m%d-%H%M%S')}"
    while os.path.lexists(path.with_name(name)):
        name += "+"
    for end in ("-journal", "-wal", "-shm", ""):  # else a journal would be played into the next database
        with suppress(FileNotFoundError):
            path.with_name(path.name + end).rename(path.with_name(name + end))
    print(
        shown(f"{path} cannot be used ({why}): put aside as {name}, and made anew from DVC's outputs"), file=sys.stderr
    )
