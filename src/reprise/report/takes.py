"""What it would take to decide a claim whose plan has too little power: more seeds, more examples, or neither."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

from reprise.claims.declarations import Declaration, Declarations, read_declarations
from reprise.claims.planned import Planned
from reprise.power import POWER, power_jointly
from reprise.registry import known_studies, study_file

MOST = {"seeds": 400, "n": 10_000_000, "share": 100_000}  # of a share each number of successes is judged


def takes_text(row: dict[str, Any]) -> str:
    """``0.8 would take about 140 seeds``; empty where that much is planned, or power is not known.

    What it says is of the study's declaration as it stands; a kept run has the same, or `reprise gate` fails.
    """
    if row["power"] is None or row["power"] >= POWER:
        return ""
    known = [_declared(name) for name in row["study"].split(", ") if name in known_studies()]
    declared = next((each[row["id"]] for each in known if row["id"] in each), None)
    if declared is None or declared.planned is None:
        return ""
    comparisons = max(1, sum(finding["kind"] == "primary" for finding in row["findings"]))
    if row["power"] == 0 and (declared.power_of(comparisons) or 0) > 0:
        return "no number of them decides it here"
    kind = _kind(declared.planned)
    found = wanted(declared, comparisons)
    if found is None and declared.planned.examples_error:
        return f"{POWER:g} would take more test examples, not more seeds"
    if found is None:
        return f"not even {MOST[kind]:,} would give {POWER:g}"
    return f"{POWER:g} would take {f'{found:,} seeds' if kind == 'seeds' else f'n {found:,}'}"


def wanted(declared: Declaration, comparisons: int = 1) -> int | None:
    """The least number of seeds (or n) that gives a plan the power 0.8 for its smallest effect; None beyond MOST.

    Judged once at the level of the plan's last look.

    Args:
        comparisons: how many must come out as claimed at once.
    """
    planned = declared.planned
    if planned is None or (planned.spread is None and planned.share is None):
        return None
    most = MOST[_kind(planned)]
    if planned.share is not None:

        def power_of(n: int) -> float:
            return planned.model_copy(update={"n": n}).power(declared.expect, declared.smallest, comparisons) or 0.0

        return _least(power_of, most)
    expect, level = declared.expect, planned.level(planned.seeds or planned.n or 0)
    between = math.isfinite(expect.low) and math.isfinite(expect.high)
    size = (expect.high - expect.low) / 2 if between else declared.smallest or 0.0

    def power(number: int) -> float:
        return power_jointly(comparisons, number, planned.spread or 0.0, size, planned.examples_error, level, between)

    return _least(power, most)


def _kind(planned: Planned) -> str:
    return "seeds" if planned.seeds else "n" if planned.share is None else "share"


def _least(power: Callable[[int], float], most: int) -> int | None:
    """The least number from 2 on whose power is enough, where power rises with it."""
    low, high = 2, 2
    while power(high) < POWER:
        if high >= most:
            return None
        low, high = high, min(2 * high, most)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if power(middle) >= POWER else (middle + 1, high)
    return high


@cache
def _declared(study: str) -> Declarations:
    return read_declarations(study_file(study, "declared.yaml"))
