"""Keeps what one run found: the ledger, metrics and figures, with commit, machine and wall times beside them.

``reports/`` always shows the last run. A run on real data or at full scale, which not everyone can repeat, is kept in a
folder of its own.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from reprise import config
from reprise.claims.ledger import LEDGER
from reprise.files import shown, write_json, write_text
from reprise.registry import named_studies
from reprise.report.terminal import read_ledger
from reprise.timings import TIMINGS, last_timings
from reprise.workspace import Workspace
from reprise.yaml_files import parse_yaml, read_text

KEPT = ("ledger.json", "metrics.json", "README.md")
OUTPUTS = (*KEPT, "values.json", "figures", "studies", "index.html")  # what the pipeline writes in reports/
WRITTEN = {*KEPT, "figures", "params", "params.yaml", "provenance.json"}  # what `keep` writes in a folder


def keep(folder: Path, machine: str = "", root: Path = Path()) -> str:
    """Copies ledger, metrics, README.md, charts and all parameters to ``folder``, with provenance.json beside them.

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
        ValueError: ``folder`` does not lie in ``reports``, the pipeline writes it, or it holds something else; or the
            ledger was made with another scale or data source than params.yaml has.
    """
    reports = root / "reports"
    target = (root / folder).resolve()
    if not f"{folder}{machine}".isprintable():
        raise ValueError(f"{shown(folder)}: folder and --machine are one line of printable letters")
    if reports.resolve() not in target.parents:
        raise ValueError(f"{folder}: must lie inside reports/, for example reports/full")
    if target.relative_to(reports.resolve()).parts[0] in OUTPUTS:
        raise ValueError(f"{folder}: the pipeline writes there; choose another folder, for example reports/full")
    for name in (*KEPT, "figures"):
        if not (reports / name).exists():
            raise FileNotFoundError(f"{reports / name} is missing; `dvc repro` makes it")
    if target.is_file():
        raise ValueError(f"{folder}: is a file; choose another name, for example reports/full")
    others = sorted({path.name for path in target.iterdir()} - WRITTEN) if target.exists() else []
    if others:
        raise ValueError(f"{folder}: holds {', '.join(others)}, which would be lost; choose another folder")
    rows = [row for row in read_ledger(reports / "ledger.json") if row["kind"]]
    _check_params(rows, root)
    commit = _git(root, "rev-parse", "HEAD")
    provenance = {
        "commit": commit,
        "changed": _is_changed(root),  # code or parameters other than the commit's
        "data": sorted({row["data_source"] for row in rows}),
        "scale": sorted({row["scale"] for row in rows}),
        "machine": machine or f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "stages": last_timings(root / TIMINGS),
    }
    with tempfile.TemporaryDirectory(dir=reports, prefix=".keep-") as scratch:  # whole or not at all
        kept = Path(scratch) / "kept"
        kept.mkdir()
        for name in ("ledger.json", "metrics.json"):
            shutil.copyfile(reports / name, kept / name)
        for path in ["params.yaml", *(f"pipelines/{name}/params.yaml" for name in named_studies(root))]:
            (kept / "params" / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / path, kept / "params" / path)  # copied back, `make` repeats the run with them
        shutil.copytree(reports / "figures", kept / "figures", ignore=shutil.ignore_patterns("*.png"))
        text = (reports / "README.md").read_text(encoding="utf-8")
        write_text(kept / "README.md", "".join(f"{line}\n" for line in text.splitlines() if ".png" not in line))
        write_json(kept / "provenance.json", provenance)
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            target.rename(Path(scratch) / "before")
        kept.rename(target)
    return f"{folder}: {len(rows)} claims kept, commit {commit[:10]}, {provenance['machine']}"


def _is_changed(root: Path) -> bool:
    """Whether code or parameters differ from the commit; which data at which scale, ``make real`` sets."""
    if _git(root, "status", "--porcelain", "--", "src", "pipelines/*/params.yaml", "pipelines/*/dvc.yaml"):
        return True
    then = _without_run(_git(root, "show", f"HEAD:./{config.PARAMS}"))
    return then != _without_run(read_text(root / config.PARAMS))


def _without_run(text: str) -> dict[str, Any]:
    found = parse_yaml(text, config.PARAMS)
    data = found.get("data") if isinstance(found, dict) else None
    return {**found, "scale": None, "data": {**(data or {}), "source": None}} if isinstance(found, dict) else {}


def _check_params(rows: list[dict[str, Any]], root: Path) -> None:
    params = config.load(root)
    names = {name for row in rows for name in row["study"].split(", ")}
    source = {name: Workspace(name, root).source for name in names}
    for row in rows:
        sources = {source[name] for name in row["study"].split(", ")}
        for key, wanted in (("scale", {params.scale}), ("data_source", sources)):
            if set(row[key].split(", ")) != wanted:
                raise ValueError(
                    f"{LEDGER}: claim {row['id']} has {key} {row[key]!r}, {root / config.PARAMS} says "
                    f"{', '.join(sorted(wanted))!r}: put params.yaml back, or `dvc repro`"
                )


def _git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False).stdout.strip()
