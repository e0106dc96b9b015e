"""Evaluates one study: calls its ``evaluate.py``, adds its README.md and what was used, and writes the evidence."""

from __future__ import annotations

import hashlib
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from reprise.claims.declarations import Declarations, read_declarations
from reprise.claims.evidence import Evidence, Finding, decide, joined
from reprise.config import PARAMS, study_params
from reprise.messages import shown
from reprise.registry import has_part, import_part, study_file
from reprise.runs import Run
from reprise.sweeps import swept_to
from reprise.workspace import Workspace
from reprise.yaml_files import parse_yaml, read_text

ONLY = re.compile(r"^On (generated|real) data$")  # sections of a README that are shown for one kind of data


def evaluate_study(workspace: Workspace) -> Evidence:
    """Runs ``reprise.studies.STUDY.evaluate`` and writes ``data/evidence/STUDY/``, made anew.

    Where a claim was decided with fewer seeds than others took, what decided it then stands.

    Raises:
        ValueError: nothing was found, what was declared was not measured, or the README.md has no title.
        FileNotFoundError: what it reads has not been made, or a figure that it names was not drawn.
    """
    declared = declarations(workspace.study)
    evidence = _measured(workspace, declared)
    for claim, found in _settled(workspace, declared).items():
        others = [each for each in evidence.findings if (each.claim, each.kind) != (claim, "primary")]
        evidence.findings = [*found, *others]
    evidence.findings = [_on_plan(each, declared, workspace.source) for each in evidence.findings]
    evidence.findings.sort(key=lambda finding: finding.claim)
    evidence.title, evidence.about = read_page(study_file(workspace.study, "README.md"), workspace.source)
    if not (evidence.settings or has_part(workspace.study, "train")):
        evidence.settings = workspace.config.model_dump(mode="json")
    evidence.declared = held(declared, workspace)
    evidence.inputs = measured_on(workspace)
    evidence.check()
    evidence.write(workspace.evidence, source=workspace.source, scale=workspace.scale, study=workspace.study)
    return evidence


def declarations(study: str) -> Declarations:
    """What a study declares, from its declared.yaml."""
    return read_declarations(study_file(study, "declared.yaml"))


def held(declared: Declarations, workspace: Workspace) -> Declarations:
    """The same with the values of the settings that they name, so that no setting that decides changes in silence."""
    params: dict[str, Any] = {}
    paths = (workspace.root / PARAMS, study_params(workspace.root, workspace.study))
    for path in paths:
        params |= parse_yaml(read_text(path), shown(path)) or {}
    where = " and ".join(map(shown, paths))
    found = Declarations({claim: each.holding(params, where) for claim, each in declared.items()})
    found.seen = declared.seen
    return found


def look(workspace: Workspace, declared: Declarations, seeds: int) -> dict[int, list[Finding]]:
    """The primary findings of every claim that plans a look at so many seeds, with no more seeds seen."""
    space = replace(workspace, upto=seeds)
    found = _measured(space, declared).findings
    shutil.rmtree(space.evidence)
    return {
        claim: [finding for finding in found if finding.claim == claim and finding.kind in ("primary", "oracle")]
        for claim, declaration in declared.items()
        if seeds in declaration.looks
    }


def _on_plan(finding: Finding, declared: Declarations, source: str) -> Finding:
    """A verdict needs one of the planned numbers of seeds, or the planned n; a stand-in has none."""
    claim = declared.get(finding.claim)
    if finding.kind != "primary" or claim is None or claim.kind(source) != "measured":
        return finding
    effect = finding.effect
    off = claim.off_plan(effect.seeds, effect.n) if effect.seeds or not claim.looks else ""
    return replace(finding, undecided=joined(finding.undecided, off))


def _measured(workspace: Workspace, declared: Declarations) -> Evidence:
    shutil.rmtree(workspace.evidence, ignore_errors=True)
    (workspace.evidence / "figures").mkdir(parents=True)
    return import_part(workspace.study, "evaluate").evaluate(workspace, declared)


def _settled(workspace: Workspace, declared: Declarations) -> dict[int, list[Finding]]:
    """Primary findings of claims that an earlier look decided, or whose last look is behind."""
    trained = [Run.of(workspace, name).seeds for name in getattr(workspace.config, "variants", {})]
    most = max(trained, default=0)
    waiting = {claim for claim, each in declared.items() if each.kind(workspace.source) == "measured" and each.looks}
    settled: dict[int, list[Finding]] = {}
    for seeds in sorted({n for claim in waiting for n in declared[claim].looks if n < most}):
        here = {claim for claim in waiting if seeds in declared[claim].looks}
        if not here:
            continue
        found = look(workspace, declared, seeds)
        for claim in here:
            decided = decide(found[claim]) in ("reproduced", "contradicted")
            if decided or seeds == declared[claim].looks[-1]:
                many = declared[claim].looks[-1]
                note = f"looked at with {seeds} of at most {many} seeds"
                settled[claim] = [replace(each, note=joined(each.note, note)) for each in found[claim]]
                waiting.discard(claim)
    return settled


def read_page(path: Path, source: str) -> tuple[str, str]:
    """The title and the prose of a study's README.md.

    A section headed "On generated data" or "On real data" is kept, without its heading, for that source alone.

    Raises:
        ValueError: it does not begin with a heading.
    """
    title, _, text = path.read_text(encoding="utf-8").partition("\n")
    if not title.startswith("# "):
        raise ValueError(f"{path}: expected a heading (# Title) on the first line, found {title!r}")
    first, *sections = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    parts = [first.strip()]
    for heading, body in zip(sections[::2], sections[1::2], strict=True):
        only = ONLY.match(heading.strip())
        if only is None:
            parts.append(f"## {heading.strip()}\n\n{body.strip()}")
        elif only[1] == source:
            parts.append(body.strip())
    return title.removeprefix("# ").strip(), "\n\n".join(filter(None, parts))


def measured_on(workspace: Workspace) -> str:
    """A digest of the numbers that are judged: what training, probes and sweeps wrote, else the study's parameters.

    Two evaluations with the same digest judge the same evidence, whatever was declared for it.
    """
    digest = hashlib.blake2b(digest_size=8)
    config, places = workspace.config, (workspace.run, workspace.probe)
    names = getattr(config, "variants", {})
    folders = [place(name, first) for name in names for first in workspace.blocks(name) for place in places]
    swept = [swept_to(workspace, part) for part in getattr(config, "parts", ("",))]
    for folder in (*folders, *swept):
        for name in ("predictions.npz", "answers.npz", "table.csv"):
            if (folder / name).is_file():
                with (folder / name).open("rb") as stream:
                    digest.update(hashlib.file_digest(stream, "sha256").digest())
    digest.update(config.model_dump_json().encode())
    return digest.hexdigest()
