"""What stages took, as `reprise.stages.running` notes it: read by whoever plans a run or keeps one."""

from __future__ import annotations

import csv
import math
from pathlib import Path

TIMINGS = Path("data/timings.csv")  # as `reprise.stages.running` has it, which every stage depends on


def last_timings(path: Path) -> dict[str, dict[str, float]]:
    """The last wall time (s) and peak memory (MiB) of every stage; empty where nothing was noted.

    Lines that are none (cut short by a full disk, a second header) are passed over: a time is worth no failure.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    found: dict[str, dict[str, float]] = {}
    for line in text.splitlines():
        try:
            name, seconds, peak = next(csv.reader([line]))
            times = {"seconds": float(seconds), "peak_mib": float(peak)}
        except (ValueError, StopIteration, csv.Error):
            continue
        if name and all(math.isfinite(value) and value >= 0 for value in times.values()):
            found[name] = times
    return found
