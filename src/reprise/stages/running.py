"""How a stage runs: known errors end in one clear line and exit code 1; wall times are noted beside outputs."""

from __future__ import annotations

import csv
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TIMINGS = Path("data/timings.csv")  # git-ignored, no DVC output: durations are never part of a result


@contextmanager
def stage(*name: str) -> Iterator[None]:
    """Wraps a stage: ``with stage("train", STUDY, VARIANT): ...``"""
    start = time.perf_counter()
    try:
        yield
        _note(name, time.perf_counter() - start)
    except (ValueError, OSError) as error:
        print(f"{' '.join(name)}: {error}", file=sys.stderr)
        raise SystemExit(1) from error


def _note(name: tuple[str, ...], seconds: float) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    TIMINGS.parent.mkdir(parents=True, exist_ok=True)
    new = not TIMINGS.exists()
    with TIMINGS.open("a", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        if new:
            writer.writerow(["stage", "seconds", "peak_mib"])
        writer.writerow([" ".join(name), f"{seconds:.2f}", f"{peak:.0f}"])
