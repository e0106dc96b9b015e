"""The reader of pictures: every kind, every depth, turned as it should be, and what is refused."""

from __future__ import annotations

import struct
import subprocess
import threading
import time
import tracemalloc
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from reprise.data import opening
from reprise.data.images import bits_needed, read_grey, read_header
from reprise.data.many import each
from reprise.data.masks import read_mask
from reprise.data.opening import FORMATS, SUFFIXES, PictureError


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
        assert read_header(path).size == (40, 60)

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
        assert read_header(path).size == read_grey(path).shape == (160, 80)

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
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_every_kind_is_turned_as_its_tag_says(self, tmp_path, grey, name, orientation):
        tag = Image.Exif()
        tag[0x0112] = orientation
        options = {"z.tif": {"compression": "tiff_lzw"}, "a.webp": {"lossless": True}}.get(name, {})
        path = save(tmp_path / name, grey, exif=tag, **options)
        turned = [
            *(grey, grey[:, ::-1], grey[::-1, ::-1], grey[::-1]),
            *(grey.T, np.rot90(grey, -1), grey[::-1, ::-1].T, np.rot90(grey)),
        ][orientation - 1]
        np.testing.assert_array_equal(read_grey(path), turned)
        assert read_header(path).size == turned.shape
        assert read_grey(path, turned.shape).shape == turned.shape

    def test_of_a_phones_jpeg_with_a_second_picture_the_first_counts(self, tmp_path):
        half = np.where(np.add.outer(np.arange(80), np.arange(160)) < 110, 0, 255).astype(np.uint8)
        tag = Image.Exif()
        tag[0x0112] = 6
        save(tmp_path / "one.jpg", half, exif=tag)
        inside = Image.fromarray(half[:10, :10])
        Image.fromarray(half).save(tmp_path / "two.jpg", "MPO", save_all=True, append_images=[inside], exif=tag)
        with Image.open(tmp_path / "two.jpg") as image:
            assert image.format == "MPO"
            assert image.n_frames == 2
        assert read_header(tmp_path / "two.jpg").size == (160, 80)
        for read in (read_grey, read_mask, lambda path: read_grey(path, (40, 20))):
            np.testing.assert_array_equal(read(tmp_path / "two.jpg"), read(tmp_path / "one.jpg"))

    def test_a_picture_of_another_size_than_expected_is_an_error(self, tmp_path, grey, monkeypatch):
        monkeypatch.setattr(Image.Image, "resize", lambda image, *_: image)
        with pytest.raises(ValueError, match=r"decodes to \(40, 60\)"):
            read_grey(save(tmp_path / "a.png", grey), (20, 20))

    @pytest.mark.parametrize("name", ["a.tif", "a.gif", "a.png", "a.apng", "a.webp", "a.avif"])
    def test_several_pictures_in_one_file_are_refused_and_counted(self, tmp_path, grey, name):
        pages = [Image.fromarray(np.roll(grey, k, axis=1)) for k in range(3)]
        pages[0].save(tmp_path / name, save_all=True, append_images=pages[1:])
        for read in (read_grey, read_header, bits_needed):
            with pytest.raises(PictureError, match="holds 3 pictures"):
                read(tmp_path / name)


def test_pages_that_are_smaller_copies_do_not_count(tmp_path, grey):
    for name, first, second, pages in (("a.tif", 0, 1, 1), ("b.tif", 1, 0, 2), ("c.tif", 0, 0, 2), ("d.tif", 1, 1, 1)):
        with tifffile.TiffWriter(tmp_path / name) as file:
            file.write(grey, subfiletype=first, metadata=None)
            file.write(grey[::4, ::4], subfiletype=second, metadata=None)
        if pages == 1:
            np.testing.assert_array_equal(read_grey(tmp_path / name), grey)
        else:
            with pytest.raises(PictureError, match="holds 2 pictures"):
                read_grey(tmp_path / name)


