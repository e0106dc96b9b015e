"""Keeps what one run found: the ledger, metrics and figures, with commit, machine and wall times beside them.

``reports/`` always shows the last run. A run on real data or at full scale, which not everyone can repeat, is kept in a
folder of its own.
"""

from __future__ import annotations

import csv
import os
import platform
import shutil
import subprocess
from pathlib import Path

from reprise.files import read_json, write_json
from reprise.stages.running import TIMINGS

KEPT = ("ledger.json", "metrics.json", "README.md")


def keep(folder: Path, machine: str = "", root: Path = Path()) -> str:
    """Copies reports/ledger.json, metrics.json, README.md and figures into ``folder`` and writes provenance.json.

    Raises:
        FileNotFoundError: there is no finished run.
        ValueError: ``folder`` lies outside ``reports``.
    """
    reports = root / "reports"
    target = (root / folder).resolve()
    if reports.resolve() not in target.parents:
        raise ValueError(f"{folder}: must lie inside reports/, for example reports/full")
    for name in KEPT:
        if not (reports / name).is_file():
            raise FileNotFoundError(f"{reports / name} is missing; `dvc repro` makes it")
    target.mkdir(parents=True, exist_ok=True)
    for name in KEPT:
        shutil.copy2(reports / name, target / name)
    shutil.rmtree(target / "figures", ignore_errors=True)
    shutil.copytree(reports / "figures", target / "figures")
    rows = [row for row in read_json(reports / "ledger.json") if row["verdict"] != "untested"]
    provenance = {
        "commit": subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True).stdout.strip(),
        "machine": machine or f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "stages": _last_timings(root / TIMINGS),
    }
    write_json(target / "provenance.json", provenance)
    return f"{folder}: {len(rows)} verdicts kept, commit {provenance['commit'][:10]}, {provenance['machine']}"


def _last_timings(path: Path) -> dict[str, dict[str, float]]:
    """The last wall time and peak memory of every stage."""
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return {row["stage"]: {"seconds": float(row["seconds"]), "peak_mib": float(row["peak_mib"])} for row in rows}
