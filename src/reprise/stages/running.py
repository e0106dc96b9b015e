"""How a stage runs: known errors end in one clear line and exit code 1; wall times are noted beside outputs."""

from __future__ import annotations

import csv
import fcntl
import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import StringIO
from pathlib import Path

from reprise.files import leads

TIMINGS = Path("data/timings.csv")  # git-ignored, no DVC output: durations are never part of a result


@contextmanager
def stage(*name: str) -> Iterator[None]:
    """Wraps a stage: ``with stage("train", STUDY, VARIANT): ...``"""
    start = time.perf_counter()
    try:
        yield
        if leads():
            _note(name, time.perf_counter() - start)
    except (ValueError, OSError) as error:
        print(f"{' '.join(name)}: {error}", file=sys.stderr)
        raise SystemExit(1) from error


def _note(name: tuple[str, ...], seconds: float) -> None:
    """Appends a line, whole, with a header before the first; a time that cannot be noted fails no stage."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    line = StringIO()
    csv.writer(line).writerow([" ".join(name), f"{seconds:.2f}", f"{peak:.0f}"])
    with suppress(OSError):
        TIMINGS.parent.mkdir(parents=True, exist_ok=True)
        with TIMINGS.open("ab+", buffering=0) as stream:
            with suppress(OSError):  # a file system without locks: whole lines are appended all the same
                fcntl.flock(stream, fcntl.LOCK_EX)  # else two stages find it empty and both write the header
            size = stream.seek(0, os.SEEK_END)
            before = "stage,seconds,peak_mib\r\n"
            if size:
                stream.seek(size - 1)
                before = "" if stream.read(1) == b"\n" else "\r\n"  # a line that was cut short
            stream.write(f"{before}{line.getvalue()}".encode())
