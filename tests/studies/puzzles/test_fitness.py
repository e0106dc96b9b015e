"""Claim 90: ends of runs, judged."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.evaluation import declarations
from reprise.studies.puzzles.fitness import GRID, evolve_all, findings, greatest, metrics
from reprise.studies.puzzles.lesson.fitness import FITNESS

DECLARED = declarations("puzzles")[90]


def ends(**places):
    """Runs of twenty seeds that end at these places, a hair apart."""
    apart = np.linspace(-1e-4, 1e-4, 20)
    return {name: np.column_stack([np.zeros(20), place + apart]) for name, place in places.items()}


def made_up(free=-5.0, trapped=0.01, smooth=0.1):
    return ends(**{"-x": free, "1/x": trapped, "x/(x² + 0.01)": smooth, "-x with a kink at 0": -5.0, "1/(x + 6)": -5.0})


def test_every_fitness_is_run_with_every_seed():
    runs = evolve_all(20)
    assert set(runs) == set(FITNESS)
    assert {run.shape for run in runs.values()} == {(20, 61)}


def test_every_fitness_of_the_same_order_takes_the_same_steps():
    runs = evolve_all(20)
    for name in ("-x with a kink at 0", "1/(x + 6)"):
        np.testing.assert_array_equal(runs[name], runs["-x"])


@pytest.mark.parametrize(
    ("places", "secondary", "slip"),
    [
        ({}, ["reproduced"] * 3, "contradicted"),
        ({"free": -4.8}, ["contradicted", "contradicted", "reproduced"], "contradicted"),
        ({"trapped": -5.0}, ["contradicted", "reproduced", "contradicted"], "contradicted"),
        ({"trapped": 0.2}, ["contradicted", "reproduced", "contradicted"], "contradicted"),
        ({"smooth": -5.0}, ["reproduced"] * 3, "reproduced"),
    ],
)
def test_where_runs_end_is_shown_beside_where_the_maxima_lie(places, secondary, slip):
    found = findings(DECLARED, made_up(**places))
    assert [f.verdict for f in found if f.kind == "primary"] == ["reproduced"]
    assert [f.verdict for f in found if f.kind == "secondary"] == secondary
    assert [f.verdict for f in found if f.kind == "slip"] == [slip]
    assert found[0].published == "x = 0 instead of x = −5"


def test_runs_that_end_here_and_there_decide_nothing():
    runs = made_up()
    runs["1/x"][::2, -1] = -5.0
    runs["1/x"][1::2, -1] = 5.0
    assert findings(DECLARED, runs)[1].verdict == "inconclusive"


def test_the_maxima_lie_where_the_functions_have_them():
    assert (greatest("1/x"), greatest("-x")) == (0.001, -5)
    assert greatest("x/(x² + 0.01)") == 0.1
    assert len(GRID) == 10_000
    assert 0 not in GRID


def test_what_cannot_end_elsewhere_is_not_judged():
    found = findings(DECLARED, made_up())
    assert [f.kind for f in found if f.variant == "corrected"] == ["context", "context"]


def test_the_gate_watches_the_trap():
    metric = metrics(made_up(trapped=0.05))["fitness_reciprocal_end"]
    assert metric.value == pytest.approx(0.05)
    assert metric.n == 20
