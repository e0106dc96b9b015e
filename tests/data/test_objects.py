"""Generated scenes: what is said of them is what is drawn."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.data.annotated import load
from reprise.data.objects import CLASSES, Config, generate, make
from reprise.settings import SOURCES


@pytest.fixture(scope="module")
def pictures():
    return generate(150, 50, 96, 0)


def real(pictures):
    return np.arange(pictures.boxes.shape[1]) < pictures.count[:, None]


def test_boxes_are_those_around_the_masks(pictures):
    for boxes, masks, count in zip(pictures.boxes, pictures.masks, pictures.count, strict=True):
        for box, mask in zip(boxes[:count], masks[:count], strict=True):
            rows, columns = np.nonzero(mask)
            assert box.tolist() == [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        assert not masks[count:].any()
        assert not boxes[count:].any()


def test_no_pixel_belongs_to_two_objects_and_some_objects_are_partly_covered(pictures):
    assert pictures.masks.sum(1).max() == 1
    boxes = pictures.boxes[real(pictures)]
    squares = (pictures.classes == CLASSES.index("square"))[real(pictures)]
    share = pictures.masks[real(pictures)].sum((1, 2)) / (boxes[:, 2:] - boxes[:, :2]).prod(1)
    assert 0.02 < (share[squares] < 0.6).mean() < 0.5


def test_sizes_fill_three_octaves_alike(pictures):
    boxes = pictures.boxes[real(pictures)]
    sides = np.sqrt((boxes[:, 2:] - boxes[:, :2]).prod(1))
    shares = np.histogram(sides, [0, 16, 32, 96])[0] / len(sides)
    assert (shares > 0.2).all()
    assert (shares < 0.5).all()


def test_classes_are_alike_frequent_and_hue_alone_tells_few(pictures):
    shares = np.bincount(pictures.classes[real(pictures)], minlength=4) / real(pictures).sum()
    assert (abs(shares - 0.25) < 0.08).all()
    assert pictures.count.min() >= 1
    assert pictures.count.max() == 5


def test_a_scene_does_not_depend_on_how_many_there_are(pictures):
    few = generate(7, 3, 96, 0)
    np.testing.assert_array_equal(few.images[:7], pictures.images[:7])
    np.testing.assert_array_equal(few.images[7:], pictures.images[150:153])
    assert few.test.tolist() == [False] * 7 + [True] * 3
    assert (generate(7, 3, 96, 1).images != few.images).any()


def test_the_prepared_file_holds_all_and_repeats(tmp_path):
    config = Config(train=5, test=4, size=64, seed=2)
    for name in ("one", "two"):
        make(config, SOURCES[0], tmp_path / "raw", tmp_path / f"{name}.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    found, expected = load(tmp_path / "one.npz"), generate(5, 4, 64, 2)
    for name in ("images", "boxes", "classes", "count", "masks", "test"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    assert found.class_names == CLASSES
