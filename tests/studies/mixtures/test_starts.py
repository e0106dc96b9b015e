"""Claim 2 on made-up rows: what counts as found, how rows are paired, where NaN is told."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.studies.mixtures import starts
from reprise.studies.mixtures.settings import Config
from reprise.studies.mixtures.starts import Row

CONFIG = Config(runs=4, iterations=10, long_iterations=200, fits=5, parity_iterations=5)
NONE = np.zeros(4, dtype=bool)


def row(
    accuracy: list[float], start: str = "source", prior: str = "responsibilities", iterations: int = 200, broken=NONE
) -> Row:
    return Row(start, prior, iterations, NONE, np.array(broken), np.array(accuracy))


def every_row(source: Row, best: Row) -> list[Row]:
    """The six rows of the table, the source's own first."""
    middle = [row([0.5] * 4, iterations=10), row([0.9, 0.99, 0.99, 0.99])]
    return [source, *middle, row([0.5] * 4, "data points", "likelihoods", 10), row([0.5] * 4, "data points"), best]


def test_a_run_that_broke_down_is_not_found_whatever_its_accuracy():
    made = row([0.99, 0.99, 0.97, 0.9], broken=[True, False, False, False])
    assert made.good.tolist() == [False, True, True, False]
    assert made.success.value == 0.5
    assert made.failed.value == 0.25
    assert (made.median, made.worst) == (0.97, 0.9)


def test_where_every_run_broke_down_there_is_no_accuracy():
    made = row([0.7] * 4, broken=[True] * 4)
    assert np.isnan([made.median, made.worst]).all()
    assert made.success.value == 0


def test_the_start_alone_is_compared_at_the_same_length_and_prior():
    best = row([0.99] * 4, "data points")
    source = row([0.5, 0.5, 0.5, 0.99], prior="likelihoods", iterations=10)
    missed, gained, alike, _ = starts.findings(CONFIG, every_row(source, best))
    assert missed.effect.value == 0.75
    assert gained.effect.value == 0.75
    assert alike.effect.value == 0.25  # against the source's start run until settled, which misses one


def test_nan_runs_are_traced_to_negative_variances_only_where_there_are_any():
    broken, negative = np.array([True, True, False, False]), np.array([True, False, True, False])
    source = Row("source", "likelihoods", 10, negative, broken, np.full(4, 0.99))
    found = starts.findings(CONFIG, every_row(source, row([0.99] * 4, "data points")))
    assert found[-1].measures.startswith("Share of those NaN runs")
    assert found[-1].effect.value == 0.5
    assert found[-1].effect.n == 2
    whole = starts.findings(CONFIG, every_row(row([0.99] * 4, prior="likelihoods"), row([0.99] * 4, "data points")))
    assert len(whole) == len(found) - 1


def test_every_row_runs_on_the_same_data():
    rows = starts.run_starts(CONFIG)
    assert [(each.start, each.prior, each.iterations) for each in rows] == [
        (start, prior, iterations)
        for start in ("source", "data points")
        for prior, iterations in (("likelihoods", 10), ("responsibilities", 10), ("responsibilities", 200))
    ]
    assert all((rows[0].negative == each.negative).all() for each in rows[:3])
    assert not rows[3].negative.any()
    assert rows[5].good.all()


@pytest.mark.parametrize("settled", [[0.99] * 4, [0.5] * 4])
def test_a_start_that_does_not_matter_does_not_reproduce_the_claim(settled):
    same = [row(settled, prior="likelihoods", iterations=10), *every_row(row(settled), row(settled, "data points"))[1:]]
    gained = starts.findings(CONFIG, same)[1]
    assert gained.effect.value == 0
    assert gained.verdict != "reproduced"
