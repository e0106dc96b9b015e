"""Rank correlations and their intervals; too few networks are said to be too few."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.studies.confidence.correlation import rank_correlation


def rho(x, y):
    return np.corrcoef(x, y)[0, 1]


def test_nine_networks_are_said_to_be_too_few_for_a_weak_correlation(evidence):
    words = "Rank correlation of test error and ECE over networks"
    (note,) = (f["note"] for f in evidence["findings"] if f["measures"] == words)
    assert "with 9 networks even a correlation of 0 cannot be shown to be weak: that takes 16" in note
    for n, weak in ((15, False), (16, True)):
        x = np.arange(n)
        y = min((np.random.default_rng(seed).permutation(n) for seed in range(3000)), key=lambda y: abs(rho(x, y)))
        assert abs(rho(x, y)) < 0.01
        assert (rank_correlation(x, y).high < 0.5) == weak


def test_rank_correlation_of_a_monotone_relation_and_of_too_few_pairs():
    assert rank_correlation([1, 2, 3, 4, 5], [1, 4, 9, 16, 25]).value == pytest.approx(1)
    few = rank_correlation([1, 2, 3], [3, 2, 1])
    assert (few.low, few.high) == (-1, 1)
