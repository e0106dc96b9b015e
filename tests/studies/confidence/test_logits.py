"""Sums over logits are what their definitions say, however large the logits."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.metrics.ranking import auroc
from reprise.studies.confidence.logits import binned_by_hand, example_nll, one_against_rest, right, softmax_of, winner


def test_example_nll_is_the_log_of_the_softmax():
    rng = np.random.default_rng(1)
    logits, labels = 30 * rng.standard_normal((2, 50, 4)), rng.integers(0, 4, 50)
    p = softmax_of(logits)[:, np.arange(50), labels]
    np.testing.assert_allclose(example_nll(logits, labels), -np.log(p), rtol=1e-6, atol=1e-12)


def test_one_class_against_the_rest_has_the_softmaxs_probability():
    logits = 5 * np.random.default_rng(2).standard_normal((40, 3))
    for c in range(3):
        np.testing.assert_allclose(softmax_of(one_against_rest(logits, c))[:, 1], softmax_of(logits)[:, c], rtol=1e-9)


def test_confidence_and_right_are_those_of_the_largest_logit():
    logits = np.array([[[0.0, 2.0, 1.0], [3.0, 0.0, 0.0]]])
    assert right(logits, np.array([1, 2])).tolist() == [[1.0, 0.0]]
    assert winner(softmax_of(logits, 0.0)) == pytest.approx(1 / 3)
    assert winner(softmax_of(logits))[0, 0] == pytest.approx(np.exp(2) / (1 + np.exp(2) + np.exp(1)))


def test_the_error_bin_by_bin_of_answers_counted_by_hand():
    p = np.array([[0.9, 0.1], [0.9, 0.1], [0.9, 0.1], [0.4, 0.6]])
    expected, largest = binned_by_hand(p, np.array([0, 0, 1, 1]))
    assert expected == pytest.approx(0.75 * (0.9 - 2 / 3) + 0.25 * 0.4)
    assert largest == pytest.approx(0.4)


def test_auroc_by_counting_pairs():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 6, 40).astype(float), rng.integers(0, 5, 30).astype(float)
    pairs = [(x > y) + 0.5 * (x == y) for x in a for y in b]
    assert auroc(a, b) == pytest.approx(np.mean(pairs))
    assert np.isnan(auroc(a, a[:0]))
