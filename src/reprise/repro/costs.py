"""What a stage will take: what it last took, else what its dvc.yaml states, else what its kind usually takes."""

from __future__ import annotations

import json
import math
import shlex
from pathlib import Path
from typing import Any

from reprise.repro.graph import Stage
from reprise.timings import last_timings

DEFAULTS = {"prepare": 10.0, "clean": 5.0, "train": 60.0, "probe": 20.0, "evaluate": 10.0, "ledger": 1.0, "report": 2.0}
OTHER = 10.0
MODULES = "reprise.stages."


def costs(stages: list[Stage], root: Path, timings: Path) -> dict[str, float]:
    """Address -> seconds that each stage is expected to take.

    In this order: the last time noted in ``timings``; that of a kept report (reports/NAME) whose scale and data source
    are today's; ``meta: {seconds: N}`` beside the stage's command; the default of its kind.

    Args:
        root: the repository's folder.
        timings: below ``root``; need not exist.

    Raises:
        ValueError: a stated number is none.
    """
    known = kept_timings(root) | last_timings(root / timings)
    found = {}
    for stage in stages:
        stated = stated_seconds(stage)  # in any case: a slip there is told, not passed over
        noted = known.get(timing_name(stage.command), {}).get("seconds")
        kind = timing_name(stage.command).partition(" ")[0]
        usual = DEFAULTS.get(kind, OTHER)
        found[stage.address] = noted if noted is not None else stated if stated is not None else usual
    return found


def timing_name(command: str) -> str:
    """``train rotation baseline`` for ``python -m reprise.stages.train rotation baseline``; empty for others."""
    for line in command.splitlines():
        try:
            words = shlex.split(line)
        except ValueError:
            continue
        for place, word in enumerate(words):
            if word.startswith(MODULES) and words[place - 1 : place] == ["-m"]:
                return " ".join([word.removeprefix(MODULES), *words[place + 1 :]])
    return ""


def stated_seconds(stage: Stage) -> float | None:
    """``meta.seconds`` of a stage: a number, for each cell of a matrix alike, or a mapping from cells to numbers.

    Raises:
        ValueError: it is neither.
    """
    value = stage.meta.get("seconds") if isinstance(stage.meta, dict) else None
    if isinstance(value, dict):
        cell = stage.name.partition("@")[2]
        value = next((value[key] for key in value if str(key) == cell), None)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise ValueError(
            f"{stage.file}: stage {stage.name}: meta.seconds: found {value!r}, expected a number of seconds, "
            "or for a matrix one for each cell"
        )
    return float(value)


def kept_timings(root: Path) -> dict[str, dict[str, float]]:
    """Wall times of the kept reports (`reprise keep`) that were run at the scale and on the data that are set now."""
    now = _setting(root / "params.yaml")
    found: dict[str, dict[str, float]] = {}
    for path in sorted(root.glob("reports/*/provenance.json")):
        if now is None or _setting(path.parent / "params" / "params.yaml") != now:
            continue
        try:
            stages = json.loads(path.read_text(encoding="utf-8"))["stages"]
            found |= {str(name): {"seconds": float(times["seconds"])} for name, times in stages.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue  # what a time is worth
    return found


def _setting(path: Path) -> tuple[Any, Any] | None:
    from ruamel.yaml import YAML

    try:
        params = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
        return params["scale"], params["data"]["source"]
    except Exception:  # not there, not YAML: whoever needs it says so
        return None
