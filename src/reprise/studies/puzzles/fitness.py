"""Claim 90: where a genetic algorithm ends with each fitness."""

from __future__ import annotations

import numpy as np

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, Metric, between, equals, primary
from reprise.statistics import exact, mean_effect, paired_effect
from reprise.studies.puzzles.lesson.fitness import FITNESS, HIGH, LOW, evolve
from reprise.studies.puzzles.published import FITNESS_ENDS

Runs = dict[str, np.ndarray]  # fitness -> (seeds, generations + 1) fittest candidates
SHOWN = ("fitness_trap",)
GRID = np.delete(np.arange(1000 * LOW, 1000 * HIGH + 1), int(-1000 * LOW)) / 1000  # without 0


def evolve_all(seeds: int) -> Runs:
    """Every fitness, the same seeds."""
    return {name: evolve(function, seeds) for name, function in FITNESS.items()}


def greatest(name: str) -> float:
    """Where on the grid a fitness is greatest."""
    return float(GRID[FITNESS[name](GRID).argmax()])


def findings(declared: Declaration, runs: Runs) -> list[Finding]:
    """The two fitnesses of the source, the cause that it names, and what is really needed."""
    ends = {name: run[:, -1] for name, run in runs.items()}
    task = "Where the fittest candidate ends when the fitness is"
    trapped, free = FITNESS_ENDS["1/x"], FITNESS_ENDS["-x"]
    same_order = "Selection sees the order of the candidates alone, and it is that of −x: it can end nowhere else."
    return [
        primary(
            declared,
            exact(greatest("1/x") - greatest("-x"), len(GRID), "x"),
            variant="text",
            published=f"x = {trapped} instead of x = {free}".replace("-", "−"),
            note="As near as the grid comes to 0 from the right, where 1/x grows without end.",
            figures=SHOWN,
        ),
        Finding(
            90,
            "Where a genetic algorithm's fittest candidate ends when the fitness is 1/x, minus where with −x",
            mean_effect(ends["1/x"] - ends["-x"], unit="x", together=3),
            declared.expect,
            kind="secondary",
            variant="text",
            figures=SHOWN,
        ),
        Finding(
            90,
            f"{task} −x",
            paired_effect(ends["-x"], unit="x", together=3),
            equals(free, 0.01),
            kind="secondary",
            variant="text",
            figures=SHOWN,
        ),
        Finding(
            90,
            f"{task} 1/x",
            paired_effect(ends["1/x"], unit="x", together=3),
            between(trapped, trapped + 0.1),
            kind="secondary",
            variant="text",
            note="'At 0' is read as within a fiftieth of the half range of it, from the right.",
            figures=SHOWN,
        ),
        Finding(
            90,
            f"{task} x/(x² + 0.01), nearly 1/x and differentiable: without the stated cause it would end at −5",
            mean_effect(ends["x/(x² + 0.01)"], unit="x"),
            equals(free, 0.01),
            kind="slip",
            variant="text",
            published="because 1/x is not differentiable at x = 0",
            defect=15,
            note="It ranks small positive numbers above all others, as 1/x does: the order is the trap.",
        ),
        Finding(
            90,
            f"{task} −x with a kink at 0, where it has no derivative",
            mean_effect(ends["-x with a kink at 0"], unit="x"),
            variant="corrected",
            defect=15,
            note=same_order,
        ),
        Finding(
            90,
            f"{task} 1/(x + 6), a reciprocal whose pole lies outside the interval",
            mean_effect(ends["1/(x + 6)"], unit="x"),
            variant="corrected",
            defect=15,
            note=same_order,
        ),
    ]


def metrics(runs: Runs) -> dict[str, Metric]:
    """For the gate: where the trap is."""
    ends = runs["1/x"][:, -1]
    return {"fitness_reciprocal_end": Metric(float(ends.mean()), "equal", float(ends.std()), len(ends))}
