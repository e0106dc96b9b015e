"""Membrane stacks are read from TIFF and PNG alike, and generated cells touch without running into one."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image

from reprise.data import cell_shapes, cells
from reprise.data.stacks import read_stack
from reprise.metrics.instances import components, neighbours

CONFIG = {"train": 2, "test": 2, "size": 96, "seed": 0}


def slices(n=12, size=(6, 7), seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (n, *size), np.uint8), (rng.random((n, *size)) < 0.7).astype(np.uint8) * 255


def volumes(folder, images, labels):
    folder.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(folder / "train-volume.tif", images, photometric="minisblack")
    tifffile.imwrite(folder / "train-labels.tif", labels, photometric="minisblack")


def folders(folder, images, labels):
    for name, stack in (("image", images), ("label", labels)):
        (folder / "train" / name).mkdir(parents=True)
        for number, page in enumerate(stack):
            Image.fromarray(page).save(folder / "train" / name / f"{number}.png")


@pytest.mark.parametrize("write", [volumes, folders])
def test_volumes_and_folders_hold_the_same_slices_in_order(tmp_path, write):
    images, labels = slices()
    write(tmp_path, images, labels)
    found = read_stack(tmp_path)
    np.testing.assert_array_equal(found.images, images)  # 10 comes after 9
    np.testing.assert_array_equal(found.inside, labels > 0)


def test_numbers_of_pages_values_and_sizes_that_differ_are_all_told(tmp_path):
    images, labels = slices()
    volumes(tmp_path / "a", images, labels[:-1])
    with pytest.raises(cells.StackError, match=r"train-volume.tif has 12 slices, train-labels.tif 11"):
        read_stack(tmp_path / "a")
    labels[3, 0, 0], labels[5, 0, 0] = 7, 9
    volumes(tmp_path / "b", images, labels)
    with pytest.raises(cells.StackError) as caught:
        read_stack(tmp_path / "b")
    assert "page 3: has label 7" in str(caught.value)
    assert "page 5: has label 9" in str(caught.value)
    folders(tmp_path / "c", *slices(4))
    Image.new("L", (9, 9)).save(tmp_path / "c/train/label/2.png")
    Image.new("L", (7, 6)).save(tmp_path / "c/train/label/9.png")
    (tmp_path / "c/train/image/0.png").write_bytes(b"nothing")
    with pytest.raises(cells.StackError) as caught:
        read_stack(tmp_path / "c")
    for words in ("2.png: 9 x 9", "9.png: no fellow", "0.png: is not an image"):
        assert words in str(caught.value)


def test_damaged_deep_and_missing_volumes_are_refused(tmp_path):
    with pytest.raises(cells.StackError, match="neither train-volume"):
        read_stack(tmp_path)
    (tmp_path / "train-volume.tif").write_bytes(b"II*\0 but no more")
    with pytest.raises(cells.StackError, match=r"train-labels.tif: cannot be read(.|\n)*volume.tif: holds no page"):
        read_stack(tmp_path)
    images, labels = slices(2)
    volumes(tmp_path, images.astype(np.uint16), labels)
    with pytest.raises(cells.StackError, match="expected grey of 8 bits"):
        read_stack(tmp_path)


def test_real_slices_are_numbered_region_by_region_and_the_last_ones_test(tmp_path):
    images, labels = slices(8)
    volumes(tmp_path / "isbi2012", images, labels)
    cells.make(cells.Config(**CONFIG), "real", tmp_path / "cells", tmp_path / "out.npz")
    found = cells.load(tmp_path / "out.npz")
    np.testing.assert_array_equal(found.images, images[[0, 1, 6, 7]])
    assert found.part.tolist() == [0, 0, 2, 2]
    np.testing.assert_array_equal(found.instances > 0, labels[[0, 1, 6, 7]] > 0)
    with pytest.raises(cells.StackError, match=r"asks for 7 \+ 2 slices; there are 8"):
        cells.make(cells.Config(**CONFIG | {"train": 7}), "real", tmp_path / "cells", tmp_path / "out.npz")


def test_generated_cells_are_whole_touch_each_other_and_follow_the_seed(tmp_path):
    images, numbers = cell_shapes.generate(6, 128, 0)
    for each in numbers:
        for number in range(1, each.max() + 1):
            assert components(each == number).max() == 1
            assert (each == number).sum() >= 20
    touching = [len(neighbours(each, 1)) for each in numbers]
    assert min(touching) >= 3
    apart = sum(int(components(each > 0).max()) for each in numbers)
    assert apart < sum(int(each.max()) for each in numbers)  # what a map of one class shows
    again, _ = cell_shapes.generate(2, 128, 0, first=3)
    np.testing.assert_array_equal(again, images[3:5])
    cells.make(cells.Config(**CONFIG), "generated", tmp_path, tmp_path / "a.npz")
    assert cells.load(tmp_path / "a.npz").images.shape == (4, 96, 96)


def test_the_line_between_touching_cells_is_darker_than_cells_but_does_not_always_show():
    images, numbers = cell_shapes.generate(8, 128, 1)
    from scipy import ndimage

    inner, line = [], []
    for image, each in zip(images, numbers, strict=True):
        deep = ndimage.minimum_filter(each, 5) == each
        inner.append(image[(each > 0) & deep & (ndimage.maximum_filter(each, 5) == each)])
        line.append(
            image[(each > 0) & (ndimage.maximum_filter(each, 3) != each) & (ndimage.minimum_filter(each, 3) > 0)]
        )
    inner, line = np.concatenate(inner), np.concatenate(line)
    assert line.mean() < inner.mean() - 8
    assert (line > np.median(inner)).mean() > 0.1
    with pytest.raises(ValueError, match="at least 1 of 48"):
        cell_shapes.generate(1, 20, 0)
