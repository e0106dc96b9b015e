"""The three errors of the membrane challenge equal their definitions, and see what they are made to see."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage.metrics import adapted_rand_error

from reprise.metrics.membranes import (
    AROUND,
    CORNERS,
    least_error,
    pixel_error,
    rand_error,
    simple_patterns,
    warp,
    warping_error,
)

MASKS = hnp.arrays(bool, (7, 8))


def numbers(picture):
    """Regions and membranes, with membrane beyond the border."""
    wide = np.pad(picture, 1)
    return ndimage.label(wide)[1], ndimage.label(~wide, CORNERS)[1]


def cells():
    """Two cells beside each other and a membrane around and between them."""
    picture = np.zeros((20, 31), bool)
    picture[2:18, 2:15] = picture[2:18, 16:29] = True
    return picture


@given(MASKS, MASKS)
def test_rand_error_equals_counting_all_pairs_and_scikit_image(truth, predicted):
    found = rand_error(truth, predicted)
    true, said = ndimage.label(truth)[0][truth], ndimage.label(predicted)[0][truth]
    if not len(true):
        assert found == 0
        return
    both = one = other = 0
    for i, j in itertools.product(range(len(true)), repeat=2):
        both += true[i] == true[j] and said[i] == said[j]
        one += true[i] == true[j]
        other += said[i] == said[j]
    assert found == pytest.approx(1 - 2 * both / (one + other))
    n = len(true)
    if min(one, other) > n:  # scikit-image leaves out the pairs of a pixel with itself
        theirs = adapted_rand_error(ndimage.label(truth)[0], ndimage.label(predicted)[0] + 1, ignore_labels=(0,))[0]
        assert theirs == pytest.approx(1 - 2 * (both - n) / (one + other - 2 * n))


@given(MASKS, MASKS)
def test_warping_keeps_the_number_of_regions_and_of_membranes_and_only_turns_what_differs(truth, predicted):
    warped = warp(truth, predicted)
    assert numbers(warped) == numbers(truth)
    assert not ((warped != truth) & (truth == predicted)).any()
    assert warping_error(truth, predicted) <= pixel_error(truth, predicted)


def test_a_surrounding_is_simple_exactly_where_turning_the_middle_changes_no_number():
    # alone on a large empty ground nothing else can connect what the window separates
    for pattern, simple in enumerate(simple_patterns()):
        window = np.zeros((9, 9), bool)
        for bit, (row, column) in enumerate(AROUND):
            window[4 + row, 4 + column] = bool(pattern >> bit & 1)
        turned = window.copy()
        turned[4, 4] = True
        assert simple == (numbers(window) == numbers(turned)), pattern


def test_outlines_that_are_only_moved_cost_nothing_and_a_gap_in_the_membrane_costs_one_pixel():
    truth = cells()
    moved = np.roll(truth, 1, axis=1)
    assert pixel_error(truth, moved) > 0.05
    assert warping_error(truth, moved) == 0
    merged = truth.copy()
    merged[9, 15] = True
    assert warping_error(truth, merged) == 1 / truth.size
    assert rand_error(truth, merged) > 0.3
    assert rand_error(truth, moved) < 0.12


def test_equal_pictures_have_no_error_and_all_membrane_the_largest_pixel_error():
    truth = cells()
    for error in (pixel_error, rand_error, warping_error):
        assert error(truth, truth) == 0
    assert pixel_error(truth, ~truth) == 1
    assert rand_error(np.zeros((4, 4), bool), np.ones((4, 4), bool)) == 0


def test_the_smallest_error_over_thresholds_is_found():
    truth = cells()
    probability = np.where(truth, 0.7, 0.4)
    assert pixel_error(truth, probability > 0.2) > 0
    assert least_error(pixel_error, truth, probability, (0.2, 0.5, 0.9)) == 0


def test_what_is_no_pair_of_boolean_pictures_is_refused():
    for truth, predicted in ((np.zeros((2, 2)), np.zeros((2, 2))), (np.zeros((2, 2), bool), np.zeros((2, 3), bool))):
        for error in (pixel_error, rand_error, warping_error):
            with pytest.raises(ValueError, match="two boolean pictures"):
                error(truth, predicted)
