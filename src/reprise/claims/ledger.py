"""The ledger: every claim, its verdict, and the evidence that decided it.

Reads the ``evidence.json`` of each study and the catalogue, and writes ``reports/ledger.json`` (one row a claim of
the catalogue: what is missing shows as *untested*) and ``reports/metrics.json`` (the numbers that the gate watches).
Never imports torch.

Three kinds of verdict are counted apart: *arithmetic* (identities, counts), *measured* (real data, or generated ones
where the claim is about anything at all) and *stand-in* (generated data in place of real: a check of the pipeline, and
no verdict about the claim). What a source only names is *built* and has no verdict either.

A row's ``data_source`` is what its claim was decided on, ``ran_on`` what its study ran on (see ``decided_on``).
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from reprise.claims.catalogue import claims
from reprise.claims.evidence import joined, judge
from reprise.files import read_json, write_json
from reprise.registry import named_studies

VERDICTS = ("reproduced", "contradicted", "inconclusive", "untested")
KINDS = ("measured", "arithmetic", "stand-in", "built")
STATES = ("reproduced", "contradicted", "inconclusive", "stand-in", "built", "untested")  # what a row shows
LEDGER = Path("reports/ledger.json")
METRICS = Path("reports/metrics.json")  # with spread, n and direction, as the gate reads them
VALUES = Path("reports/values")  # the values alone, a file each: as `dvc metrics show` has lines
_KEYS = (
    "title", "about", "data", "findings", "metrics", "tables", "figures", "cost", "settings", "declared", "inputs",
    "provenance",
)  # fmt: skip
_METRIC_KEYS = ("value", "spread", "n", "better")
_FINDING_KEYS = ("claim", "measures", "effect", "expect", "expected", "kind", "verdict")


def write_ledger(root: Path = Path()) -> list[dict[str, Any]]:
    """Writes ``reports/ledger.json``, ``metrics.json`` and ``values/`` from all studies that have parameters.

    Returns:
        The rows written.

    Raises:
        FileNotFoundError: a study has no evidence; the message names the stage to run.
        ValueError: an evidence.json is not what ``Evidence.write`` writes.
    """
    studies = read_studies(root)
    rows = build_rows(studies)
    write_json(root / LEDGER, rows)
    metrics = collect_metrics(studies)
    write_json(root / METRICS, metrics)
    write_values(root / VALUES, metrics)
    return rows


def write_values(folder: Path, metrics: dict[str, dict[str, Any]]) -> None:
    """``STUDY/METRIC.json``: DVC shows a line for each file, and a file with many numbers is one long line."""
    shutil.rmtree(folder, ignore_errors=True)
    for study, found in metrics.items():
        for name, metric in found.items():
            write_json(folder / study / f"{name.replace('/', '-')}.json", {"value": metric["value"]})


def read_studies(root: Path = Path(), only: Collection[str] | None = None) -> dict[str, dict[str, Any]]:
    """The evidence of every study that has parameters, or ``only`` of these, in order of its first claim.

    Folders under ``data/evidence`` that no study owns (left from a renamed one) are passed over with a warning.
    """
    owners = named_studies(root)
    names = owners if only is None else [name for name in owners if name in only]
    folder = root / "data" / "evidence"
    strays = sorted({path.parent.name for path in folder.glob("*/evidence.json")} - set(owners))
    if strays:
        print(f"warning: {folder}: no study under pipelines/ owns {', '.join(strays)}; ignored", file=sys.stderr)
    missing = [name for name in names if not (folder / name / "evidence.json").is_file()]
    if missing:
        commands = "; ".join(f"python -m reprise.stages.evaluate {name}" for name in missing)
        raise FileNotFoundError(f"{folder}: no evidence.json for {', '.join(missing)}; `dvc repro` runs: {commands}")
    found = {name: read_study(root, name) for name in names}
    return dict(sorted(found.items(), key=lambda item: (min(f["claim"] for f in item[1]["findings"]), item[0])))


def build_rows(studies: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """One row for each claim of the catalogue, in order.

    Args:
        studies: name -> evidence, as ``read_studies`` gives it.
    """
    answers: dict[int, list[tuple[str, dict[str, Any]]]] = {}
    for name, evidence in studies.items():
        for finding in evidence["findings"]:
            answers.setdefault(finding["claim"], []).append((name, finding))
    return [_row(claim, answers.get(claim.id, []), studies) for claim in claims()]


def collect_metrics(studies: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """``{study: {metric: {value, spread, n, better, source, scale}}}``: what the gate compares."""
    return {
        name: {
            metric: {key: values[key] for key in _METRIC_KEYS} | _provenance(evidence)
            for metric, values in evidence["metrics"].items()
        }
        for name, evidence in studies.items()
        if evidence["metrics"]
    }


def state(row: dict[str, Any]) -> str:
    """What a row shows: its verdict; where it has none, that it is a stand-in or built."""
    return row["verdict"] or row["kind"]


def decided_on(declared: dict[str, Any] | None, ran_on: str) -> str:
    """What data decided a claim, as its declaration says: ``real``, ``generated``, or ``any`` where none matter.

    A study that runs on real data also answers claims that these never touch. Identities and counts hold on any data.
    Where a claim is about anything at all, and its declaration names neither settings that decide what is measured nor
    seeds of trained networks, what is measured is drawn for it alone, and is the same whatever the study runs on.

    Args:
        declared: the claim's declaration as the evidence has it; None where there is none.
        ran_on: what the study ran on.
    """
    said = declared or {}
    if said.get("kind") == "arithmetic":
        return "any"
    if said.get("basis") == "own":
        return "real"  # which come with the study, whatever it is asked to run on
    seeds = (said.get("planned") or {}).get("seeds")
    drawn = said.get("basis") == "anything" and not said.get("settings") and not seeds
    return "generated" if drawn else ran_on


def _row(claim: Any, answers: list[tuple[str, dict[str, Any]]], studies: dict[str, dict[str, Any]]) -> dict[str, Any]:
    findings = [{"study": name} | finding for name, finding in answers]
    names = list(dict.fromkeys(name for name, _ in answers))
    declared = next((d for name in names if (d := studies[name]["declared"].get(str(claim.id)))), None)
    verdict, decided, note = _decided(findings)
    if not declared:
        note = joined(*(studies[name].get("unasked", {}).get(str(claim.id), "") for name in names))
    provenance = [_provenance(studies[name]) for name in names]
    decided_by = [
        decided_on(studies[name]["declared"].get(str(claim.id)), each["source"])
        for name, each in zip(names, provenance, strict=True)
    ]
    kind = declared["kind"] if declared else None
    judged = kind in ("arithmetic", "measured")
    if kind == "built":
        decided = next((finding for finding in findings if finding["kind"] == "oracle"), None)
    effect = decided["effect"] if decided else {}
    plan = (declared or {}).get("planned") or {}
    return {
        "id": claim.id,
        "source": claim.source,
        "chapter": claim.chapter,
        "claim": claim.title,
        "states": claim.claim,
        "study": _join(names, ", "),
        "kind": kind,
        "verdict": verdict if judged else None if kind else "untested",
        "stand_in": verdict if kind == "stand-in" else None,
        "measures": decided["measures"] if decided else "",
        "variant": decided.get("variant", "") if decided else "",
        "effect": effect.get("value"),
        "interval": [effect.get("low"), effect.get("high")] if decided else None,
        "unit": effect.get("unit", ""),
        "expected": decided["expected"] if decided else "",
        "band": decided["expect"] if decided else None,
        "expectation": claim.expectation,
        "n": effect.get("n"),
        "seeds": effect.get("seeds"),
        "planned": plan.get("seeds") or plan.get("n"),
        "power": (declared or {}).get("power"),
        "declared": (declared or {}).get("digest"),
        "changed": (declared or {}).get("changed", []),
        "seen": (declared or {}).get("seen", ""),
        "says": (declared or {}).get("says", ""),
        "place": (declared or {}).get("place", ""),
        "inputs": studies[names[0]]["inputs"] if names else "",
        "data": _join([studies[name]["data"] for name in names], "; "),
        "data_source": _join(decided_by, ", "),
        "ran_on": _join([each["source"] for each in provenance], ", "),
        "scale": _join([each["scale"] for each in provenance], ", "),
        "defects": sorted({finding["defect"] for finding in findings if finding.get("defect")}),
        "findings": findings,
        "note": note,
    }


def _decided(findings: list[dict[str, Any]]) -> tuple[str, dict[str, Any] | None, str]:
    """The verdict of one claim, the finding that decided it (None where untested), and a note."""
    verdict = judge([(finding["kind"], finding["verdict"]) for finding in findings])
    for finding in findings:
        if finding["kind"] == "oracle" and finding["verdict"] != "reproduced":
            oracle = finding.get("oracle") or "an independent one"
            return verdict, finding, f"our implementation disagrees with {oracle}"
    decisive = [finding for finding in findings if finding["kind"] == "primary" and finding["verdict"] == verdict]
    return (verdict, decisive[0], decisive[0].get("note", "")) if decisive else (verdict, None, "")


def _join(parts: list[str], separator: str) -> str:
    return separator.join(dict.fromkeys(part for part in parts if part))


def _provenance(evidence: dict[str, Any]) -> dict[str, str]:
    return {key: evidence["provenance"].get(key, "") for key in ("source", "scale")}


def read_study(root: Path, name: str) -> dict[str, Any]:
    """The evidence of one study, checked.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is not what ``Evidence.write`` writes.
    """
    path = root / "data" / "evidence" / name / "evidence.json"
    evidence = read_json(path)
    if not isinstance(evidence, dict) or not all(key in evidence for key in _KEYS):
        lacking = [key for key in _KEYS if not isinstance(evidence, dict) or key not in evidence]
        raise ValueError(f"{path}: no evidence of a study: {', '.join(lacking)} missing; evaluate the study again")
    if not evidence["findings"]:
        raise ValueError(f"{path}: no findings; evaluate the study again")
    for place, finding in enumerate(evidence["findings"]):
        where = f"{path}: finding {place + 1}"
        lacking = [key for key in _FINDING_KEYS if key not in finding]
        if lacking:
            raise ValueError(f"{where}: {', '.join(lacking)} missing; evaluate the study again")
        if not (isinstance(finding["claim"], int) and 1 <= finding["claim"] <= len(claims())):
            raise ValueError(f"{where}: claim {finding['claim']!r}: the catalogue runs from 1 to {len(claims())}")
        if finding["verdict"] not in VERDICTS:
            raise ValueError(f"{where}: verdict {finding['verdict']!r}, expected one of {', '.join(VERDICTS)}")
    for name, metric in evidence["metrics"].items():
        lacking = [key for key in _METRIC_KEYS if not isinstance(metric, dict) or key not in metric]
        if lacking:
            raise ValueError(f"{path}: metric {name}: {', '.join(lacking)} missing; evaluate the study again")
    return evidence
