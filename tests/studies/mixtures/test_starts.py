"""Claim 2 on made-up rows: what counts as found, how rows are paired, where NaN is told."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.evaluation import declarations
from reprise.studies.mixtures import starts
from reprise.studies.mixtures.settings import Config
from reprise.studies.mixtures.starts import Row

CONFIG = Config(runs=4, iterations=10, long_iterations=200, fits=5, parity_iterations=5)
DECLARED = declarations("mixtures")[2].model_copy(update={"planned": None})  # as many starts as there are
NONE = np.zeros(4, dtype=bool)


def row(
    accuracy: list[float], start: str = "source", prior: str = "responsibilities", iterations: int = 200, broken=NONE
) -> Row:
    return Row(start, prior, iterations, NONE, np.array(broken), np.array(accuracy))


def every_row(source: Row, best: Row) -> list[Row]:
    """The eight rows of the table, the source's own first."""
    middle = [row([0.5] * 4, iterations=10), row([0.9, 0.5, 0.99, 0.99])]
    valid = [row([0.5] * 4, "valid", iterations=10), row([0.9, 0.99, 0.99, 0.99], "valid")]
    last = [row([0.5] * 4, "data points", prior, 10) for prior in ("likelihoods", "responsibilities")]
    return [source, *middle, *valid, *last, best]


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
    primary, valid, alone, script, stop, _ = starts.findings(DECLARED, CONFIG, every_row(source, best))
    assert primary.effect.value == valid.effect.value == 0.25  # run until settled it misses one
    assert alone.effect.value == 0.5  # and as the source draws them two
    assert script.effect.value == 0.75
    assert stop.effect.value == 0.25


def test_starts_with_a_negative_variance_do_not_decide():
    rows = every_row(row([0.9] * 4, prior="likelihoods", iterations=10), row([0.99] * 4, "data points"))
    rows[4] = row([0.99] * 4, "valid")
    first, _, alone, *_ = starts.findings(DECLARED, CONFIG, rows)
    assert (first.effect.value, first.verdict) == (0, "inconclusive")
    assert "no start of 4" in first.undecided
    assert alone.effect.value == 0.5


def test_another_number_of_starts_than_planned_decides_nothing():
    rows = every_row(row([0.5] * 4, prior="likelihoods", iterations=10), row([0.99] * 4, "data points"))
    first = starts.findings(declarations("mixtures")[2], CONFIG, rows)[0]
    assert (first.verdict, first.undecided) == ("inconclusive", "4 starts, planned are 1,000")


def test_nan_runs_are_traced_to_negative_variances_only_where_there_are_any():
    broken, negative = np.array([True, True, False, False]), np.array([True, False, True, False])
    source = Row("source", "likelihoods", 10, negative, broken, np.full(4, 0.99))
    found = starts.findings(DECLARED, CONFIG, every_row(source, row([0.99] * 4, "data points")))
    assert found[-1].measures.startswith("Share of those NaN runs")
    assert found[-1].effect.value == 0.5
    assert found[-1].effect.n == 2
    assert (found[-2].kind, found[-2].verdict) == ("slip", "contradicted")
    sound = every_row(row([0.99] * 4, prior="likelihoods"), row([0.99] * 4, "data points"))
    whole = starts.findings(DECLARED, CONFIG, sound)
    assert len(whole) == len(found) - 1
    assert whole[-1].verdict != "contradicted"


@pytest.mark.parametrize(
    ("misses", "of_points", "verdict"), [(20, 0, "reproduced"), (0, 0, "inconclusive"), (0, 20, "contradicted")]
)
def test_unlucky_starts_reproduce_and_unlucky_data_points_contradict(misses, of_points, verdict):
    def made(start: str, unlucky: int, prior: str = "responsibilities", iterations: int = 200) -> Row:
        accuracy = np.r_[np.full(unlucky, 0.7), np.full(400 - unlucky, 0.99)]
        nothing = np.zeros(400, dtype=bool)
        return Row(start, prior, iterations, nothing, nothing, accuracy)

    rows = [
        made("source", 100, "likelihoods", 10), made("source", 40), made("valid", misses),
        made("data points", of_points),
    ]  # fmt: skip
    assert starts.findings(DECLARED, CONFIG, rows)[0].verdict == verdict


def test_every_row_runs_on_the_same_data():
    rows = starts.run_starts(CONFIG)
    script, standard = ("likelihoods", 10), [("responsibilities", 10), ("responsibilities", 200)]
    assert [(each.start, each.prior, each.iterations) for each in rows] == [
        *(("source", *each) for each in (script, *standard)),
        *(("valid", *each) for each in standard),
        *(("data points", *each) for each in (script, *standard)),
    ]
    assert all((rows[0].negative == each.negative).all() for each in rows[:3])
    assert not any(each.negative.any() for each in rows[3:])
    assert rows[-1].good.all()
