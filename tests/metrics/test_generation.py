"""Fréchet distance, precision and recall against torchmetrics, closed forms and plain loops."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchmetrics.image.fid import _compute_fid

from reprise.metrics import generation
from reprise.metrics.generation import frechet_distance, nearest_distance, precision_recall


def features(count, size, seed, scale=1.0, shift=0.0):
    rng = np.random.default_rng(seed)
    return scale * rng.normal(size=(count, size)) @ rng.normal(size=(size, size)) + shift


@given(seed=st.integers(0, 50), size=st.integers(1, 6), shift=st.floats(-3, 3))
def test_torchmetrics_finds_the_same_distance(seed, size, shift):
    one, other = features(40, size, seed), features(30, size, seed + 99, 1.5, shift)
    parts = []
    for each in (one, other):
        tensor = torch.from_numpy(each)
        parts += [tensor.mean(dim=0), torch.cov(tensor.T).reshape(size, size)]
    assert frechet_distance(one, other) == pytest.approx(float(_compute_fid(*parts)), rel=1e-6, abs=1e-8)


def test_of_one_feature_it_is_the_difference_of_means_and_of_spreads():
    one, other = features(50, 1, 0), features(60, 1, 1, 3.0, 2.0)
    expected = (one.mean() - other.mean()) ** 2 + (one.std(ddof=1) - other.std(ddof=1)) ** 2
    assert frechet_distance(one, other) == pytest.approx(expected, rel=1e-10)


def test_it_is_symmetric_and_nothing_for_the_same_examples_however_few_there_are():
    few = features(3, 8, 0)  # a covariance of rank two
    assert frechet_distance(few, few) == pytest.approx(0, abs=1e-6)
    one, other = features(20, 4, 1), features(25, 4, 2)
    assert frechet_distance(one, other) == pytest.approx(frechet_distance(other, one), rel=1e-9)
    assert frechet_distance(np.ones((5, 3)), np.zeros((5, 3))) == pytest.approx(3)  # all alike: no spread at all


def by_loops(real, drawn, k):
    def among(point, others):
        for i, other in enumerate(others):
            own = sorted(np.linalg.norm(other - each) for j, each in enumerate(others) if j != i)
            if np.linalg.norm(point - other) <= own[k - 1]:
                return True
        return False

    return np.mean([among(each, real) for each in drawn]), np.mean([among(each, drawn) for each in real])


@pytest.mark.parametrize("k", [1, 3])
def test_precision_and_recall_are_those_of_a_plain_loop(k):
    real, drawn = features(25, 3, 4), features(20, 3, 5, 0.4)
    assert precision_recall(real, drawn, k) == pytest.approx(by_loops(real, drawn, k))


def test_copies_of_examples_that_occur_often_lie_among_them():
    rows = np.random.default_rng(3).normal(size=(20, 30)) * 10
    real = np.repeat(rows, 5, axis=0)
    assert precision_recall(real, rows.repeat(2, axis=0)[::-1], 3) == (1.0, 1.0)
    assert precision_recall(real, rows + 1e-3, 3)[0] == 0.0


def test_more_rows_than_are_searched_at_once_give_the_same(monkeypatch):
    rng = np.random.default_rng(1)
    real, drawn = rng.normal(size=(90, 5)), rng.normal(0.5, 1, (70, 5))
    whole = precision_recall(real, drawn)
    monkeypatch.setattr(generation, "ROWS", 7)
    assert precision_recall(real, drawn) == whole
    assert 0 < whole[0] < 1


def test_a_collapsed_generator_is_precise_and_recalls_little():
    real = features(200, 2, 6)
    collapsed = real[:1] + 1e-3 * features(200, 2, 7)
    precision, recall = precision_recall(real, collapsed)
    assert precision == 1
    assert recall < 0.05
    assert precision_recall(real, real + 1e6) == (0, 0)
    assert precision_recall(real, real) == (1, 1)


def test_the_nearest_is_the_nearest():
    examples, others = features(7, 4, 8), features(9, 4, 9)
    expected = [min(np.linalg.norm(each - other) for other in others) for each in examples]
    np.testing.assert_allclose(nearest_distance(examples, others), expected, rtol=1e-10)
    np.testing.assert_allclose(nearest_distance(others[:3], others), 0, atol=1e-6)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.zeros((1, 2)), np.zeros((5, 2))),
        (np.zeros((5, 2)), np.zeros((5, 3))),
        (np.zeros(5), np.zeros((5, 1))),
        (np.full((5, 2), np.nan), np.zeros((5, 2))),
        (np.full((5, 2), np.inf), np.zeros((5, 2))),
    ],
)
def test_features_that_cannot_be_compared_are_refused(one, other):
    for measure in (frechet_distance, precision_recall):
        with pytest.raises(ValueError, match="features"):
            measure(one, other)
