"""Evaluates one study: calls its ``evaluate.py``, adds its README.md and what was used, and writes the evidence."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

from reprise.claims.declarations import read_declarations
from reprise.claims.evidence import Evidence
from reprise.registry import has_part, import_part, study_file
from reprise.workspace import Workspace

ONLY = re.compile(r"^On (generated|real) data$")  # sections of a README that are shown for one kind of data


def evaluate_study(workspace: Workspace) -> Evidence:
    """Runs ``reprise.studies.STUDY.evaluate`` and writes ``data/evidence/STUDY/``, made anew.

    Raises:
        ValueError: nothing was found, or the study's README.md has no title.
        FileNotFoundError: what it reads has not been made, or a figure that it names was not drawn.
    """
    shutil.rmtree(workspace.evidence, ignore_errors=True)
    (workspace.evidence / "figures").mkdir(parents=True)
    evidence = import_part(workspace.study, "evaluate").evaluate(workspace)
    evidence.title, evidence.about = read_page(study_file(workspace.study, "README.md"), workspace.source)
    if not (evidence.settings or has_part(workspace.study, "train")):
        evidence.settings = workspace.config.model_dump(mode="json")
    evidence.declared = read_declarations(study_file(workspace.study, "declared.yaml"))
    evidence.inputs = measured_on(workspace)
    evidence.check()
    evidence.write(workspace.evidence, source=workspace.source, scale=workspace.scale, study=workspace.study)
    return evidence


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
    config = workspace.config
    folders = [place(name) for name in getattr(config, "variants", {}) for place in (workspace.run, workspace.probe)]
    for folder in (*folders, workspace.sweep):
        for name in ("predictions.npz", "answers.npz", "table.csv"):
            if (folder / name).is_file():
                with (folder / name).open("rb") as stream:
                    digest.update(hashlib.file_digest(stream, "sha256").digest())
    digest.update(config.model_dump_json().encode())
    return digest.hexdigest()
