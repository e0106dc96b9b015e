"""The order of a lock's entries: that of its dvc.yaml, whichever stage ended first."""

from __future__ import annotations

import json
from pathlib import Path

from reprise.repro.plan import Plan


def unordered(plan: Plan) -> str:
    """The locks of a run's stages whose entries stand in another order than their stages do.

    Those of stages that are up to date too: whoever ran them may have been killed before it came to this.

    Returns:
        JSON for ``worker order``: dvc.lock -> names in order; empty where there are none.
    """
    found: dict[Path, list[str]] = {}
    for stage in plan.known:
        if stage.name:
            found.setdefault(Path(stage.file).with_name("dvc.lock"), []).append(stage.name)
    concerned = {Path(stage.file).with_name("dvc.lock") for stage in plan.wanted.values()}
    wrong = {str(path): names for path, names in found.items() if path in concerned and not _ordered(path, names)}
    return json.dumps(wrong) if wrong else ""


def _ordered(path: Path, names: list[str]) -> bool:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return True
    # an entry's name is the only thing that DVC indents by two spaces
    keys = [line.strip().rstrip(":").strip("'\"") for line in lines if line.startswith("  ") and line[2:3] != " "]
    there, known = set(keys), set(names)  # an entry whose stage is gone has no place
    return [key for key in keys if key in known] == [name for name in names if name in there]
