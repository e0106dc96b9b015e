"""Selective search against its text, done slowly from pixels; and whether it finds what is there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reprise.data.objects import generate
from reprise.data.selective import group, selective_search


def slowly(patches, colour_bins, texture_bins):
    """Every similarity anew from the pixels of both patches, at every step."""
    height, width = patches.shape
    sets = {k: set(np.flatnonzero(patches.ravel() == k).tolist()) for k in range(patches.max() + 1)}

    def box(pixels):
        rows, columns = [p // width for p in pixels], [p % width for p in pixels]
        return min(columns), min(rows), max(columns) + 1, max(rows) + 1

    def histogram(pixels, bins):
        found = np.zeros(bins.max() + 1)
        for p in pixels:
            for b in bins[p]:
                found[b] += 1
        return found / found.sum()

    def touch(one, other):
        steps = {p + 1 for p in one if p % width < width - 1} | {p - 1 for p in one if p % width}
        return bool((steps | {p + width for p in one} | {p - width for p in one}) & other)

    def similarity(one, other):
        shared = sum(
            np.minimum(histogram(one, bins), histogram(other, bins)).sum() for bins in (colour_bins, texture_bins)
        )
        x1, y1, x2, y2 = box(one | other)
        together, total = len(one) + len(other), height * width
        return shared + 1 - together / total + 1 - ((x2 - x1) * (y2 - y1) - together) / total

    boxes = [box(pixels) for pixels in sets.values()]
    while len(sets) > 1:
        pairs = [(i, j) for i in sets for j in sets if i < j and touch(sets[i], sets[j])]
        values = [similarity(sets[i], sets[j]) for i, j in pairs]
        assume(sum(value > max(values) - 1e-9 for value in values) == 1)  # of two alike, either may come first
        i, j = pairs[int(np.argmax(values))]
        sets[i] |= sets.pop(j)
        boxes.append(box(sets[i]))
    return boxes


@settings(max_examples=40)
@given(st.integers(0, 10_000))
def test_joining_is_that_of_the_text_done_slowly(seed):
    rng = np.random.default_rng(seed)
    blocks = rng.permutation(np.arange(9)).reshape(3, 3)
    patches = np.repeat(np.repeat(blocks, [2, 1, 3], 0), [1, 3, 2], 1)
    patches = np.unique(np.minimum(patches, 6), return_inverse=True)[1].reshape(patches.shape)
    bins = [rng.integers(0, 12, (patches.size, channels)) for channels in (2, 3)]
    assert group(patches, *bins).tolist() == [list(map(int, box)) for box in slowly(patches, *bins)]


def test_a_picture_of_one_colour_gives_one_box():
    assert selective_search(np.full((20, 30, 3), 90, np.uint8)).tolist() == [[0, 0, 30, 20]]


def test_flat_shapes_are_found_to_the_pixel():
    image = np.full((60, 80, 3), 40, np.uint8)
    image[5:25, 10:40] = (200, 30, 30)
    image[30:55, 45:70] = (30, 60, 220)
    found = selective_search(image, sigma=0)
    for box in ([10, 5, 40, 25], [45, 30, 70, 55], [0, 0, 80, 60]):
        assert box in found.tolist()


def test_boxes_differ_and_lie_in_the_picture():
    found = selective_search(generate(4, 4, 64, 3).images[0])
    assert len(np.unique(found, axis=0)) == len(found)
    assert (found[:, :2] < found[:, 2:]).all()
    assert found.min() >= 0
    assert found.max() <= 64


@pytest.mark.parametrize(("number", "least"), [(20, 0.5), (100, 0.9)])
def test_of_a_hundred_boxes_some_are_near_nine_tenths_of_all_objects(number, least):
    from reprise.layers.boxes import iou, torch

    pictures, recalled = generate(12, 4, 96, 5), []
    for image, boxes, count in zip(pictures.images, pictures.boxes, pictures.count, strict=True):
        found = torch.from_numpy(selective_search(image)[:number])
        recalled += (iou(torch.from_numpy(boxes[:count]), found).amax(dim=1) >= 0.5).tolist()
    assert np.mean(recalled) >= least
