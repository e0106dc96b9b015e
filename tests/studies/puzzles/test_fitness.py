"""Claim 90: ends of runs, judged."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.studies.puzzles.fitness import evolve_all, findings, metrics
from reprise.studies.puzzles.lesson.fitness import FITNESS


def ends(**places):
    """Runs of twenty seeds that end at these places, a hair apart."""
    apart = np.linspace(-1e-4, 1e-4, 20)
    return {name: np.column_stack([np.zeros(20), place + apart]) for name, place in places.items()}


def made_up(free=-5.0, trapped=0.01, kink=-5.0):
    return ends(
        **{"-x": free, "1/x": trapped, "-x with a kink at 0": kink, "-x with a jump at 0": -5.0, "1/(x + 6)": -5.0}
    )


def test_every_fitness_is_run_with_every_seed():
    runs = evolve_all(20)
    assert set(runs) == set(FITNESS)
    assert {run.shape for run in runs.values()} == {(20, 61)}


def test_every_fitness_of_the_same_order_takes_the_same_steps():
    runs = evolve_all(20)
    for name in ("-x with a kink at 0", "-x with a jump at 0", "1/(x + 6)"):
        np.testing.assert_array_equal(runs[name], runs["-x"])


@pytest.mark.parametrize(
    ("places", "verdicts"),
    [
        ({}, ["reproduced", "reproduced", "contradicted"]),
        ({"free": -4.9}, ["contradicted", "reproduced", "contradicted"]),
        ({"trapped": -0.01}, ["reproduced", "contradicted", "contradicted"]),
        ({"trapped": 0.2}, ["reproduced", "contradicted", "contradicted"]),
        ({"kink": 0.0}, ["reproduced", "reproduced", "reproduced"]),
    ],
)
def test_where_runs_end_decides(places, verdicts):
    judged = [finding for finding in findings(made_up(**places)) if finding.kind == "claim"]
    assert [finding.verdict for finding in judged] == verdicts
    assert judged[1].published == "x = 0 instead of x = −5"


def test_the_gate_watches_the_trap():
    metric = metrics(made_up(trapped=0.05))["fitness_reciprocal_end"]
    assert metric.value == pytest.approx(0.05)
    assert metric.n == 20
