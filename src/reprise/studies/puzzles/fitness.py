"""Claim 90: where a genetic algorithm ends with each fitness."""

from __future__ import annotations

import numpy as np

from reprise.claims.evidence import Finding, Metric, above, between, equals
from reprise.statistics import mean_effect
from reprise.studies.puzzles.lesson.fitness import FITNESS, evolve
from reprise.studies.puzzles.published import FITNESS_ENDS

Runs = dict[str, np.ndarray]  # fitness -> (seeds, generations + 1) fittest candidates
SHOWN = ("fitness_trap",)


def evolve_all(seeds: int) -> Runs:
    """Every fitness, the same seeds."""
    return {name: evolve(function, seeds) for name, function in FITNESS.items()}


def findings(runs: Runs) -> list[Finding]:
    """The two fitnesses of the source, the cause that it names, and what is really needed."""
    ends = {name: mean_effect(run[:, -1], unit="x") for name, run in runs.items()}
    task = "Where the fittest candidate ends when the fitness is"
    trapped, free = FITNESS_ENDS["1/x"], FITNESS_ENDS["-x"]
    return [
        Finding(90, f"{task} −x", ends["-x"], equals(free, 0.01), variant="text", figures=SHOWN),
        Finding(
            90,
            f"{task} 1/x",
            ends["1/x"],
            between(trapped, trapped + 0.1),
            variant="text",
            published=f"x = {trapped} instead of x = {free}".replace("-", "−"),
            note="'At 0' is read as within a fiftieth of the half range of it, from the right.",
            figures=SHOWN,
        ),
        Finding(
            90,
            f"{task} −x with a kink at 0, where it has no derivative: the stated cause would trap it above −5",
            ends["-x with a kink at 0"],
            above(-4.9),
            variant="text",
            published="because 1/x is not differentiable at x = 0",
            defect=15,
            note="The order of the candidates is that of −x, and order is all that selection sees.",
        ),
        Finding(
            90,
            f"{task} −x with a jump at 0",
            ends["-x with a jump at 0"],
            kind="context",
            variant="corrected",
            defect=15,
        ),
        Finding(
            90,
            f"{task} 1/(x + 6), a reciprocal whose pole lies outside the interval",
            ends["1/(x + 6)"],
            kind="context",
            variant="corrected",
            defect=15,
            note="The trouble with 1/x is the pole and the change of sign inside the interval: there it ranks every "
            "positive number above every negative one.",
        ),
    ]


def metrics(runs: Runs) -> dict[str, Metric]:
    """For the gate: where the trap is."""
    ends = runs["1/x"][:, -1]
    return {"fitness_reciprocal_end": Metric(float(ends.mean()), "equal", float(ends.std()), len(ends))}
