"""The interval of a calibration error holds the truth, as a bootstrap would not, and is never of no width."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.calibration import softmax
from reprise.calibration.intervals import calibration_error_interval, gap_interval
from reprise.metrics.calibration import expected_calibration_error


def answers_of(right, n: int, times: int):
    """Confidences between 0.4 and 1, and answers that are right with a probability that `right` makes of them."""
    rng = np.random.default_rng(0)
    for _ in range(times):
        c = 0.4 + 0.6 * rng.beta(3, 1.5, n)
        yield c[:, None], (rng.random(n) < right(c))[:, None]


@pytest.mark.parametrize(
    ("right", "truth"),
    [(lambda c: c, 0.0), (lambda c: c - 0.02, 0.02), (lambda c: c - 0.1, 0.1)],
    ids=["perfect", "two points over", "ten points over"],
)
def test_the_truth_lies_inside_as_often_as_is_said(right, truth):
    found = [gap_interval(c, r) for c, r in answers_of(right, 1000, 300)]
    held = np.mean([each.low <= truth <= each.high for each in found])
    assert held >= 0.925  # three standard errors of 300 tests below 0.95
    assert np.mean([each.high for each in found]) < truth + 0.07


def test_one_sign_throughout_has_the_interval_of_a_mean():
    (c, r), *_ = answers_of(lambda c: c - 0.3, 20_000, 1)
    found = gap_interval(c, r)
    half = 1.96 * np.std(r - c) / np.sqrt(len(c))
    assert found.value == pytest.approx(0.3, abs=0.01)
    assert found.high - found.value == pytest.approx(half, rel=0.02)
    assert found.value - found.low == pytest.approx(half, rel=0.06)


def test_the_estimate_is_the_error_and_chance_is_what_perfect_calibration_shows(draw):
    logits, labels = draw(2000, 5)
    p = softmax(logits)
    found = calibration_error_interval(p, labels)
    assert found.value == pytest.approx(expected_calibration_error(p, labels), abs=1e-12)
    assert found.low <= found.value <= found.high
    errors = [gap_interval(c, r) for c, r in answers_of(lambda c: c, 1000, 100)]
    mean = np.mean([each.value for each in errors])
    assert np.mean([each.by_chance for each in errors]) == pytest.approx(mean, rel=0.06)


def test_without_a_mistake_the_interval_has_wilsons_width():
    n = 1000
    found = gap_interval(np.full((n, 1), 1 - 1e-9), np.ones((n, 1), bool))
    assert (found.low, found.value) == (0, pytest.approx(1e-9))
    assert 2.5 / n < found.high < 5 / n  # the rule of three says 3.7 / n at 97.5 %


def test_answers_of_one_example_that_go_together_count_once():
    (c, r), *_ = answers_of(lambda c: c - 0.3, 2000, 1)
    alone, eight = gap_interval(c, r), gap_interval(np.repeat(c, 8, axis=1), np.repeat(r, 8, axis=1))
    assert eight.value == pytest.approx(alone.value)
    assert eight.high == pytest.approx(alone.high, rel=1e-3)
    independent = gap_interval(c.reshape(-1, 8), r.reshape(-1, 8))
    assert independent.high == pytest.approx(alone.high, rel=0.01)


@pytest.mark.parametrize("level", [0, 1, -1, np.nan])
def test_a_level_that_is_none_is_refused(level):
    with pytest.raises(ValueError, match="level"):
        gap_interval(np.full((3, 1), 0.5), np.ones((3, 1), bool), level=level)


@pytest.mark.parametrize("n", [1, 2, 7])
def test_a_few_examples_have_a_wide_interval(n):
    found = gap_interval(np.full((n, 1), 0.9), np.ones((n, 1), bool))
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.high - found.low > 0.2
