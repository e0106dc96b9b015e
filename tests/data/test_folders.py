"""What is found in a folder, what is passed over and said, and which mask belongs to which picture."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reprise.data.folders import find_images, find_masks, natural, told


def save(path: Path, values: np.ndarray, **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path, **options)
    return path


@pytest.fixture
def grey() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (40, 60), dtype=np.uint8)


class TestFolders:
    def test_natural_order_subfolders_and_what_is_left_out(self, tmp_path, grey):
        for name in ("1_10.tif", "1_2.TIF", "b/3.png", ".hidden.png", ".cache/4.png"):
            save(tmp_path / name, grey, format="PNG" if name.endswith("png") else "TIFF")
        (tmp_path / "notes.txt").write_text("no image")
        names = [path.relative_to(tmp_path).as_posix() for path in find_images(tmp_path)]
        assert names == ["1_2.TIF", "1_10.tif", "b/3.png"]

    def test_a_folder_that_cannot_be_read_is_an_error(self, tmp_path, grey, monkeypatch):
        for name in ("1.png", "sub/2.png", ".cache/3.png"):
            save(tmp_path / name, grey)
        listed = os.scandir

        def scandir(path):
            if Path(path).name in ("sub", ".cache"):
                raise PermissionError(13, "Permission denied", str(path))
            return listed(path)

        monkeypatch.setattr(os, "scandir", scandir)
        with pytest.raises(PermissionError, match="sub"):
            find_images(tmp_path)

    def test_kaggles_masks_are_no_images_even_without_their_image(self, tmp_path, grey):
        for name in ("1_1.tif", "1_1_mask.tif", "1_2_mask.tif"):
            save(tmp_path / name, grey)
        assert [path.name for path in find_images(tmp_path)] == ["1_1.tif"]

    def test_a_picture_of_a_mask_is_an_image(self, tmp_path, grey):
        for name in ("venice_mask.png", "gondola.png"):
            save(tmp_path / name, grey)
        assert [path.name for path in find_images(tmp_path)] == ["gondola.png", "venice_mask.png"]

    def test_missing_and_empty_folders(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="nowhere"):
            find_images(tmp_path / "nowhere")
        with pytest.raises(ValueError, match="holds no images"):
            find_images(tmp_path)

    def test_masks_in_both_layouts(self, tmp_path, grey):
        images = [save(tmp_path / "images" / name, grey) for name in ("a.png", "s/b.png")]
        masks = [save(tmp_path / "masks" / name, grey) for name in ("a.tif", "s/b_mask.png")]
        problems = {}
        found = find_masks(images, tmp_path / "images", tmp_path / "masks", problems)
        assert found == dict(zip(images, masks, strict=True))
        beside = save(tmp_path / "images" / "a_mask.png", grey)
        found = find_masks(images[:1], tmp_path / "images", tmp_path / "images", problems)
        assert found == {images[0]: beside}
        assert not problems

    def test_images_without_a_mask_or_with_two_are_all_named(self, tmp_path, grey):
        images = [save(tmp_path / "images" / name, grey) for name in ("a.png", "b.png", "c.png")]
        for name in ("b.png", "c.png", "c.tif"):
            save(tmp_path / "masks" / name, grey)
        problems = {}
        assert list(find_masks(images, tmp_path / "images", tmp_path / "masks", problems)) == [images[1]]
        assert "has 0 masks" in problems[images[0]]
        assert "has 2 masks" in problems[images[2]]
        # an image is not its own mask
        assert find_masks(images, tmp_path / "images", tmp_path / "images", problems) == {}
        assert problems[images[0]].endswith("one named a_mask is needed")

    def test_a_missing_mask_folder(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="nowhere"):
            find_masks([], tmp_path, tmp_path / "nowhere", {})

    def test_what_is_passed_over_is_counted_by_its_reason(self, tmp_path, grey):
        for name in ("1.png", "2.png", "1_mask.png", "._1.png", "._2.png", ".thumbs/3.png"):
            save(tmp_path / name, grey)
        for name in ("notes.txt", "LIST.TXT", "no_suffix", "d.heic"):
            (tmp_path / name).write_text("no image")
        (tmp_path / "gone.png").symlink_to("nothing.png")
        (tmp_path / "again").symlink_to(tmp_path)
        os.mkfifo(tmp_path / "pipe.png")
        passed_over = Counter()
        assert [path.name for path in find_images(tmp_path, passed_over)] == ["1.png", "2.png"]
        assert passed_over == {
            "hidden": 2,
            "hidden folders": 1,
            ".txt": 2,
            "without a suffix": 1,
            ".heic": 1,
            "links to nothing": 1,
            "no ordinary files": 1,
            "links to folders (not entered: give their targets)": 1,
            "masks (X_mask beside X)": 1,
        }
        assert told(passed_over).startswith("11 passed over: 2 hidden, 2 .txt, ")
        assert told(passed_over).endswith(", 1 others")

    def test_a_folder_without_images_says_what_lies_there_instead(self, tmp_path, grey):
        save(tmp_path / "photos" / "1.png", grey)
        (tmp_path / "set").mkdir()
        (tmp_path / "set" / "link").symlink_to(tmp_path / "photos")
        (tmp_path / "set" / "b\x1b[2J.he\nic").write_text("")
        with pytest.raises(ValueError, match="1 links to folders") as caught:
            find_images(tmp_path / "set")
        assert "1 .he\\nic" in str(caught.value)
        assert [path.name for path in find_images(tmp_path / "set" / "link")] == [
            "1.png"
        ]  # given itself, it is entered

    def test_links_to_pictures_are_pictures(self, tmp_path, grey):
        save(tmp_path / "a" / "1.png", grey)
        (tmp_path / "b").mkdir()
        (tmp_path / "b" / "2.png").symlink_to(tmp_path / "a" / "1.png")
        assert len(find_images(tmp_path)) == 2

    @pytest.mark.parametrize(("image_form", "mask_form"), [("NFC", "NFD"), ("NFD", "NFC"), ("NFD", "NFD")])
    def test_names_match_in_any_form_of_unicode(self, tmp_path, grey, image_form, mask_form):
        names = ["\u00fcber/\u00c5ngstr\u00f6m_1", "\uac00_2"]
        images = [save(tmp_path / "images" / f"{unicodedata.normalize(image_form, name)}.png", grey) for name in names]
        masks = [
            save(tmp_path / "masks" / f"{unicodedata.normalize(mask_form, name)}_mask.tif", grey) for name in names
        ]
        problems = {}
        found = find_masks(images, tmp_path / "images", tmp_path / "masks", problems)
        assert found == dict(zip(images, masks, strict=True))
        assert not problems
        save(images[0].with_name(unicodedata.normalize(mask_form, "\u00c5ngstr\u00f6m_1_mask.png")), grey)
        assert find_images(tmp_path / "images") == images  # Kaggle's layout is recognised as well

    def test_of_two_masks_that_differ_in_form_alone_the_one_spelt_like_its_image_counts(self, tmp_path, grey):
        forms = [unicodedata.normalize(form, "\u00e9") for form in ("NFC", "NFD")]
        images = [save(tmp_path / "images" / f"{name}.png", grey) for name in forms]
        masks = [save(tmp_path / "masks" / f"{name}.png", grey) for name in forms]
        problems = {}
        found = find_masks(images, tmp_path / "images", tmp_path / "masks", problems)
        assert found == dict(zip(images, masks, strict=True))
        assert not problems

    def test_masks_of_no_image_are_counted(self, tmp_path, grey):
        images = [save(tmp_path / "images" / "a.png", grey)]
        for name in ("a.png", "b.png", "c_mask.png"):
            save(tmp_path / "masks" / name, grey)
        passed_over = Counter()
        find_masks(images, tmp_path / "images", tmp_path / "masks", {}, passed_over)
        assert passed_over == {"masks of no image": 2}


def test_natural_order():
    names = ["1_10", "1_2", "1_1", "10_1", "2_1", "a10b", "a9b", "a", ""]
    assert sorted(names, key=natural) == ["", "1_1", "1_2", "1_10", "2_1", "10_1", "a", "a9b", "a10b"]
    assert sorted(["1", "01", "\u0661"], key=natural)[0] in ("1", "01")  # a total order, whatever the digits
