"""What a stage asks of the machine that runs it: stated beside its command, else what its kind usually needs."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from reprise.repro.costs import timing_name
from reprise.repro.graph import Stage

GPU = ("train", "further", "probe")  # kinds of stages that use one where there is one
UNITS = {"": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
MARGIN = 1.25  # of the peak that was noted last


def needs(stage: Stage, timings: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Resource -> amount: ``GPU`` (how many), ``memory`` (bytes), and whatever else ``meta: {resources: ...}`` names.

    Args:
        timings: what stages last took, with ``peak_mib``; memory that is not stated is a quarter more than that.

    Raises:
        ValueError: what is stated is no amount.
    """
    name = timing_name(stage.command)
    found: dict[str, float] = {"GPU": 1} if name.partition(" ")[0] in GPU else {}
    peak = timings.get(name, {}).get("peak_mib")
    if peak:
        found["memory"] = peak * 2**20 * MARGIN
    stated = stage.meta.get("resources") if isinstance(stage.meta, dict) else None
    if stated is None:
        return found
    where = f"{stage.file}: stage {stage.name}: meta.resources"
    if not isinstance(stated, dict):
        raise ValueError(f"{where}: found {stated!r}, expected a mapping as {{GPU: 1, memory: 4 GB}}")
    for key, value in stated.items():
        found[str(key)] = _amount(value, f"{where}.{key}")
    return {key: value for key, value in found.items() if value}


def stays(stage: Stage) -> bool:
    """Whether ``meta: {here: true}`` keeps a stage on the driver's machine: it reads more than it names.

    Raises:
        ValueError: what is stated is neither true nor false.
    """
    stated = stage.meta.get("here", False) if isinstance(stage.meta, dict) else False
    if not isinstance(stated, bool):
        raise ValueError(f"{stage.file}: stage {stage.name}: meta.here: found {stated!r}, expected true or false")
    return stated


def offered(needed: Mapping[str, float], nodes: list[Mapping[str, float]]) -> dict[str, float]:
    """What is asked of the nodes there are: what no node says anything about is not asked for.

    Args:
        nodes: what each offers, by name. Without ``--resources`` a Dask worker offers nothing, and takes every stage.
    """
    return {key: value for key, value in needed.items() if any(key in node for node in nodes)}


def fits(needed: Mapping[str, float], node: Mapping[str, float]) -> bool:
    """Whether a node offers all of it."""
    return all(node.get(key, 0) >= value for key, value in needed.items())


def amounts(needed: Mapping[str, float]) -> str:
    """In words: ``memory 3.5 GB, GPU 1``."""
    return ", ".join(
        f"memory {round(value / 1e9, 3):g} GB" if name == "memory" else f"{name} {value:g}"
        for name, value in needed.items()
    )


def _amount(value: object, where: str) -> float:
    """4, 4.5, ``4 GB`` or ``512 MiB`` as a number."""
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0:
        return float(value)
    match = re.fullmatch(r"(\d{1,12}(?:\.\d{1,9})?) ?(\w*)", value.strip()) if isinstance(value, str) else None
    if match is None or match[2] not in UNITS:
        raise ValueError(f"{where}: found {value!r}, expected a number, or a size as 512 MiB or 4 GB")
    return float(match[1]) * UNITS[match[2]]
