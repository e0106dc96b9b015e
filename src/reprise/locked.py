"""Who may open MLflow's database: one process at a time, waited for as long as something happens there."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import IO

LOCKED = 5.0  # seconds that another process may hold the database without anything happening to it
LONGEST = 60.0  # seconds in all


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


def try_opening(address: str) -> None:
    """Fails soon on a file that is no database or is locked: MLflow would try again for minutes."""
    if address.startswith("sqlite"):
        from sqlalchemy.engine import make_url

        with closing(sqlite3.connect(make_url(address).database, timeout=LOCKED)) as connection:
            connection.execute("PRAGMA schema_version")
