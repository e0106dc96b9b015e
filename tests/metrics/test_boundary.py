"""Boundary IoU equals the definition, pixel by pixel, and tells ragged outlines from smooth ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from reprise.metrics.boundary import boundary, boundary_counts, boundary_iou, default_distance


def by_definition(mask, distance):
    """Each pixel of the mask asks every pixel of a window, beyond the picture's border too."""
    found = np.zeros(mask.shape, bool)
    for row, column in np.argwhere(mask):
        for y in range(row - distance, row + distance + 1):
            for x in range(column - distance, column + distance + 1):
                beyond = not (0 <= y < mask.shape[0] and 0 <= x < mask.shape[1])
                found[row, column] |= beyond or not mask[y, x]
    return found


@given(hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9)), st.integers(1, 3))
def test_it_is_what_lies_within_the_distance_of_the_outside(mask, distance):
    np.testing.assert_array_equal(boundary(mask, distance), by_definition(mask, distance))


def test_equal_maps_have_one_and_maps_without_anything_in_common_zero():
    labels = np.zeros((20, 30), np.uint8)
    labels[4:12, 5:20] = 1
    assert np.nanmin(boundary_iou(boundary_counts(labels, labels, 3, 2))) == 1
    assert np.isnan(boundary_iou(boundary_counts(labels, labels, 3, 2))[2])
    assert boundary_iou(boundary_counts(labels, 1 - labels, 2, 2)).max() < 0.2


def test_a_moved_outline_costs_a_large_object_more_of_it_than_of_mask_iou():
    truth, predicted = np.zeros((2, 100, 100), np.uint8)
    truth[10:90, 10:90] = predicted[12:92, 12:92] = 1
    counts = boundary_counts(truth, predicted, 2, 2)
    mask_iou = ((truth & predicted).sum()) / (truth | predicted).sum()
    assert mask_iou > 0.9
    assert boundary_iou(counts)[1] < 0.1


def test_counts_of_pictures_add_up_and_ignored_pixels_count_nowhere():
    rng = np.random.default_rng(0)
    truth, predicted = rng.integers(0, 3, (2, 12, 12))
    spoilt = predicted.copy()
    truth[:4] = 255
    spoilt[:3] = 2 - predicted[:3]  # what is predicted three pixels from what is known
    one, other = (boundary_counts(truth, said, 3, 1) for said in (predicted, spoilt))
    np.testing.assert_array_equal(one, other)
    assert (one[:, 0] <= one[:, 1]).all()


def test_the_default_distance_is_two_hundredths_of_the_diagonal():
    assert default_distance(480, 640) == 16
    assert default_distance(3, 3) == 1


def test_shapes_labels_and_distances_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="at least 1"):
        boundary(np.ones((2, 2), bool), 0)
    with pytest.raises(ValueError, match="label maps"):
        boundary_counts(np.zeros((2, 2), int), np.zeros((2, 3), int), 2)
    with pytest.raises(ValueError, match="found label 5"):
        boundary_counts(np.full((2, 2), 5), np.zeros((2, 2), int), 2)
