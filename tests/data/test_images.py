"""Reading folders: every kind of picture, every kind of broken file."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reprise.data.images import (
    UnreadableImagesError,
    common_size,
    each,
    find_images,
    find_masks,
    read_grey,
    read_mask,
    read_size,
)


def save(path: Path, values: np.ndarray, **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path, **options)
    return path


@pytest.fixture
def grey() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (40, 60), dtype=np.uint8)


class TestReadGrey:
    @pytest.mark.parametrize(
        ("name", "options"), [("a.tif", {}), ("a.tif", {"compression": "tiff_lzw"}), ("a.png", {}), ("a.bmp", {})]
    )
    def test_lossless_kinds_keep_every_pixel(self, tmp_path, grey, name, options):
        path = save(tmp_path / name, grey, **options)
        np.testing.assert_array_equal(read_grey(path), grey)
        assert read_size(path) == (40, 60)

    def test_colour_becomes_luma(self, tmp_path):
        colour = np.zeros((2, 3, 3), np.uint8)
        colour[..., 0], colour[..., 1], colour[..., 2] = 100, 150, 200
        luma = read_grey(save(tmp_path / "a.png", colour))
        assert abs(luma.astype(float) - (0.299 * 100 + 0.587 * 150 + 0.114 * 200)).max() <= 1
        opaque = np.dstack([colour, np.full((2, 3), 255, np.uint8)])
        np.testing.assert_array_equal(read_grey(save(tmp_path / "b.png", opaque)), luma)

    def test_palettes_two_colours_and_16_bits(self, tmp_path, grey):
        paletted = Image.fromarray(grey).convert("P")
        paletted.save(tmp_path / "p.png")
        np.testing.assert_array_equal(read_grey(tmp_path / "p.png"), grey)
        Image.fromarray(grey > 99).save(tmp_path / "b.png")
        np.testing.assert_array_equal(read_grey(tmp_path / "b.png"), (grey > 99) * np.uint8(255))
        deep = grey.astype(np.uint16) * 257
        for name in ("d.png", "d.tif"):
            np.testing.assert_array_equal(read_grey(save(tmp_path / name, deep)), grey)

    def test_floats_in_unit_range(self, tmp_path, grey):
        path = save(tmp_path / "f.tif", (grey / 255).astype(np.float32))
        np.testing.assert_array_equal(read_grey(path), grey)
        for bad in (-1, 300, np.nan):
            with pytest.raises(ValueError, match=r"floats in \[0, 1\]"):
                read_grey(save(tmp_path / "bad.tif", np.full((4, 4), bad, np.float32)))

    def test_resizing_and_turning(self, tmp_path):
        smooth = np.add.outer(np.arange(80), np.arange(160)).astype(np.uint8)
        path = save(tmp_path / "a.jpg", smooth, quality=95)
        small = read_grey(path, (20, 40))
        assert small.shape == (20, 40)
        assert abs(small.astype(int) - smooth.reshape(20, 4, 40, 4).mean(axis=(1, 3))).max() < 6
        turned = Image.Exif()
        turned[0x0112] = 6
        path = save(tmp_path / "b.jpg", smooth, quality=95, exif=turned)
        assert read_size(path) == read_grey(path).shape == (160, 80)

    def test_drawings_on_a_transparent_ground_are_seen_on_white(self, tmp_path, grey):
        drawn = grey > 127  # black ink, and black too where nothing is drawn
        expected = np.where(drawn, 0, 255)
        alpha = Image.fromarray(drawn * np.uint8(255))
        for mode in ("RGBA", "LA"):
            picture = Image.new(mode, alpha.size)
            picture.putalpha(alpha)
            picture.save(tmp_path / "a.png")
            np.testing.assert_array_equal(read_grey(tmp_path / "a.png"), expected)
        palette = Image.fromarray(drawn.astype(np.uint8)).convert("P")
        palette.putpalette([0, 0, 0] * 256)
        palette.save(tmp_path / "p.png", transparency=0)
        np.testing.assert_array_equal(read_grey(tmp_path / "p.png"), expected)
        half = np.dstack([grey * 0, np.full_like(grey, 51)])
        assert (read_grey(save(tmp_path / "h.png", half)) == 255 - 51).all()

    @pytest.mark.parametrize(("bits", "scale"), [(8, 1), (9, 1023), (10, 1023), (12, 4095), (14, 16383), (16, 65535)])
    def test_whole_numbers_fill_the_fewest_bits_that_hold_them(self, tmp_path, bits, scale):
        deep = np.random.default_rng(0).integers(0, 2**bits, (40, 60))
        deep[0, 0] = 2**bits - 1
        expected = deep if bits == 8 else np.rint(deep * (255 / scale))
        for values in (deep.astype(np.uint16), deep.astype(np.int32)):
            np.testing.assert_array_equal(read_grey(save(tmp_path / "a.tif", values)), expected)
        with pytest.raises(ValueError, match="values from -1 to"):
            read_grey(save(tmp_path / "b.tif", deep.astype(np.int32) - deep.min().astype(np.int32) - 1))

    @pytest.mark.parametrize("name", ["a.tif", "z.tif", "a.png", "a.webp"])
    @pytest.mark.parametrize("orientation", [1, 2, 3, 6, 8])
    def test_every_kind_is_turned_as_its_tag_says(self, tmp_path, grey, name, orientation):
        tag = Image.Exif()
        tag[0x0112] = orientation
        options = {"z.tif": {"compression": "tiff_lzw"}, "a.webp": {"lossless": True}}.get(name, {})
        path = save(tmp_path / name, grey, exif=tag, **options)
        turned = {1: grey, 2: grey[:, ::-1], 3: grey[::-1, ::-1], 6: np.rot90(grey, -1), 8: np.rot90(grey)}[orientation]
        np.testing.assert_array_equal(read_grey(path), turned)
        assert read_size(path) == read_mask(path).shape == turned.shape
        assert read_grey(path, turned.shape).shape == turned.shape

    def test_of_a_phones_jpeg_with_a_second_picture_the_first_counts(self, tmp_path):
        smooth = np.add.outer(np.arange(80), np.arange(160)).astype(np.uint8)
        tag = Image.Exif()
        tag[0x0112] = 6
        save(tmp_path / "one.jpg", smooth, exif=tag)
        inside = Image.fromarray(smooth[:10, :10])
        Image.fromarray(smooth).save(tmp_path / "two.jpg", "MPO", save_all=True, append_images=[inside], exif=tag)
        with Image.open(tmp_path / "two.jpg") as image:
            assert image.format == "MPO"
            assert image.n_frames == 2
        assert read_size(tmp_path / "two.jpg") == (160, 80)
        for read in (read_grey, read_mask, lambda path: read_grey(path, (40, 20))):
            np.testing.assert_array_equal(read(tmp_path / "two.jpg"), read(tmp_path / "one.jpg"))

    def test_a_picture_of_another_size_than_expected_is_an_error(self, tmp_path, grey, monkeypatch):
        monkeypatch.setattr(Image.Image, "resize", lambda image, *_: image)
        with pytest.raises(ValueError, match=r"decodes to \(40, 60\)"):
            read_grey(save(tmp_path / "a.png", grey), (20, 20))

    def test_several_pictures_in_one_file_are_refused(self, tmp_path, grey):
        frames = [Image.fromarray(grey), Image.fromarray(grey)]
        frames[0].save(tmp_path / "stack.tif", save_all=True, append_images=frames[1:])
        with pytest.raises(ValueError, match="2 pictures"):
            read_grey(tmp_path / "stack.tif")


class TestReadMask:
    def test_any_value_above_zero_counts(self, tmp_path):
        labels = np.array([[0, 1, 2], [0, 255, 0]], np.uint8)
        expected = labels > 0
        np.testing.assert_array_equal(read_mask(save(tmp_path / "a.png", labels)), expected)
        np.testing.assert_array_equal(
            read_mask(save(tmp_path / "b.tif", np.dstack([labels * 0, labels, labels]))), expected
        )
        paletted = Image.fromarray(labels).convert("P")
        paletted.putpalette([0, 0, 0] * 256)  # black throughout: the index is the label, not its colour
        paletted.save(tmp_path / "c.png")
        np.testing.assert_array_equal(read_mask(tmp_path / "c.png"), expected)

    def test_alpha_is_no_label_and_jpeg_noise_no_mask(self, tmp_path):
        empty = np.zeros((16, 16, 4), np.uint8)
        empty[..., 3] = 255
        assert not read_mask(save(tmp_path / "a.png", empty)).any()
        square = np.zeros((32, 32), np.uint8)
        square[5:21, 7:19] = 255
        found = read_mask(save(tmp_path / "b.jpg", square, quality=90))
        assert np.count_nonzero(found != (square > 0)) <= 4


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

    def test_a_missing_mask_folder(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="nowhere"):
            find_masks([], tmp_path, tmp_path / "nowhere", {})


class TestEach:
    def test_order_is_kept_and_every_bad_file_is_named(self, tmp_path, grey):
        paths = [save(tmp_path / f"{k}.png", np.full_like(grey, k)) for k in range(30)]
        whole = paths[3].read_bytes()
        paths[3].write_bytes(whole[: len(whole) // 2])
        paths[7].write_bytes(b"")
        paths[9].write_text("not an image")
        tiff = save(tmp_path / "99.tif", np.random.default_rng(0).integers(0, 256, (90, 90), np.uint8))
        tiff.write_bytes(tiff.read_bytes()[:5000])
        problems: dict[Path, str] = {}
        results = list(each([*paths, tiff], read_grey, problems, threads=3))
        assert set(problems) == {paths[3], paths[7], paths[9], tiff}
        assert problems[paths[7]] == "is empty"
        assert problems[paths[9]] == "is not an image"
        for k, result in enumerate(results):
            assert result is None if k in (3, 7, 9, 30) else (result == k).all()

    def test_a_mistake_in_the_work_is_not_blamed_on_the_file(self, tmp_path):
        with pytest.raises(ZeroDivisionError):
            list(each([tmp_path], lambda path: 1 // 0, {}))

    def test_reads_only_a_little_ahead(self):
        started = []

        def work(path: Path) -> int:
            started.append(path)
            return len(started)

        stream = each([Path(str(k)) for k in range(1000)], work, {}, threads=2)
        next(stream)
        assert len(started) <= 8
        stream.close()

    def test_a_long_list_is_cut_short_but_counted(self):
        text = str(UnreadableImagesError({Path(f"{k:02}.png"): "is empty" for k in range(25)}))
        assert "25 files" in text
        assert "19.png" in text
        assert "20.png" not in text
        assert "and 5 more" in text


class TestCommonSize:
    def test_equal_sizes_in_whole_blocks_stay(self):
        assert common_size([(420, 580)] * 3) == (420, 580)

    def test_the_most_frequent_size_wins_and_is_cut_to_blocks(self):
        assert common_size([(100, 109), (100, 109), (900, 900)]) == (100, 100)

    def test_large_pictures_shrink_and_tiny_ones_grow_to_a_block(self):
        assert common_size([(3000, 4000)]) == (480, 640)
        assert common_size([(8, 5)]) == (20, 20)
