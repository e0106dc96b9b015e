"""Isotonic regression against scikit-learn and netcal."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from reprise.calibration import IsotonicCalibration, softmax
from reprise.calibration.isotonic import sort_with_truth
from reprise.metrics.calibration import brier

NETCAL_BRIER = 0.421644261597118  # of netcal 1.4.0's table for draw(2000, 6)


def scikit_learn(fit: np.ndarray, labels: np.ndarray, new: np.ndarray) -> np.ndarray:
    columns = [
        IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(fit[:, c], labels == c).predict(new[:, c])
        for c in range(fit.shape[1])
    ]
    return np.stack(columns, 1)


@pytest.mark.parametrize("seed", range(3))
def test_two_classes_equal_scikit_learn(draw, seed: int) -> None:
    logits, labels = draw(3000, 2, seed=seed)
    new, _ = draw(3000, 2, temperature=3, seed=seed + 10)  # sharper: beyond both ends of the fit
    expected = scikit_learn(softmax(logits), labels, softmax(new))[:, 1]
    probabilities = IsotonicCalibration().fit(logits, labels).transform(new)
    assert probabilities[:, 1] == pytest.approx(expected, abs=1e-9)
    assert probabilities.sum(1) == pytest.approx(np.ones(3000))


@pytest.mark.parametrize("k", [3, 12, 70])
def test_many_classes_equal_scikit_learn_divided_by_the_sum(draw, k: int) -> None:
    logits, labels = draw(1500, k, temperature=1)
    new, _ = draw(1500, k, temperature=1, seed=1)
    expected = scikit_learn(softmax(logits), labels, softmax(new))
    total = expected.sum(1, keepdims=True)
    expected = np.where(total > 0, expected / np.where(total > 0, total, 1), 1 / k)
    assert IsotonicCalibration().fit(logits, labels).transform(new) == pytest.approx(expected, abs=1e-9)


def test_equals_netcal(draw) -> None:
    binning = pytest.importorskip("netcal.binning")
    logits, labels = draw(2000, 6)
    p = softmax(logits)
    theirs = binning.IsotonicRegression().fit(p, labels).transform(p)
    assert IsotonicCalibration().fit(logits, labels).transform(logits) == pytest.approx(theirs, abs=1e-6)
    assert brier(theirs, labels) == pytest.approx(NETCAL_BRIER, abs=1e-6)


def test_brier_score_equals_that_of_netcals_table(draw) -> None:
    logits, labels = draw(2000, 6)
    table = IsotonicCalibration().fit(logits, labels).transform(logits)
    assert brier(table, labels) == pytest.approx(NETCAL_BRIER, abs=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_saturated_scores_equal_scikit_learn_on_their_ranks(dtype: type) -> None:
    rng = np.random.default_rng(0)
    odds = rng.uniform(-60, -34, 400)  # probabilities below 2e-15: scikit-learn merges scores closer than 1e-15
    truth = (rng.random(400) < np.where(odds > -47, 0.8, 0.2)).astype(int)
    logits = np.stack([np.zeros(400), odds], 1).astype(dtype)
    ranks = np.unique(softmax(logits)[:, 1], return_inverse=True)[1]
    theirs = IsotonicRegression().fit(ranks, truth).predict(ranks)
    assert theirs.max() - theirs.min() > 0.5
    assert IsotonicCalibration().fit(logits, truth).transform(logits)[:, 1] == pytest.approx(theirs, abs=1e-6)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(-4, 4), st.booleans()), min_size=1, max_size=40))
def test_tied_probabilities_are_one_point_as_in_scikit_learn(examples: list[tuple[int, bool]]) -> None:
    logits = np.array([[0.0, z] for z, _ in examples])
    labels = np.array([int(y) for _, y in examples])
    p = softmax(logits)[:, 1]
    theirs = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(p, labels)
    grid = np.stack([np.zeros(50), np.linspace(-6, 6, 50)], 1)
    expected = theirs.predict(softmax(grid)[:, 1])
    method = IsotonicCalibration().fit(logits, labels)
    values = method.transform(grid)[:, 1]
    assert values == pytest.approx(expected, abs=1e-9)
    assert (np.diff(values) >= 0).all()


def test_rows_that_every_class_disowns_become_uniform() -> None:
    logits = np.array([[9.0, 0, 0], [0, 9.0, 0], [0, 0, 9.0], [0, 0, 0]])
    labels = np.array([0, 1, 2, 0])
    method = IsotonicCalibration().fit(logits[[0, 1, 2, 0]], labels)
    method.columns = [steps._replace(value=np.where(steps.at < 0.5, 0, steps.value)) for steps in method.columns]
    method.columns = [steps._replace(at=steps.at * 0 + np.linspace(0.9, 1, len(steps.at))) for steps in method.columns]
    assert method.transform(logits)[3] == pytest.approx([1 / 3, 1 / 3, 1 / 3])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("positives", [0, 1, 5, 40])
def test_a_few_positives_among_many_negatives_equal_scikit_learn(dtype: type, positives: int) -> None:
    rng = np.random.default_rng(positives)
    p = np.append(np.exp(-25 * rng.random(4000)), [1.0, 1.0, 0.5]).astype(dtype)
    truth = np.zeros(len(p), int)
    truth[np.argsort(p * rng.random(len(p)) ** 3)[len(p) - positives :]] = 1
    table = np.stack([1 - p, p], 1)
    fitted = IsotonicCalibration()._fit_column(table[:, 1], truth == 1)
    grid = np.append(np.geomspace(1e-12, 1, 500), p)
    theirs = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(p.astype(float), truth).predict(grid)
    assert IsotonicCalibration()._apply_column(fitted, grid) == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sorting_with_the_truth_aboard_equals_a_stable_argsort(dtype: type) -> None:
    rng = np.random.default_rng(0)
    scores = np.concatenate([rng.random(500), [0, 1, 5e-324, 1e-45, 1e-300, 0.5, 0.5, 1, 0]]).astype(dtype)
    positive = rng.random(len(scores)) < 0.5
    values, truth = sort_with_truth(scores, positive)
    order = np.lexsort((positive, scores))
    assert values.dtype == dtype
    assert np.array_equal(values, scores[order])
    assert np.array_equal(truth, positive[order])