def wide_png(path: Path, values: np.ndarray, key: tuple[int, ...] = ()) -> Path:
    """A PNG of 16 bits a channel, written by hand: Pillow writes none in colour."""
    h, w, channels = values.shape
    colour = {1: 0, 2: 4, 3: 2, 4: 6}[channels]

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\x00" + row.astype(">u2").tobytes() for row in values)
    transparent = chunk(b"tRNS", struct.pack(f">{len(key)}H", *key)) if key else b""
    header = struct.pack(">IIBBBBB", w, h, 16, colour, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + transparent
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
    return path


def luma(colour: np.ndarray) -> np.ndarray:
    return colour @ np.array([0.299, 0.587, 0.114])


class TestDepth:
    @pytest.mark.parametrize("bits", [12, 16])
    @pytest.mark.parametrize("name", ["a.png", "l.tif", "b.tif", "tiles.tif"])
    def test_colours_of_16_bits_keep_both_bytes(self, tmp_path, name, bits):
        colour = np.random.default_rng(0).integers(0, 2**bits, (40, 60, 3), dtype=np.uint16)
        path = tmp_path / name
        if name == "a.png":
            wide_png(path, colour)
        else:
            options = {"tile": (16, 16)} if name == "tiles.tif" else {}
            tifffile.imwrite(path, colour, photometric="rgb", byteorder=">" if name == "b.tif" else "<", **options)
        np.testing.assert_array_equal(read_grey(path), np.rint(luma(colour) * 255 / (2**bits - 1)))
        assert bits_needed(path) == bits
        assert read_header(path) == ((40, 60), True)
        assert read_grey(path, (20, 20)).shape == (20, 20)

    def test_colours_of_16_bits_compressed_and_turned(self, tmp_path):
        colour = np.random.default_rng(1).integers(0, 4096, (40, 60, 3), dtype=np.uint16)
        expected = np.rint(luma(colour) * 255 / 4095)
        for options in ({"compression": "zlib"}, {"compression": "zlib", "predictor": True}):
            tifffile.imwrite(tmp_path / "z.tif", colour, photometric="rgb", **options)
            np.testing.assert_array_equal(read_grey(tmp_path / "z.tif"), expected)
        for orientation, turned in ((6, np.rot90(expected, -1)), (5, expected.T)):
            extra = [(0x0112, "H", 1, orientation, True)]
            tifffile.imwrite(tmp_path / "t.tif", colour, photometric="rgb", extratags=extra)
            np.testing.assert_array_equal(read_grey(tmp_path / "t.tif"), turned)
            assert read_header(tmp_path / "t.tif").size == turned.shape

    def test_alpha_of_16_bits_and_transparent_colours_are_seen_on_white(self, tmp_path):
        rng = np.random.default_rng(2)
        grey, alpha = rng.integers(0, 65536, (2, 30, 40), dtype=np.uint16)
        expected = (grey * (alpha / 65535) + 65535 - alpha) / 257
        for values in (np.dstack([grey, alpha]), np.dstack([grey, grey, grey, alpha])):
            found = read_grey(wide_png(tmp_path / "a.png", values))
            np.testing.assert_allclose(found, expected, atol=0.51)
        grey[3, 4] = 777
        keyed = np.where(grey == 777, 255, np.rint(grey / 257))
        found = read_grey(wide_png(tmp_path / "k.png", np.dstack([grey] * 3), key=(777, 777, 777)))
        np.testing.assert_allclose(found, keyed, atol=0.51)
        np.testing.assert_allclose(
            read_grey(wide_png(tmp_path / "g.png", grey[..., None], key=(777,))), keyed, atol=0.51
        )

    @pytest.mark.parametrize(
        ("options", "says"),
        [
            ({"photometric": "rgb", "planarconfig": "separate"}, "layout"),
            ({"photometric": "rgb", "extrasamples": ["assocalpha"]}, "layout"),
            ({"photometric": "separated"}, "layout"),
            ({"photometric": "miniswhite"}, "white as 0"),
        ],
    )
    def test_layouts_that_would_be_read_wrongly_are_refused(self, tmp_path, options, says):
        channels = {"separated": 4, "miniswhite": 0}.get(options["photometric"], 4 if "extrasamples" in options else 3)
        shape = (3, 40, 60) if "planarconfig" in options else (40, 60, channels) if channels else (40, 60)
        tifffile.imwrite(tmp_path / "a.tif", np.ones(shape, np.uint16), **options)
        with pytest.raises(PictureError, match=says):
            read_grey(tmp_path / "a.tif")

    def test_one_hot_pixel_does_not_darken_the_rest(self, tmp_path):
        frame = np.random.default_rng(3).integers(0, 4096, (60, 80), dtype=np.uint16)
        hot = frame.copy()
        hot[7, 9] = 65535
        frame[7, 9] = 0
        plain, spoilt = (read_grey(save(tmp_path / name, v)) for name, v in (("a.png", frame), ("b.png", hot)))
        assert np.argwhere(plain != spoilt).tolist() == [[7, 9]]
        assert spoilt[7, 9] == 255
        assert bits_needed(tmp_path / "a.png") == bits_needed(tmp_path / "b.png") == 12

    @pytest.mark.parametrize("step", [257, 256])
    def test_a_dark_picture_and_its_copy_in_16_bits_are_the_same(self, tmp_path, step):
        dark = np.random.default_rng(4).integers(0, 21, (60, 80), dtype=np.uint8)
        copy = dark.astype(np.uint16) * np.uint16(step)
        for name in ("a.png", "a.tif"):
            np.testing.assert_array_equal(read_grey(save(tmp_path / name, copy)), dark)
            assert bits_needed(tmp_path / name) is None  # known, and no matter of the other pictures
        colour = np.dstack([copy] * 3)
        np.testing.assert_array_equal(read_grey(wide_png(tmp_path / "c.png", colour)), dark)
        copy[3, 5] = 12345  # one hot pixel more
        found = read_grey(save(tmp_path / "b.png", copy))
        assert np.argwhere(found != dark).tolist() == [[3, 5]]

    def test_a_range_from_outside_is_taken_and_what_lies_beyond_is_white(self, tmp_path):
        values = np.arange(4096, dtype=np.uint16).reshape(64, 64)
        path = save(tmp_path / "a.png", values)
        np.testing.assert_array_equal(read_grey(path, bits=16), np.rint(values / 257))
        np.testing.assert_array_equal(read_grey(path, bits=10), np.rint(np.minimum(values, 1023) * (255 / 1023)))
        assert read_grey(save(tmp_path / "z.png", values * 0)).max() == 0

    def test_ranges_that_the_format_gives_are_taken(self, tmp_path):
        dark = np.arange(600, dtype=np.uint16).reshape(20, 30)
        (tmp_path / "a.pgm").write_bytes(b"P5 30 20 4095\n" + dark.astype(">u2").tobytes())
        assert abs(read_grey(tmp_path / "a.pgm") - dark * (255 / 4095)).max() <= 1
        assert bits_needed(tmp_path / "a.pgm") is None
        save(tmp_path / "a.jp2", dark * np.uint16(64))  # grey of 16 bits
        assert abs(read_grey(tmp_path / "a.jp2") - dark * (64 / 257)).max() <= 1


class TestWhatIsNoPicture:
    def test_every_suffix_belongs_to_a_format_that_is_read_and_none_is_missing(self):
        Image.init()
        known = {suffix for suffix, name in Image.registered_extensions().items() if name in {*FORMATS, "MPO"}}
        assert known == SUFFIXES
        assert {"PDF", "EPS", "WMF", "PSD"}.isdisjoint(FORMATS)

    @pytest.mark.parametrize("suffix", sorted(SUFFIXES - {".pfm", ".mpo"}))
    def test_a_picture_of_every_suffix_is_read(self, tmp_path, suffix):
        smooth = np.add.outer(np.arange(40), np.arange(60)).astype(np.uint8)
        picture = Image.fromarray(smooth)
        mode = {".rgb": "RGB", ".rgba": "RGBA", ".qoi": "RGB", ".pbm": "1"}.get(suffix, "L")
        picture.convert(mode).save(tmp_path / f"a{suffix}")
        found = read_grey(tmp_path / f"a{suffix}")
        expected = np.asarray(picture.convert("1").convert("L")) if mode == "1" else smooth
        assert abs(found.astype(int) - expected).max() <= 8

    def test_only_a_file_that_is_named_so_is_tried_as_tga_which_has_no_signature(self, tmp_path, grey):
        save(tmp_path / "a.tga", grey).rename(tmp_path / "a.png")
        with pytest.raises(PictureError, match="is not an image"):
            read_grey(tmp_path / "a.png")

    def test_a_program_that_calls_itself_a_picture_is_not_run(self, tmp_path, monkeypatch):
        monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("a program was run"))
        (tmp_path / "a.png").write_bytes(
            b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n%%EOF\n"
        )
        with pytest.raises(PictureError, match="is not an image"):
            read_grey(tmp_path / "a.png")

    @pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp"])
    @pytest.mark.parametrize(
        ("kind", "value"),
        [
            (2, b"six\0"),
            (7, b"\6\0\0\0"),
            (11, struct.pack("<f", 6.5)),
            *((3, struct.pack("<HH", value, 0)) for value in (0, 9, 65535)),
            (4, struct.pack("<I", 2**31)),
            (99, b"\6\0\0\0"),
        ],
        ids=str,
    )
    def test_an_orientation_that_is_none_counts_as_none(self, tmp_path, grey, name, kind, value):
        count = len(value) if kind in (2, 7) else 1
        entry = struct.pack("<HHI", 0x0112, kind, count) + value
        tags = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 1) + entry + b"\0" * 4
        save(tmp_path / name, grey, exif=tags)
        assert read_header(tmp_path / name).size == read_grey(tmp_path / name).shape == (40, 60)

    @pytest.mark.parametrize(
        "exif",
        [b"", b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0rubbish", b"Exif\0\0II*\0\x08\0\0\0\xff\xff"],
    )
    @pytest.mark.filterwarnings("ignore::UserWarning")
    def test_tags_that_cannot_be_read_count_as_none(self, tmp_path, grey, exif):
        for name in ("a.jpg", "a.webp"):
            save(tmp_path / name, grey, exif=exif)
            assert read_header(tmp_path / name).size == read_grey(tmp_path / name).shape == (40, 60)

    @pytest.mark.parametrize("error", [TypeError, AttributeError, struct.error, KeyError, AssertionError, MemoryError])
    def test_whatever_a_decoder_raises_is_one_line(self, tmp_path, grey, monkeypatch, error):
        path = save(tmp_path / "a.png", grey)

        def fails(*_, **__):
            raise error("broken\n\x1b[31m")

        monkeypatch.setattr(Image.Image, "getexif", fails)
        assert read_grey(path).shape == (40, 60)  # tags alone do not matter
        monkeypatch.setattr(Image, "open", fails)
        with pytest.raises(PictureError) as caught:
            read_grey(path)
        assert error.__name__ in str(caught.value)
        assert str(caught.value).isprintable()

    def test_an_empty_second_directory_of_a_tiff(self, tmp_path, grey):
        path = save(tmp_path / "a.tif", grey)
        whole = bytearray(path.read_bytes())
        (at,) = struct.unpack_from("<I", whole, 4)
        (entries,) = struct.unpack_from("<H", whole, at)
        struct.pack_into("<I", whole, at + 2 + 12 * entries, len(whole))
        path.write_bytes(bytes(whole) + b"\x00\x00" + b"\x00" * 4)
        with pytest.raises(PictureError, match=r"cannot be decoded|holds 2 pictures"):
            read_grey(path)

    def test_a_file_that_is_not_there_or_a_folder(self, tmp_path):
        with pytest.raises(FileNotFoundError):
            read_grey(tmp_path / "a.png")
        with pytest.raises(IsADirectoryError):
            read_grey(tmp_path)


class TestMemory:
    """A file of a megabyte may hold 170 million pixels: they take turns, and grey is made strip by strip."""

    def test_so_many_pixels_and_no_more_are_open_at_a_time(self, tmp_path, grey, monkeypatch):
        monkeypatch.setattr(opening, "AT_ONCE", 2 * grey.size)
        paths = [save(tmp_path / f"{number}.png", grey) for number in range(12)]
        now, most, counted = 0, [], threading.Lock()

        def look(path: Path) -> tuple[int, int]:
            nonlocal now
            with opening.opened(path) as image:
                with counted:
                    now += 1
                    most.append(now)
                time.sleep(0.01)
                with counted:
                    now -= 1
                return image.size

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(look, paths)) == [(60, 40)] * 12
        assert max(most) == 2

    def test_what_is_larger_than_the_room_has_it_alone_and_a_damaged_one_gives_it_back(
        self, tmp_path, grey, monkeypatch
    ):
        monkeypatch.setattr(opening, "AT_ONCE", grey.size // 2)
        paths = [save(tmp_path / f"{number}.png", grey) for number in range(6)]
        for path in paths[::2]:
            path.write_bytes(path.read_bytes()[:-200])
        problems: dict[Path, str] = {}
        found = list(each(paths, read_grey, problems, threads=4))
        assert set(problems) == set(paths[::2])
        for one in found[1::2]:
            np.testing.assert_array_equal(one, grey)

    def test_16_bits_of_colour_are_opened_twice_in_the_room_of_one(self, tmp_path, monkeypatch):
        colour = np.random.default_rng(0).integers(0, 65536, (40, 60, 3), dtype=np.uint16)
        monkeypatch.setattr(opening, "AT_ONCE", 40 * 60)
        written = tmp_path / "a.tif"
        tifffile.imwrite(written, colour, photometric="rgb")
        assert list(each([written] * 5, read_grey, {}, threads=4))[4].shape == (40, 60)

    def test_deep_pictures_become_grey_strip_by_strip(self, tmp_path):
        values = np.random.default_rng(0).integers(0, 65536, (1500, 1000), dtype=np.uint16)
        path = save(tmp_path / "a.png", values)
        tracemalloc.start()
        found = read_grey(path)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        np.testing.assert_array_equal(found, np.rint(values * (255 / 65535)).astype(np.uint8))
        assert peak < 5 * values.size  # NumPy's: 2 as it is, 1 of the result, 2 to find the range; in float64 it was 16
