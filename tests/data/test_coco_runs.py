"""COCO's masks against pycocotools where it is installed, and against drawing them."""

from __future__ import annotations

from itertools import pairwise

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


def drawn_step_by_step(points, size):
    """What a polygon encloses, by every point of its edges on the fine grid, as pycocotools goes."""
    height, width = size
    corners = np.trunc(5 * points + 0.5).astype(int)
    path = []
    for one, other in zip(corners, np.roll(corners, -1, 0), strict=True):
        far = np.abs(other - one)
        along = int(far[0] < far[1])
        turned = one[along] > other[along]
        start, stop = (other, one) if turned else (one, other)
        slope = (stop[1 - along] - start[1 - along]) / far[along] if far[along] else 0.0
        edge = np.empty((far[along] + 1, 2), int)
        edge[:, along] = start[along] + np.arange(far[along] + 1)
        edge[:, 1 - along] = np.trunc(start[1 - along] + slope * np.arange(far[along] + 1) + 0.5)
        path.append(edge[::-1] if turned else edge)
    path = np.concatenate(path)
    inside = np.zeros((height, width), bool)
    for (x, y), (after_x, after_y) in pairwise(path):
        column = (min(x, after_x) + 0.5) / 5 - 0.5
        if x != after_x and column == np.floor(column) and 0 <= column < width:
            row = int(np.ceil(np.clip((min(y, after_y) + 0.5) / 5 - 0.5, 0, height)))
            flat = inside.T.ravel()
            flat[int(column) * height + row :] ^= True
            inside = flat.reshape(width, height).T
    return inside


@pytest.mark.parametrize("seed", range(60))
def test_polygons_are_drawn_as_step_by_step_however_far_they_reach(seed):
    rng = np.random.default_rng(seed)
    size = (int(rng.integers(1, 30)), int(rng.integers(1, 30)))
    reach = [4, 40, 300][seed % 3]
    points = rng.uniform(-reach, reach + 30, (int(rng.integers(3, 9)), 2)).round(int(rng.integers(0, 3)))
    np.testing.assert_array_equal(mask_of(polygon_counts(points, size), size), drawn_step_by_step(points, size))


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
