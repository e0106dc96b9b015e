"""Keeps what one run found: the ledger, metrics and figures, with commit, machine and wall times beside them.

``reports/`` always shows the last run. A run on real data or at full scale, which not everyone can repeat, is kept in a
folder of its own.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reprise import config
from reprise.claims.ledger import build_rows, collect_metrics, read_study
from reprise.files import write_json, write_text
from reprise.folders import replacing_folder, restore
from reprise.messages import shown
from reprise.registry import named_studies
from reprise.report import markdown
from reprise.report.page import front_page, study_page
from reprise.report.view import ranges
from reprise.repro.current import Made, made
from reprise.repro.display import duration
from reprise.timings import TIMINGS, last_timings
from reprise.workspace import Workspace
from reprise.yaml_files import parse_yaml, read_text

OUTPUTS = (
    "ledger.json",
    "metrics.json",
    "values",
    "README.md",
    "figures",
    "plots",
    "studies",
    "index.html",
    "claims",
    "badge.svg",
)
WRITTEN = {  # what `keep` writes in a folder, or wrote
    "ledger.json", "metrics.json", "README.md", "figures", "studies.json", "params", "params.yaml", "provenance.json",
}  # fmt: skip


def keep(
    folder: Path, machine: str = "", root: Path = Path(), how: Callable[[Path], dict[str, Made]] = made
) -> list[str]:
    """Keeps ledger, metrics, README.md, charts and all parameters in ``folder``, with provenance.json beside them.

    Everything is made from the evidence of the studies that are done: whose evidence, and all that it was made from, is
    of the code, the parameters and the data that stand in the checkout. The others are left out and named, so that a
    run can be kept before its last stage has ended; their claims stand as untested.

    Charts (SVG) only: pictures may show data that must not be passed on, such as a competition's images.

    Args:
        folder: below ``reports/``, relative to ``root``; what an earlier call kept there is replaced.
        machine: what it ran on, in words; default: processor and cores.
        root: the checkout.
        how: says of each study how its evidence was made.

    Returns:
        Lines that say what was kept and what was left out.

    Raises:
        FileNotFoundError: no evidence is there at all.
        ValueError: ``folder`` does not lie in ``reports``, the pipeline writes it, or it holds something else; or no
            study is done.
    """
    target = _target(folder, root)
    if target.parent.is_dir():
        restore(target.parent)
    if not machine.isprintable():
        raise ValueError(f"--machine {shown(machine)}: one line of printable letters is expected")
    studies, left_out, known = _done(root, how)
    rows = build_rows(studies)
    answered = [row for row in rows if row["kind"]]
    provenance = {
        "commit": _git(root, "rev-parse", "HEAD"),
        "committed": _committed(root),
        "changed": _is_changed(root),  # code or parameters other than the commit's
        "data": sorted({kind for row in answered for kind in row["ran_on"].split(", ")}),
        "files": _files(studies, known),
        "scale": sorted({row["scale"] for row in answered}),
        "machine": machine or f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "studies": sorted(studies),
        "left_out": left_out,
        **_times(root, [stage for name in studies for stage in known[name].stages]),
    }
    charts = {name: [each for each in found["figures"] if each["kind"] == "svg"] for name, found in studies.items()}
    with replacing_folder(target) as kept:
        pages = [study_page(name, found | {"figures": charts[name]}, rows, root) for name, found in studies.items()]
        write_json(kept / "ledger.json", rows)
        write_json(kept / "metrics.json", collect_metrics(studies))
        write_json(kept / "studies.json", {name: _shown(found, charts[name]) for name, found in studies.items()})
        for path in ["params.yaml", *(f"pipelines/{name}/params.yaml" for name in studies)]:
            (kept / "params" / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / path, kept / "params" / path)  # copied back, `make` repeats the run with them
        for figure in (each for page in pages for each in page["all_figures"]):
            (kept / figure["path"]).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(figure["file"], kept / figure["path"])
        write_text(kept / "README.md", markdown.mirror(front_page(rows, pages), about(provenance)))
        write_json(kept / "provenance.json", provenance)
    commit, machine = provenance["commit"][:10], provenance["machine"]
    number = "1 study" if len(studies) == 1 else f"{len(studies)} studies"
    ids = ranges(row["id"] for row in answered)
    first = f"{folder}: {number} kept that answer claims {ids}; commit {commit}, {machine}"
    return [first, *(f"left out: {line}" for line in by_reason(left_out)), *_unwatched(target, root)]


def _shown(evidence: dict[str, Any], charts: list[dict[str, Any]]) -> dict[str, Any]:
    """What a claim's page shows of a study, beside what the ledger has."""
    return {key: evidence[key] for key in ("title", "data", "declared")} | {"figures": charts}


