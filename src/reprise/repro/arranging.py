"""The order of a lock's entries: that of its dvc.yaml, whichever stage ended first."""

from __future__ import annotations

import json
from pathlib import Path

from reprise.repro.plan import Plan


def unordered(plan: Plan) -> str:
    """The locks that a run wrote whose entries stand in another order than their stages do.

    Returns:
        JSON for ``worker order``: dvc.lock -> names in order; empty where there are none.
    """
    found: dict[Path, list[str]] = {}
    for stage in plan.known:
        if stage.name:
            found.setdefault(Path(stage.file).with_name("dvc.lock"), []).append(stage.name)
    concerned = {Path(stage.file).with_name("dvc.lock") for stage in plan.wanted.values() if stage.changed}
    wrong = {str(path): names for path, names in found.items() if path in concerned and not _ordered(path, names)}
    return json.dumps(wrong) if wrong else ""


def _ordered(path: Path, names: list[str]) -> bool:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return True
    # an entry's name is the only thing that DVC indents by two spaces
    keys = [line.strip().rstrip(":").strip("'\"") for line in lines if line.startswith("  ") and line[2:3] != " "]
    there = set(keys)
    return keys == [name for name in names if name in there]
