"""Otsu's threshold against scikit-image, brute force and its two definitions."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from skimage import data
from skimage.filters import threshold_otsu

from reprise.studies.thresholds.comparison import disagree
from reprise.studies.thresholds.definitions import same_optimum
from reprise.studies.thresholds.images import PHOTOGRAPHS
from reprise.studies.thresholds.lesson import between_class, histogram, otsu, otsu_index, published_otsu, within_class


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_equals_scikit_image_on_its_photographs(name):
    image = getattr(data, name)()
    assert otsu(image) == threshold_otsu(image)


@pytest.mark.parametrize(
    ("name", "threshold"),
    [("camera", 103), ("coins", 108), ("page", 158), ("moon", 88), ("text", 110), ("clock", 175)],
)
def test_published_form_is_one_too_high(name, threshold):
    image = getattr(data, name)()
    assert published_otsu(image) == threshold == otsu(image) + 1


def brute_force(image: np.ndarray) -> float:
    """Least within-class variance by splitting the pixels at each of their values."""
    best = {}
    for level in np.unique(image)[:-1]:
        dark, bright = image[image <= level], image[image > level]
        best[level] = dark.size * dark.var() + bright.size * bright.var()
    return min(best.values())


@settings(max_examples=60, deadline=None)
@given(arrays(np.uint8, array_shapes(min_dims=1, max_dims=2, max_side=12)))
def test_small_images_against_brute_force_and_scikit_image(image):
    threshold = otsu(image)
    if image.min() == image.max():
        assert threshold == image.flat[0]
        return
    dark, bright = image[image <= threshold].astype(float), image[image > threshold].astype(float)
    assert dark.size * dark.var() + bright.size * bright.var() == pytest.approx(
        brute_force(image.astype(float)), abs=1e-6
    )
    assert same_optimum(image)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert not disagree(image)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=30).filter(lambda counts: sum(counts) > 0))
def test_within_and_between_add_up_to_the_total(counts):
    levels = np.repeat(np.arange(len(counts)), counts).astype(float)
    for within, between in zip(within_class(np.array(counts)), between_class(np.array(counts)), strict=True):
        if within is not None:
            assert float(within + between) == pytest.approx(levels.var(), abs=1e-9)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.int64, np.uint64])
def test_whole_number_types(dtype):
    image = np.array([3, 4, 5, 60, 61, 62], dtype=dtype)
    assert otsu(image) == 5


def test_negative_levels():
    assert otsu(np.array([[-90, -91], [5, 6]], dtype=np.int16)) == -90


def test_floating_point_equals_scikit_image():
    rng = np.random.default_rng(0)
    image = np.where(rng.random((50, 50)) < 0.4, rng.normal(0, 1, (50, 50)), rng.normal(6, 1, (50, 50)))
    assert otsu(image) == pytest.approx(threshold_otsu(image), abs=1e-12)


@pytest.mark.parametrize("image", [np.full((3, 4), 7, np.uint8), np.full(5, 0.25), np.zeros((2, 2), np.int32)])
def test_one_value_has_no_bright_class(image):
    assert otsu(image) == threshold_otsu(image) == image.flat[0]
    assert not (image > otsu(image)).any()


def test_a_gap_in_the_histogram_is_a_tie_and_the_lowest_wins():
    assert otsu(np.array([10, 10, 200, 200], np.uint8)) == 10


@pytest.mark.parametrize("size", [1, 2, 3, 2**19 + 1])
def test_bytes_are_counted_rightly(size):
    image = np.random.default_rng(size).integers(0, 256, size, dtype=np.uint8)
    counts, values = histogram(image)
    np.testing.assert_array_equal(np.repeat(values, counts), np.sort(image))


def test_slices_and_orders_of_memory_do_not_matter():
    image = np.random.default_rng(0).integers(0, 256, (33, 17), dtype=np.uint8)
    assert otsu(image.T) == otsu(image[::-1, ::-1]) == otsu(image)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((0, 3), np.uint8), "no pixels"),
        (np.array([1.0, np.nan]), "not finite"),
        (np.array(["a"]), "expected whole or floating"),
        (np.array([True, False]), "type bool"),
        (np.array([0, 2**30]), "floating point first"),
    ],
)
def test_bad_images_end_in_a_clear_error(image, message):
    with pytest.raises(ValueError, match=message):
        otsu(image)


@pytest.mark.parametrize("counts", [np.zeros(4, int), np.zeros((2, 2), int), np.array([1, -1, 1])])
def test_bad_histograms_end_in_a_clear_error(counts):
    with pytest.raises(ValueError, match="one count a level"):
        otsu_index(counts)
