"""Bayesian binning into quantiles against its definition written as loops with math.lgamma."""

from __future__ import annotations

from math import ceil, exp, floor, lgamma

import numpy as np
import pytest

from reprise.calibration import BayesianBinning, softmax
from reprise.calibration.bayesian_binning import bin_range


def by_definition(fit: np.ndarray, positive: np.ndarray, new: np.ndarray) -> np.ndarray:
    """The average over all numbers of bins, each weighted by its marginal likelihood."""
    n, root = len(fit), len(fit) ** (1 / 3)
    values = np.sort(fit)
    scores, predictions = [], []
    for bins in range(max(1, floor(root / 10)), min(n, ceil(root * 10)) + 1):
        score, low, predicted = 0.0, 0.0, np.empty(len(new))
        for b in range(1, bins + 1):
            cut = max(b * n // bins, 1)
            high = 1.0 if b == bins else (values[cut - 1] + values[cut]) / 2
            inside = (fit <= high) & ((fit > low) | (b == 1))
            ones, zeros = int((inside & positive).sum()), int((inside & ~positive).sum())
            weight, middle = 2 / bins, (low + high) / 2
            alpha, beta = weight * middle, weight * (1 - middle)
            score += lgamma(weight) - lgamma(weight + ones + zeros)
            score += lgamma(alpha + ones) - lgamma(alpha) + lgamma(beta + zeros) - lgamma(beta)
            predicted[(new <= high) & ((new > low) | (b == 1))] = (ones + alpha) / (ones + zeros + weight)
            low = high
        scores.append(score)
        predictions.append(predicted)
    weights = np.array([exp(s - max(scores)) for s in scores])
    return weights @ np.array(predictions) / weights.sum()


@pytest.mark.parametrize("n", [1, 2, 7, 60, 400])
def test_two_classes_equal_the_definition(draw, n: int) -> None:
    logits, labels = draw(n, 2, seed=n)
    new, _ = draw(300, 2, seed=1)
    expected = by_definition(softmax(logits)[:, 1], labels == 1, softmax(new)[:, 1])
    assert BayesianBinning().fit(logits, labels).transform(new)[:, 1] == pytest.approx(expected, abs=1e-8)


def test_many_classes_equal_the_definition_divided_by_the_sum(draw) -> None:
    logits, labels = draw(250, 4)
    new, _ = draw(200, 4, seed=1)
    p, q = softmax(logits), softmax(new)
    expected = np.stack([by_definition(p[:, c], labels == c, q[:, c]) for c in range(4)], 1)
    expected /= expected.sum(1, keepdims=True)
    assert BayesianBinning().fit(logits, labels).transform(new) == pytest.approx(expected, abs=1e-7)


def test_tied_probabilities_are_never_split() -> None:
    logits = np.tile([[0.0, 1.0], [0.0, -1.0]], (50, 1))
    labels = (np.random.default_rng(0).random(100) < 0.5).astype(int)
    method = BayesianBinning().fit(logits, labels)
    shuffled = BayesianBinning().fit(logits[::-1], labels[::-1])
    assert np.array_equal(method.transform(logits), shuffled.transform(logits))
    p = softmax(logits)[:, 1]
    assert method.transform(logits)[:, 1] == pytest.approx(by_definition(p, labels == 1, p), abs=1e-8)


def test_numbers_of_bins_go_from_a_tenth_to_ten_times_the_cube_root() -> None:
    assert bin_range(50_000, 10) == (3, 370)
    assert bin_range(1000, 10) == (1, 100 + 1) or bin_range(1000, 10) == (1, 101 + 1)  # 1000 ** (1 / 3) rounds
    assert bin_range(1, 10) == (1, 2)


def test_much_data_brings_back_the_truth(draw) -> None:
    logits, labels = draw(100_000, 2, temperature=2.0)
    fitted = BayesianBinning().fit(logits, labels)
    new, _ = draw(20_000, 2, seed=1)
    assert np.abs(fitted.transform(new) - softmax(new, 0.5)).mean() < 0.03


@pytest.mark.parametrize("settings", [{"reach": 0.5}, {"prior": 0.0}, {"prior": np.nan}])
def test_settings_out_of_range_are_refused(settings: dict) -> None:
    with pytest.raises(ValueError, match="expected"):
        BayesianBinning(**settings)