def about(provenance: dict[str, Any]) -> str:
    """The kept README's second paragraph: where it comes from, and what is not in it."""
    tree = "with changes of code or parameters that it does not hold" if provenance["changed"] else "clean"
    took, timed = duration(provenance["seconds"]), provenance["timed"]
    left = "; ".join(by_reason(provenance["left_out"]))
    said = [
        f"A run that was kept: commit {provenance['commit'][:10]} ({tree}), {provenance['machine']}, "
        f"{took} of stages, one after the other ({timed[0]} of {timed[1]} noted their time).",
        f"Left out, for their evidence was not of the same code, parameters and data: {left}. Their claims stand as "
        "untested here." if left else "",
    ]  # fmt: skip
    return " ".join(filter(None, said))


def by_reason(left_out: dict[str, str]) -> list[str]:
    """``a, b: no evidence yet``: what was left out, those for the same reason together."""
    reasons: dict[str, list[str]] = {}
    for name, why in left_out.items():
        reasons.setdefault(why, []).append(name)
    return [f"{', '.join(names)}: {why}" for why, names in reasons.items()]


def _target(folder: Path, root: Path) -> Path:
    """The folder to write, where that may be done."""
    reports = (root / "reports").resolve()
    target = (root / folder).resolve()
    if not f"{folder}".isprintable():
        raise ValueError(f"{shown(folder)}: the folder's name is one line of printable letters")
    if reports not in target.parents:
        raise ValueError(f"{folder}: must lie inside reports/, for example reports/full")
    if target.relative_to(reports).parts[0] in OUTPUTS:
        raise ValueError(f"{folder}: the pipeline writes there; choose another folder, for example reports/full")
    if target.is_file():
        raise ValueError(f"{folder}: is a file; choose another name, for example reports/full")
    others = sorted({path.name for path in target.iterdir()} - WRITTEN) if target.exists() else []
    if others:
        raise ValueError(f"{folder}: holds {', '.join(others)}, which would be lost; choose another folder")
    return target


def _unwatched(target: Path, root: Path) -> list[str]:
    """What is to be done where the stage `report` would not run again for what was kept."""
    pipeline, name = root / "dvc.yaml", target.relative_to(root.resolve()).as_posix()
    if not pipeline.is_file() or f"- {name}\n" in read_text(pipeline):
        return []
    return [f"the report reads it too: add {name} to the deps of the stage report in dvc.yaml, so that it follows it"]


def _done(
    root: Path, how: Callable[[Path], dict[str, Made]]
) -> tuple[dict[str, dict[str, Any]], dict[str, str], dict[str, Made]]:
    """Evidence of the studies that are done; the others, each with why; how all were made."""
    names = named_studies(root)
    there = [name for name in names if (root / "data" / "evidence" / name / "evidence.json").is_file()]
    if not there:
        raise FileNotFoundError(f"{root / 'data' / 'evidence'}: no study has evidence; `dvc repro` makes it")
    known = how(root)
    found, left_out = {}, {}
    for name in names:
        evidence = read_study(root, name) if name in there else None
        why = _why_not(evidence, known.get(name), Workspace(name, root))
        if why:
            left_out[name] = why
        elif evidence:
            found[name] = evidence
    if not found:
        reasons = "; ".join(f"{shown(name)}: {why}" for name, why in left_out.items())
        raise ValueError(f"no study is done, nothing is kept ({reasons}); `make` or `reprise repro` goes on")
    return found, left_out, known


def _why_not(evidence: dict[str, Any] | None, how: Made | None, wanted: Workspace) -> str:
    """Why a study is left out; empty where its evidence is of what stands in the checkout."""
    if evidence is None:
        return "no evidence yet"
    for key, value in (("source", wanted.source), ("scale", wanted.scale)):
        if evidence["provenance"].get(key) != value:
            return f"its evidence has {key} {evidence['provenance'].get(key)}, {config.PARAMS} says {value}"
    return how.behind if how else "no stage of the pipeline writes its evidence"


def _files(studies: dict[str, dict[str, Any]], known: dict[str, Made]) -> dict[str, Any]:
    """Folder below data/raw -> md5 as DVC has it, number of files, bytes: of what real data the studies read."""
    real = [name for name, found in studies.items() if found["provenance"].get("source") == "real"]
    return {folder: each for name in real for folder, each in known[name].data}


def _times(root: Path, stages: list[str]) -> dict[str, Any]:
    """Wall time and memory of each stage, as its last process noted it, the sum, and how many noted theirs."""
    stages = list(dict.fromkeys(stages))
    noted = last_timings(root / TIMINGS)
    found = {stage: noted[stage] for stage in stages if stage in noted}
    seconds = round(sum(times["seconds"] for times in found.values()), 2)
    return {"stages": found, "seconds": seconds, "timed": [len(found), len(stages)]}


def _committed(root: Path) -> str:
    """When the commit was made, as ISO 8601 in UTC: of two runs, which has the later code."""
    seconds = _git(root, "show", "-s", "--format=%ct", "HEAD")
    return datetime.fromtimestamp(int(seconds), UTC).isoformat() if seconds.isdecimal() else ""


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


def _git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False).stdout.strip()
