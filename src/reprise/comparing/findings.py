"""Paired comparisons of test accuracy, and when they may not be judged."""

from __future__ import annotations

from typing import Any

from reprise.claims.evidence import Expect, Finding, at_once, joined
from reprise.runs import Run
from reprise.statistics import paired_effect

NONE = 0.01  # accuracies that differ by a point at most count as the same: what one seed of the source cannot resolve
LEARNED = 0.2  # twice chance of ten classes
ANYTHING = Expect()


def compare(
    claim: int,
    one: Run,
    other: Run,
    expect: Expect = ANYTHING,
    *,
    note: str = "",
    undecided: str = "",
    together: int = 1,
    **more: Any,
) -> Finding:
    """A finding on a difference in test accuracy, paired over seeds and images; context where nothing is expected.

    Not judged where one of the two has not learned the task. With ``together`` (see `reprise.statistics.seeds_effect`)
    the interval holds for so many comparisons at once.
    """
    levels = f"{one.name} {one.correct.mean():.3f}, {other.name} {other.correct.mean():.3f}"
    return Finding(
        claim,
        f"Test accuracy, `{one.name}` minus `{other.name}`",
        paired_effect(one.correct - other.correct, unit="accuracy", together=together),
        expect,
        kind="context" if expect == ANYTHING else "claim",
        note=joined(levels, note, at_once(together)),
        undecided="" if expect == ANYTHING else joined(undecided, unlearned(one, other)),
        **more,
    )


def unlearned(*runs: Run) -> str:
    """Why a comparison of these networks may not be judged; empty where all have learned their task.

    Below twice chance a comparison of networks says nothing about what is compared.
    """
    idle = [run.name for run in runs if float(run.correct.mean()) < LEARNED]
    return f"{', '.join(dict.fromkeys(idle))} below {LEARNED:g} test accuracy" if idle else ""


def cut_off(*runs: Run) -> str:
    """Why what training ends with may not be judged; empty where every network stopped by itself."""
    cut = [run for run in runs if max(run.record["epochs"]) >= run.settings["epochs"]]
    return f"training was cut off after {cut[0].settings['epochs']} epochs" if cut else ""
