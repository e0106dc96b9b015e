"""COCO's masks against pycocotools where it is installed, and against drawing them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from reprise.data.coco_runs import counts_of, decode_strings, encode_string, mask_of, polygon_counts

masks = hnp.arrays(bool, st.tuples(st.integers(1, 20), st.integers(1, 40)))


def pycocotools():
    return pytest.importorskip("pycocotools.mask", reason="pycocotools is not installed")


@given(st.lists(masks, max_size=4))
def test_what_is_written_is_read_again(several):
    strings = [encode_string(counts_of(mask)) for mask in several]
    for mask, counts in zip(several, decode_strings(strings), strict=True):
        np.testing.assert_array_equal(mask_of(counts, mask.shape), mask)


def test_known_strings():
    """Worked by hand: 6, 1, 40, 4, 5 is written as 6, 1, 40, 4 - 1, 5 - 40."""
    assert encode_string(np.array([6, 1, 40, 4, 5])) == "61X13mN"
    assert decode_strings(["61X13mN", "", "0P1"])[0].tolist() == [6, 1, 40, 4, 5]


@given(masks)
def test_strings_are_those_of_pycocotools(mask):
    expected = pycocotools().encode(np.asfortranarray(mask.astype(np.uint8)))["counts"].decode()
    assert encode_string(counts_of(mask)) == expected
    np.testing.assert_array_equal(mask_of(decode_strings([expected])[0], mask.shape), mask)


@pytest.mark.parametrize("seed", range(60))
def test_polygons_are_drawn_as_in_pycocotools(seed):
    rng = np.random.default_rng(seed)
    size = (int(rng.integers(1, 50)), int(rng.integers(1, 60)))
    points = rng.uniform(-4, 1.1 * max(size), (int(rng.integers(3, 12)), 2))
    points = points.round(rng.integers(0, 3))
    rle = pycocotools().frPyObjects([points.ravel().tolist()], *size)
    expected = pycocotools().decode(rle)[..., 0].astype(bool)
    np.testing.assert_array_equal(mask_of(polygon_counts(points, size), size), expected)


def test_a_rectangle_covers_the_pixels_whose_middles_it_holds():
    found = mask_of(polygon_counts(np.array([[2, 3], [7, 3], [7, 5], [2, 5]]), (8, 9)), (8, 9))
    expected = np.zeros((8, 9), bool)
    expected[3:5, 2:7] = True
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("text", "message"), [("5é", "1: a letter"), ("5X", "1: its last number"), ("PPPPPPPPPPP0", "1: a")]
)
def test_what_is_no_string_of_runs_is_refused_by_its_place(text, message):
    with pytest.raises(ValueError, match=message):
        decode_strings(["5", text, "6"])


@pytest.mark.parametrize("counts", [[3], [9, 1], [12, -3], []])
def test_runs_that_do_not_fill_the_picture_are_refused(counts):
    with pytest.raises(ValueError, match=r"do not fill a picture of 3 x 3"):
        mask_of(np.array(counts), (3, 3))
