"""The one rule for masks: the same mask in every kind of file is the same mask, and what is ambiguous is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from reprise.data.frames import read
from reprise.data.masks import read_mask
from reprise.data.opening import PictureError

SHAPE = (60, 84)
Y, X = np.mgrid[: SHAPE[0], : SHAPE[1]]
DISC = (Y - 25) ** 2 + (X - 40) ** 2 < 150
NONE, ALL = np.zeros(SHAPE, bool), np.ones(SHAPE, bool)


def painted(mask: np.ndarray, colour) -> Image.Image:
    """The mask in one colour (or grey level) on black."""
    colour = np.array(colour, np.uint8)
    return Image.fromarray(np.where(mask[..., None] if colour.ndim else mask, colour, 0).astype(np.uint8))


def paletted(indices: np.ndarray, palette: list[int]) -> Image.Image:
    picture = Image.fromarray(indices.astype(np.uint8)).convert("P")
    picture = Image.frombytes("P", picture.size, indices.astype(np.uint8).tobytes())
    picture.putpalette(palette)
    return picture


def found(picture: Image.Image, path: Path, **options) -> np.ndarray:
    picture.save(path, **options)
    return read_mask(path)


def refused(picture: Image.Image, path: Path, **options) -> str:
    picture.save(path, **options)
    with pytest.raises(PictureError) as caught:
        read_mask(path)
    assert "Save the mask in black (background) and white, as PNG" in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture(params=[NONE, DISC, ALL], ids=["empty", "disc", "full"])
def mask(request) -> np.ndarray:
    return request.param


@pytest.mark.parametrize(
    "colour", [1, 2, 255, 64, (1, 0, 0), (0, 0, 4), (0, 0, 255), (128, 0, 0), (255, 255, 255), (1, 1, 1)], ids=str
)
@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.bmp", "a.webp"])
def test_any_colour_but_black_is_filled(tmp_path, colour, name):
    options = {"lossless": True, "exact": True} if name == "a.webp" else {}
    for mask in (NONE, DISC):
        np.testing.assert_array_equal(found(painted(mask, colour), tmp_path / name, **options), mask)


def test_white_black_and_one_mean_full_and_empty_in_every_lossless_kind(tmp_path, mask):
    for name in ("a.png", "a.tif", "a.gif", "a.bmp", "a.pgm", "a.tga", "a.qoi"):
        for level in (255, 1) if name in ("a.png", "a.tif", "a.bmp") else (255,):
            picture = painted(mask, level)
            picture = picture.convert("RGB") if name == "a.qoi" else picture
            np.testing.assert_array_equal(found(picture, tmp_path / name), mask, err_msg=f"{name} {level}")


def test_a_gif_and_a_quantised_mask_are_judged_by_colour_not_by_index(tmp_path, mask):
    np.testing.assert_array_equal(found(painted(mask, 255), tmp_path / "a.gif"), mask)
    for picture in (painted(mask, 255), painted(mask, (255, 255, 255))):
        np.testing.assert_array_equal(found(picture.quantize(2), tmp_path / "q.png"), mask)
        np.testing.assert_array_equal(found(picture.convert("P"), tmp_path / "p.png"), mask)
    np.testing.assert_array_equal(found(paletted(~mask, [255] * 3 + [0] * 3), tmp_path / "i.png"), mask)


@pytest.mark.parametrize("colours", [[0, 0, 0, 0, 0, 4], [0, 0, 0, 1, 0, 0], [0, 0, 0, 255, 255, 255]])
def test_faint_palette_entries_are_filled(tmp_path, colours):
    np.testing.assert_array_equal(found(paletted(DISC, colours), tmp_path / "a.png"), DISC)


def test_a_palette_that_is_black_throughout_is_none(tmp_path, mask):
    np.testing.assert_array_equal(found(paletted(mask, [0] * 6), tmp_path / "a.png"), mask)
    labels = paletted(np.where(DISC, 2 + (X > 40), 0), [0] * 768)
    np.testing.assert_array_equal(found(labels, tmp_path / "b.png"), DISC)


def test_a_palette_that_shows_two_labels_alike_is_refused(tmp_path):
    labels = np.where(DISC, np.where(X > 40, 1, 2), 0)
    said = refused(paletted(labels, [0, 0, 0, 255, 0, 0, 0, 0, 0]), tmp_path / "a.png")
    assert "shows 0 and 2 alike" in said
    two_whites = paletted(labels, [0, 0, 0, 255, 255, 255, 255, 255, 255])
    np.testing.assert_array_equal(found(two_whites, tmp_path / "b.png"), DISC)


def test_transparent_is_background_whatever_colour_lies_below(tmp_path):
    alpha = Image.fromarray(DISC * np.uint8(255))
    for mode, white, below in (("LA", 255, 77), ("RGBA", (255, 255, 255), (200, 30, 9))):
        picture = Image.new(mode[:-1], alpha.size, below)
        picture.paste(white, mask=alpha)
        picture.putalpha(alpha)
        for name in ("a.png", "a.tif"):
            np.testing.assert_array_equal(found(picture, tmp_path / name), DISC)
    plain = Image.new("L", alpha.size, 255)  # the mask is in alpha alone
    plain.putalpha(alpha)
    np.testing.assert_array_equal(found(plain, tmp_path / "a.png"), DISC)
    half = Image.new("RGB", alpha.size, (255, 0, 0))  # an overlay
    half.putalpha(alpha.point(lambda value: value // 2))
    np.testing.assert_array_equal(found(half, tmp_path / "h.png"), DISC)
    nothing = Image.new("RGBA", alpha.size, (255, 255, 255, 0))
    assert not found(nothing, tmp_path / "n.png").any()
    keyed = paletted(DISC, [255, 0, 255, 255, 255, 255])  # a colour key, as GIF has it
    np.testing.assert_array_equal(found(keyed, tmp_path / "k.gif", transparency=0), DISC)
    grey_key = painted(DISC, 255).point(lambda value: 255 if value else 9)
    np.testing.assert_array_equal(found(grey_key, tmp_path / "g.png", transparency=9), DISC)


def test_alpha_is_no_label_where_everything_is_opaque(tmp_path, mask):
    for picture in (painted(mask, 255), painted(mask, (255, 255, 255))):
        picture.putalpha(255)
        for name in ("a.png", "a.tif"):
            np.testing.assert_array_equal(found(picture, tmp_path / name), mask)


def test_black_ink_on_transparent_ground_may_be_the_mask_or_nothing(tmp_path):
    ink = Image.new("L", SHAPE[::-1], 0)
    ink.putalpha(Image.fromarray(DISC * np.uint8(255)))
    assert "black on transparent" in refused(ink, tmp_path / "a.png")
    assert "black on transparent" in refused(ink.convert("RGBA"), tmp_path / "b.png")


def test_every_mode_of_a_tiff_that_shows_the_mask(tmp_path, mask):
    for mode in ("1", "L", "P", "RGB", "CMYK", "RGBX"):
        picture = painted(mask, 255).convert("RGB").convert(mode)
        np.testing.assert_array_equal(found(picture, tmp_path / "a.tif"), mask, err_msg=mode)


@pytest.mark.parametrize("compression", [None, "group4", "tiff_lzw"])
def test_one_bit_is_read_as_shown_also_where_white_is_zero(tmp_path, mask, compression):
    options = {"compression": compression} if compression else {}
    for photometric in (0, 1):
        path = tmp_path / f"{photometric}.tif"
        painted(mask, 255).convert("1").save(path, tiffinfo={262: photometric}, **options)
        with Image.open(path) as image:
            shown = np.asarray(image.convert("L")) > 0
        np.testing.assert_array_equal(read_mask(path), shown)
    ink = np.where(mask, 0, 255).astype(np.uint8)
    tifffile.imwrite(tmp_path / "w.tif", ink, photometric="miniswhite", software="a scanner's")
    np.testing.assert_array_equal(read_mask(tmp_path / "w.tif"), mask)
    np.testing.assert_array_equal(found(painted(mask, 255).convert("1"), tmp_path / "a.pbm"), mask)  # 1 is black there


def test_truth_values_as_tifffile_writes_them_show_black_and_are_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", DISC)
    with Image.open(tmp_path / "a.tif") as image:
        np.testing.assert_array_equal(np.asarray(image), ~DISC)  # what every viewer shows
    with pytest.raises(PictureError, match="tifffile writes truth values"):
        read_mask(tmp_path / "a.tif")
    tifffile.imwrite(tmp_path / "b.tif", DISC.astype(np.uint8))
    np.testing.assert_array_equal(read_mask(tmp_path / "b.tif"), DISC)


@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.float32])
def test_deep_numbers_and_floats(tmp_path, mask, dtype):
    for value in (1,) if dtype == np.float32 else (1, 255, 4095, 65535):
        for name in ("a.tif", "a.png") if dtype == np.uint16 else ("a.tif",):
            picture = Image.fromarray((mask * value).astype(dtype))
            np.testing.assert_array_equal(found(picture, tmp_path / name), mask, err_msg=f"{name} {value}")
    if dtype == np.float32:
        np.testing.assert_array_equal(found(Image.fromarray((DISC * 0.3).astype(dtype)), tmp_path / "a.tif"), DISC)


def test_colours_of_16_bits_do_not_lose_their_lower_byte(tmp_path):
    for colour in ((1, 0, 0), (0, 0, 255), (65535, 0, 0)):
        wide = np.where(DISC[..., None], np.array(colour, np.uint16), 0).astype(np.uint16)
        for byteorder in "<>":
            tifffile.imwrite(tmp_path / "a.tif", wide, photometric="rgb", byteorder=byteorder)
            np.testing.assert_array_equal(read_mask(tmp_path / "a.tif"), DISC)


@pytest.mark.parametrize("values", [[-1, 0], [0.0, 1.5], [0.0, np.nan], [np.inf, 0.0]])
def test_numbers_of_no_picture_are_refused(tmp_path, values):
    dtype = np.int32 if isinstance(values[0], int) else np.float32
    Image.fromarray(np.where(DISC, values[1], values[0]).astype(dtype)).save(tmp_path / "a.tif")
    with pytest.raises(PictureError, match=r"has values from|floats in \[0, 1\]"):
        read_mask(tmp_path / "a.tif")


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["a.tif", "z.tif", "a.png", "a.jpg", "a.webp"])
def test_a_turned_mask_is_turned_back(tmp_path, name, orientation):
    tag = Image.Exif()
    tag[0x0112] = orientation
    options = {"z.tif": {"compression": "tiff_lzw"}, "a.webp": {"lossless": True}}.get(name, {})
    turned = {
        1: DISC,
        2: DISC[:, ::-1],
        3: DISC[::-1, ::-1],
        4: DISC[::-1],
        5: DISC.T,
        6: np.rot90(DISC, -1),
        7: DISC[::-1, ::-1].T,
        8: np.rot90(DISC),
    }[orientation]
    np.testing.assert_array_equal(found(painted(DISC, 255), tmp_path / name, exif=tag, **options), turned)


def save_stack(path: Path, pictures: list[Image.Image]) -> None:
    pictures[0].save(path, save_all=True, append_images=pictures[1:])


@pytest.mark.parametrize("name", ["a.tif", "a.gif", "a.png", "a.apng", "a.webp"])
@pytest.mark.parametrize("pages", [(NONE, DISC), (DISC, NONE), (NONE, DISC, ~DISC)], ids=["0d", "d0", "0dd"])
def test_stacks_are_refused_whatever_lies_on_their_other_pages(tmp_path, name, pages):
    path = tmp_path / name
    save_stack(path, [painted(page, 255) for page in pages])
    with pytest.raises(PictureError, match=f"holds {len(pages)} pictures"):
        read_mask(path)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        *(("a.jpg", {"quality": quality}) for quality in (20, 50, 75, 95)),
        *(("a.webp", {"quality": quality, "method": 0}) for quality in (0, 20, 50, 80, 100)),
        *(("a.avif", {"quality": quality}) for quality in (20, 60)),
        ("a.jp2", {"irreversible": True, "quality_mode": "rates", "quality_layers": [10]}),
        ("a.tif", {"compression": "jpeg", "quality": 60}),
    ],
    ids=str,
)
def test_formats_that_lose_detail_keep_empty_and_full_and_nearly_every_pixel(tmp_path, name, options, mask):
    for picture in (painted(mask, 255), painted(mask, (255, 255, 255))):
        seen = found(picture, tmp_path / name, **options)
        assert seen.any() == mask.any()
        assert seen.all() == mask.all()
        assert np.count_nonzero(seen != mask) <= 0.02 * mask.sum()
    if mask is not ALL:  # in red, whose edges are blurred, and with a little noise before it was saved
        seen = found(painted(mask, (255, 0, 0)), tmp_path / name, **options)
        assert seen.any() == mask.any()
        assert np.count_nonzero(seen != mask) <= 0.1 * mask.sum()
        noise = np.random.default_rng(0).integers(0, 3, SHAPE)
        noisy = Image.fromarray(np.clip(mask * 255.0 + np.where(mask, -noise, noise), 0, 255).astype(np.uint8))
        assert found(noisy, tmp_path / name, **options).any() == mask.any()


def test_class_numbers_in_a_format_that_loses_them_are_refused(tmp_path):
    classes = Image.fromarray(np.where(DISC, 11, 0).astype(np.uint8))
    for name in ("a.jpg", "a.webp"):
        assert "areas of at most" in refused(classes, tmp_path / name)
    dim = Image.fromarray(np.where(DISC, 255, np.where(X > 70, 90, 0)).astype(np.uint8))
    assert "clearly" in refused(dim, tmp_path / "b.jpg", quality=90)
    assert "clearly" in refused(painted(DISC, 30), tmp_path / "c.jpg", quality=90)
    assert "clearly" in refused(Image.fromarray(np.where(DISC, 255, 100).astype(np.uint8)), tmp_path / "d.jpg")


def test_a_lossless_webp_keeps_its_labels_alpha_or_not(tmp_path):
    for picture in (painted(DISC, (1, 1, 1)), painted(DISC, (0, 0, 4))):
        np.testing.assert_array_equal(found(picture, tmp_path / "a.webp", lossless=True, exact=True), DISC)
        picture.putalpha(Image.fromarray((X < 80) * np.uint8(255)))  # in the extended layout
        np.testing.assert_array_equal(found(picture, tmp_path / "b.webp", lossless=True, exact=True), DISC)
    faint = painted(DISC, (1, 1, 1))
    assert not found(faint, tmp_path / "c.webp", quality=80).any()  # as the text says: lost, and not to be known


@pytest.mark.parametrize("scale", [1, 2, 8])
def test_noise_in_a_lossless_file_is_no_label(tmp_path, scale):
    rng = np.random.default_rng(scale)
    black = np.abs(rng.normal(0, scale, SHAPE)).round().clip(0, 15).astype(np.uint8)
    for name in ("a.tif", "a.png"):
        assert not found(Image.fromarray(black), tmp_path / name).any()
    specks = (rng.random(SHAPE) < 0.1).astype(np.uint8)
    assert "specks of 1" in refused(Image.fromarray(specks), tmp_path / "s.tif")
    bimodal = np.where(DISC, 255 - black, black)
    assert "like a photograph or noise" in refused(Image.fromarray(bimodal), tmp_path / "b.tif")
    points = Image.fromarray(specks * 255)  # bright: somebody's marks
    np.testing.assert_array_equal(found(points, tmp_path / "p.png"), specks > 0)


def test_photographs_are_no_masks(tmp_path):
    smooth = np.clip(128 + 127 * np.sin(X / 9) * np.cos(Y / 7) + np.random.default_rng(0).normal(0, 2, SHAPE), 0, 255)
    photograph = Image.fromarray(smooth.astype(np.uint8))
    refused(photograph, tmp_path / "a.png")
    refused(photograph.convert("RGB"), tmp_path / "b.png")
    refused(photograph, tmp_path / "c.jpg")


def test_labels_instances_and_soft_edges(tmp_path):
    instances = np.where(DISC, 1 + (X // 4) + 30 * (Y // 4), 0).astype(np.uint16)  # hundreds of small areas
    np.testing.assert_array_equal(found(Image.fromarray(instances), tmp_path / "i.png"), DISC)
    classes = np.where(DISC, np.where(X > 40, 1, 255), 0).astype(np.uint8)
    np.testing.assert_array_equal(found(Image.fromarray(classes), tmp_path / "c.png"), DISC)
    large = Image.new("L", (SHAPE[1] * 8, SHAPE[0] * 8))
    ImageDraw.Draw(large).ellipse((120, 60, 500, 400), fill=255)
    soft = large.resize(SHAPE[::-1], Image.Resampling.LANCZOS)
    assert len(np.unique(soft)) > 20
    expected = np.asarray(large.resize(SHAPE[::-1], Image.Resampling.BOX)) >= 127.5
    assert np.count_nonzero(found(soft, tmp_path / "s.png") != expected) <= 8
    jpeg = tmp_path / "soft.jpg"
    painted(DISC, 255).save(jpeg, quality=50)
    with Image.open(jpeg) as again:  # the traces of JPEG, kept without loss
        assert np.count_nonzero(found(again, tmp_path / "j.png") != DISC) <= 4


def test_a_few_pixels_are_taken_at_their_word(tmp_path):
    labels = np.array([[0, 1, 2], [0, 255, 0]], np.uint8)
    np.testing.assert_array_equal(found(Image.fromarray(labels), tmp_path / "a.png"), labels > 0)
    one = np.zeros((500, 500), np.uint8)
    one[77, 123] = 1
    np.testing.assert_array_equal(found(Image.fromarray(one), tmp_path / "b.png"), one > 0)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (np.where(DISC, 2, 1), "2 colours and no black (1, for one)"),
        (np.where(DISC, 255, 7), "2 colours and no black"),
        (np.full(SHAPE, 7), "is 7 throughout"),
        (np.full(SHAPE, 128), "is 128 throughout"),
    ],
)
def test_without_black_nobody_knows_what_is_background(tmp_path, values, says):
    assert says in refused(Image.fromarray(values.astype(np.uint8)), tmp_path / "a.png")
    deep = refused(Image.fromarray(values.astype(np.uint16)), tmp_path / "b.tif")
    assert says in deep
    colour = refused(Image.fromarray(np.dstack([values] * 3).astype(np.uint8)), tmp_path / "c.png")
    assert ("throughout" in says) == ("throughout" in colour)
    assert "(255, 0, 0) throughout" in refused(Image.new("RGB", (9, 9), (255, 0, 0)), tmp_path / "d.png")


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(["png", "tif", "bmp", "gif", "webp"]),
    st.sampled_from(["1", "L", "P", "RGB", "RGBA", "LA"]),
    st.integers(0, 4),
)
def test_any_black_and_white_mask_is_the_same_in_every_lossless_file(tmp_path_factory, seed, kind, mode, grain):
    rng = np.random.default_rng(seed)
    coarse = rng.random(rng.integers(1, 12, 2)) < rng.random()
    mask = np.kron(coarse, np.ones((2**grain, 2**grain), bool))
    picture = Image.fromarray(mask * np.uint8(255)).convert(mode if mode != "LA" or kind != "bmp" else "L")
    options = {"lossless": True} if kind == "webp" else {}
    path = tmp_path_factory.mktemp("m") / f"a.{kind}"
    if kind == "bmp" and mode == "RGBA":
        picture = picture.convert("RGB")
    np.testing.assert_array_equal(found(picture, path, **options), mask)


def test_the_studies_reader_has_the_same_rule(tmp_path):
    """Frames of five subjects whose masks are the same disc in five kinds of file."""
    frame = np.random.default_rng(0).integers(0, 256, SHAPE, dtype=np.uint8)
    pictures = {
        "a_1.png": painted(DISC, (1, 0, 0)),
        "b_1.png": paletted(DISC, [0, 0, 0, 0, 0, 4]),
        "c_1.gif": painted(DISC, 255),
        "d_1.png": paletted(DISC, [0] * 6),
        "e_1.tif": painted(DISC, 255).convert("1"),
    }
    for side in ("images", "masks"):
        (tmp_path / side).mkdir()
    for name, picture in pictures.items():
        Image.fromarray(frame).save(tmp_path / "images" / f"{name[:-4]}.png")
        picture.save(tmp_path / "masks" / name)
    np.testing.assert_array_equal(read(tmp_path).masks, [DISC] * 5)
