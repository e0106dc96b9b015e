"""Objects are matched as in the cell-tracking challenge, and neighbours that run together are told."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from reprise.metrics.instances import components, instance_iou, kept_apart, neighbours, overlaps

MAPS = hnp.arrays(np.int32, (6, 7), elements=st.integers(0, 4))


@given(MAPS, MAPS)
def test_each_object_has_the_jaccard_index_of_the_region_that_covers_more_than_half_of_it(truth, predicted):
    expected = []
    for number in sorted(set(truth.ravel().tolist()) - {0}):
        own, score = truth == number, 0.0
        for region in set(predicted.ravel().tolist()) - {0}:
            other = predicted == region
            if 2 * (own & other).sum() > own.sum():
                score = (own & other).sum() / (own | other).sum()
        expected.append(score)
    np.testing.assert_allclose(instance_iou(truth, predicted), expected)


@given(MAPS, st.integers(1, 3))
def test_neighbours_are_all_pairs_with_pixels_within_the_distance(truth, distance):
    places = {number: np.argwhere(truth == number) for number in set(truth.ravel().tolist()) - {0}}
    expected = [
        (a, b)
        for a in sorted(places)
        for b in sorted(places)
        if a < b and np.abs(places[a][:, None] - places[b][None]).max(axis=2).min() <= distance
    ]
    assert [tuple(pair) for pair in neighbours(truth, distance).tolist()] == expected


def two_cells():
    truth = np.zeros((8, 11), np.int32)
    truth[1:7, 1:5], truth[1:7, 6:10] = 1, 2
    return truth


def test_two_cells_that_are_one_region_are_not_kept_apart_and_two_regions_are():
    truth = two_cells()
    pairs = neighbours(truth, 2)
    assert pairs.tolist() == [[1, 2]]
    assert kept_apart(truth, components(truth > 0), pairs).tolist() == [True]
    joined = truth > 0
    joined[3, 5] = True
    assert kept_apart(truth, components(joined), pairs).tolist() == [False]
    assert instance_iou(truth, components(joined)).max() < 0.6


def test_a_segmentation_of_nothing_keeps_nothing_apart():
    truth = two_cells()
    nothing = np.zeros_like(truth)
    assert kept_apart(truth, nothing, neighbours(truth, 2)).tolist() == [False]
    assert instance_iou(truth, nothing).tolist() == [0, 0]
    assert instance_iou(nothing, truth).shape == (0,)
    assert kept_apart(nothing, nothing, neighbours(nothing, 2)).shape == (0,)


def test_regions_are_connected_along_sides():
    assert components(np.eye(3, dtype=bool)).max() == 3
    assert overlaps(np.eye(2, dtype=int), np.eye(2, dtype=int)).tolist() == [[0, 2]]
    with pytest.raises(ValueError, match="two maps"):
        overlaps(np.zeros((2, 2), int), np.zeros((2, 3), int))
