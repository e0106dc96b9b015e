"""CamVid's and VOC's folders become one prepared file, or one error that names every bad file; scenes are known."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from reprise.data import scenes
from reprise.data.label_folders import CAMVID, VOC, read_camvid, read_voc
from reprise.data.label_pictures import voc_palette
from reprise.data.scene_shapes import CLASSES, FORMS, form

CONFIG = {"train": 5, "validation": 1, "test": 5, "size": 64, "seed": 3}


def camvid(folder, counts=(2, 1, 1), size=(12, 16)):
    rng = np.random.default_rng(0)
    for name, count in zip(("train", "val", "test"), counts, strict=True):
        for sub in (name, f"{name}annot"):
            (folder / sub).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            Image.fromarray(rng.integers(0, 255, (*size, 3), np.uint8)).save(folder / name / f"{name}{number}.png")
            Image.fromarray(rng.integers(0, 12, size, np.uint8)).save(folder / f"{name}annot" / f"{name}{number}.png")
    return folder


def voc(folder, sizes=((10, 12), (14, 9), (8, 8))):
    for sub in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (folder / sub).mkdir(parents=True)
    for number, size in enumerate(sizes):
        Image.new("RGB", size[::-1], (10, 20, 30)).save(folder / "JPEGImages" / f"p{number}.jpg")
        label = Image.fromarray(np.full(size, number, np.uint8))
        label.putpalette(voc_palette().tobytes())
        label.save(folder / "SegmentationClass" / f"p{number}.png")
    (folder / "ImageSets/Segmentation/train.txt").write_text("p0\n")
    (folder / "ImageSets/Segmentation/val.txt").write_text("p1\np2\n")
    return folder


def test_camvid_is_read_in_its_parts_and_void_counts_nowhere(tmp_path):
    found = read_camvid(camvid(tmp_path))
    assert found.images.shape == (4, 12, 16, 3)
    assert found.part.tolist() == [0, 0, 1, 2]
    assert found.classes.tolist() == list(CAMVID)
    assert set(np.unique(found.labels)) <= {*range(11), 255}
    raw = np.asarray(Image.open(tmp_path / "testannot/test0.png"))
    np.testing.assert_array_equal(found.labels[3] == 255, raw == 11)


def test_everything_that_is_wrong_is_named_at_once_and_nothing_else(tmp_path):
    camvid(tmp_path, (4, 2, 1))
    Image.fromarray(np.full((12, 16), 13, np.uint8)).save(tmp_path / "trainannot/train0.png")
    Image.new("L", (16, 11)).save(tmp_path / "trainannot/train1.png")
    (tmp_path / "train/train2.png").write_bytes(b"no picture")
    (tmp_path / "valannot/val0.png").unlink()
    Image.new("RGB", (20, 12)).save(tmp_path / "val/val1.png")
    (tmp_path / "trainannot/more\x1b.png").write_bytes(b"x")
    with pytest.raises(scenes.SceneError) as caught:
        read_camvid(tmp_path)
    message = str(caught.value)
    for words in (
        "train0.png: has label 13", "train1.png: 11 x 16, its picture is 12 x 16", "train2.png: is not an image",
        "val0.png: no labels", "val1.png: 12 x 20, the others are 12 x 16", "no picture in",
    ):  # fmt: skip
        assert words in message
    assert "\x1b" not in message
    assert "train3" not in message


def test_a_missing_folder_and_an_empty_part_are_told(tmp_path):
    with pytest.raises(scenes.SceneError, match="no such folder"):
        read_camvid(tmp_path)
    with pytest.raises(scenes.SceneError, match="no pictures for test"):
        read_camvid(camvid(tmp_path, (1, 1, 0)))


@pytest.mark.parametrize("below", ["", "VOCdevkit/VOC2012"])
def test_voc_is_filled_up_to_one_size_with_ignored_pixels(tmp_path, below):
    voc(tmp_path / below)
    found = read_voc(tmp_path)
    assert found.images.shape == (3, 14, 12, 3)
    assert found.part.tolist() == [0, 1, 2]
    assert found.classes.tolist() == list(VOC)
    assert (found.labels[1] == 255).sum() == 14 * 3
    assert (found.labels[2][:8, :8] == 2).all()


def test_vocs_lists_palettes_and_missing_files_are_checked(tmp_path):
    voc(tmp_path)
    label = Image.fromarray(np.full((10, 12), 3, np.uint8))
    label.putpalette(bytes([9, 9, 9]) * 256)
    label.save(tmp_path / "SegmentationClass/p0.png")
    (tmp_path / "JPEGImages/p1.jpg").unlink()
    (tmp_path / "ImageSets/Segmentation/val.txt").write_text("p1 p2 ../../etc/passwd")
    with pytest.raises(scenes.SceneError) as caught:
        read_voc(tmp_path)
    for words in ("p0.png: has a palette", "p1.jpg: No such file", "passwd is no name of a picture"):
        assert words in str(caught.value)


def test_shrinking_averages_pictures_and_takes_labels_from_blocks_middles():
    images = np.arange(6 * 9 * 3, dtype=np.uint8).reshape(1, 6, 9, 3)
    labels = np.arange(54, dtype=np.uint8).reshape(1, 6, 9)
    found = scenes.shrunk(scenes.Scenes(images, labels, *[np.zeros(1)] * 3), 3)
    assert found.images.shape == (1, 2, 3, 3)
    assert found.labels[0].tolist() == [[10, 13, 16], [37, 40, 43]]
    np.testing.assert_allclose(found.images[0, 0, 0], images[0, :3, :3].mean(axis=(0, 1)), atol=0.5)


def test_generated_scenes_follow_the_seed_and_no_two_parts_share_one(tmp_path):
    config = scenes.Config(**CONFIG)
    scenes.make(config, "generated", tmp_path, tmp_path / "a.npz")
    scenes.make(config, "generated", tmp_path, tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    found = scenes.load(tmp_path / "a.npz")
    assert np.bincount(found.part).tolist() == [5, 1, 5]
    assert len({image.tobytes() for image in found.images}) == 11
    longer = scenes.generate(scenes.Config(**CONFIG | {"test": 7}))
    np.testing.assert_array_equal(longer.images[:11], found.images)
    assert found.labels.max() < len(CLASSES) == 21
    other = scenes.generate(scenes.Config(**CONFIG | {"seed": 4}))
    assert (other.images != found.images).any()


def test_real_pictures_go_through_the_same_door(tmp_path):
    camvid(tmp_path / "camvid")
    scenes.make(scenes.Config(**CONFIG, shrink=2), "real", tmp_path / "scenes", tmp_path / "out.npz")
    assert scenes.load(tmp_path / "out.npz").images.shape == (4, 6, 8, 3)


@pytest.mark.parametrize("name", FORMS)
def test_forms_lie_within_their_radius_and_thin_ones_are_thin(name):
    y, x = np.mgrid[-40:41, -40:41].astype(float)
    inside = form(name, x, y, 30, 6)
    assert inside.any()
    assert np.hypot(x, y)[inside].max() <= 30 * 2**0.5
    if name in ("ring", "cross", "bar"):
        from scipy import ndimage

        assert ndimage.distance_transform_edt(inside).max() <= 6  # the middle of a cross
    with pytest.raises(ValueError, match="form"):
        form("blob", x, y, 30, 6)
