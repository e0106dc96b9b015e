"""Platt scaling against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from sklearn.calibration import _sigmoid_calibration
from sklearn.linear_model import LogisticRegression

from reprise.calibration import PlattScaling, softmax
from reprise.calibration.platt import log_odds


@pytest.mark.parametrize("seed", range(3))
def test_two_classes_equal_scikit_learns_sigmoid(draw, seed: int) -> None:
    logits, labels = draw(2000, 2, seed=seed)
    slope, intercept = PlattScaling().fit(logits, labels).columns[0]
    a, b = _sigmoid_calibration(logits[:, 1] - logits[:, 0], labels)
    assert (slope, intercept) == pytest.approx((-a, -b), rel=1e-4, abs=1e-5)
    expected = expit(-(a * (logits[:, 1] - logits[:, 0]) + b))
    assert PlattScaling().fit(logits, labels).transform(logits)[:, 1] == pytest.approx(expected, abs=1e-5)


def test_many_classes_equal_scikit_learns_sigmoids_divided_by_their_sum(draw) -> None:
    logits, labels = draw(3000, 5)
    odds = log_odds(logits)
    columns = []
    for c in range(5):
        a, b = _sigmoid_calibration(odds[:, c], (labels == c).astype(float))
        columns.append(expit(-(a * odds[:, c] + b)))
    expected = np.stack(columns, 1)
    expected /= expected.sum(1, keepdims=True)
    assert PlattScaling().fit(logits, labels).transform(logits) == pytest.approx(expected, abs=1e-5)


def test_without_smoothing_it_is_an_unpenalised_logistic_regression(draw) -> None:
    logits, labels = draw(2000, 2)
    scores = (logits[:, 1] - logits[:, 0])[:, None]
    theirs = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(scores, labels)
    fitted = PlattScaling(smooth=False).fit(logits, labels)
    assert fitted.columns[0] == pytest.approx((theirs.coef_[0, 0], theirs.intercept_[0]), rel=1e-5)


def test_the_gradient_vanishes(draw) -> None:
    logits, labels = draw(1500, 4)
    odds = log_odds(logits)
    for c, (slope, intercept) in enumerate(PlattScaling(smooth=False).fit(logits, labels).columns):
        error = expit(slope * odds[:, c] + intercept) - (labels == c)
        assert [error.mean(), (error * odds[:, c]).mean()] == pytest.approx([0, 0], abs=1e-8)


def test_scores_far_from_zero_are_no_harder(draw) -> None:
    logits, labels = draw(1500, 2)
    plain, large = PlattScaling().fit(logits, labels), PlattScaling().fit(1e4 * logits, labels)
    assert large.columns[0].slope * 1e4 == pytest.approx(plain.columns[0].slope, rel=1e-6)


def test_separable_classes_end_at_platts_targets() -> None:
    logits = np.array([[1.0, -1.0]] * 30 + [[-1.0, 1.0]] * 10)
    labels = np.repeat([0, 1], [30, 10])
    fitted = PlattScaling().fit(logits, labels).transform(logits)
    assert fitted[0, 1] == pytest.approx(1 / 32, abs=1e-6)
    assert fitted[-1, 1] == pytest.approx(11 / 12, abs=1e-6)
    sharp = PlattScaling(smooth=False).fit(logits, labels).transform(logits)
    assert np.isfinite(sharp).all()
    assert sharp[0, 1] < 1e-4


def test_equal_scores_leave_the_class_frequency() -> None:
    fitted = PlattScaling(smooth=False).fit(np.zeros((8, 2)), np.array([0, 0, 0, 1, 0, 0, 0, 1]))
    assert fitted.transform(np.zeros((1, 2)))[0, 1] == pytest.approx(0.25)
    assert fitted.columns[0].slope == 0


def test_a_class_without_examples_gets_little(draw) -> None:
    logits, labels = draw(600, 3)
    keep = labels != 2
    probabilities = PlattScaling().fit(logits[keep], labels[keep]).transform(logits[keep])
    assert probabilities[:, 2].max() < 0.05
    assert softmax(logits[keep])[:, 2].max() > 0.5
