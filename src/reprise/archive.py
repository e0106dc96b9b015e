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

from reprise.files import read_json, write_json, write_text
from reprise.stages.running import TIMINGS

KEPT = ("ledger.json", "metrics.json", "README.md")
OUTPUTS = ("figures", "studies")  # folders of reports/ that the pipeline writes


def keep(folder: Path, machine: str = "", root: Path = Path()) -> str:
    """Copies ledger, metrics, README.md, charts and params.yaml to ``folder`` and writes provenance.json beside them.

    Charts (SVG) only: pictures may show data that must not be passed on, such as a competition's images. The README's
    lines that would show one go as well.

    Args:
        folder: below ``reports/``, relative to ``root``; what an earlier call kept there is replaced.
        machine: what it ran on, in words; default: processor and cores.
        root: the checkout.

    Returns:
        One line that says what was kept.

    Raises:
        FileNotFoundError: there is no finished run.
        ValueError: ``folder`` does not lie in ``reports``, or the pipeline writes it.
    """
    reports = root / "reports"
    target = (root / folder).resolve()
    if reports.resolve() not in target.parents:
        raise ValueError(f"{folder}: must lie inside reports/, for example reports/full")
    if target.relative_to(reports.resolve()).parts[0] in OUTPUTS:
        raise ValueError(f"{folder}: the pipeline writes there; choose another folder, for example reports/full")
    for name in (*KEPT, "figures"):
        if not (reports / name).exists():
            raise FileNotFoundError(f"{reports / name} is missing; `dvc repro` makes it")
    rows = [row for row in read_json(reports / "ledger.json") if row["verdict"] != "untested"]
    target.mkdir(parents=True, exist_ok=True)
    for name in ("ledger.json", "metrics.json"):
        shutil.copyfile(reports / name, target / name)
    shutil.copyfile(root / "params.yaml", target / "params.yaml")  # in place of the checkout's, `make` repeats the run
    shutil.rmtree(target / "figures", ignore_errors=True)
    shutil.copytree(reports / "figures", target / "figures", ignore=shutil.ignore_patterns("*.png"))
    kept = [line for line in (reports / "README.md").read_text(encoding="utf-8").splitlines() if ".png" not in line]
    write_text(target / "README.md", "\n".join(kept) + "\n")
    commit = _git(root, "rev-parse", "HEAD")
    provenance = {
        "commit": commit,
        "changed": bool(
            _git(root, "status", "--porcelain", "--", "src", "params.yaml")
        ),  # code other than the commit's
        "data": sorted({row["data_source"] for row in rows}),
        "scale": sorted({row["scale"] for row in rows}),
        "machine": machine or f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "stages": last_timings(root / TIMINGS),
    }
    write_json(target / "provenance.json", provenance)
    return f"{folder}: {len(rows)} verdicts kept, commit {commit[:10]}, {provenance['machine']}"


def last_timings(path: Path) -> dict[str, dict[str, float]]:
    """The last wall time (s) and peak memory (MiB) of every stage; empty where nothing was noted."""
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return {row["stage"]: {"seconds": float(row["seconds"]), "peak_mib": float(row["peak_mib"])} for row in rows}


def _git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False).stdout.strip()
