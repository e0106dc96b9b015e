"""Label pictures are read by their numbers, whatever they show, and what is none is refused with what was found."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from reprise.data.label_pictures import read_colour, read_labels, voc_palette
from reprise.data.opening import PictureError

LABELS = np.array([[0, 1, 2], [20, 255, 3]], np.uint8)


def palette_png(path, palette, labels=LABELS):
    image = Image.fromarray(labels)
    image.putpalette(palette.tobytes())
    image.save(path)


def test_voc_palette_has_the_published_colours():
    # of the development kit: background, aeroplane, bicycle, bird, tvmonitor, and the outlines
    palette = voc_palette()
    expected = {0: (0, 0, 0), 1: (128, 0, 0), 2: (0, 128, 0), 3: (128, 128, 0), 20: (0, 64, 128), 255: (224, 224, 192)}
    assert {number: tuple(map(int, palette[number])) for number in expected} == expected
    assert len(np.unique(palette, axis=0)) == 256


def test_grey_palette_and_wide_pictures_hold_the_same_numbers(tmp_path):
    Image.fromarray(LABELS).save(tmp_path / "grey.png")
    palette_png(tmp_path / "palette.png", voc_palette())
    Image.fromarray(LABELS.astype(np.uint16)).save(tmp_path / "wide.png")
    Image.fromarray(LABELS).save(tmp_path / "grey.tif")
    for name in ("grey.png", "palette.png", "wide.png", "grey.tif"):
        found = read_labels(tmp_path / name, 21, 255, voc_palette(21))
        assert found.dtype == np.uint8
        np.testing.assert_array_equal(found, LABELS)
    Image.fromarray(LABELS > 1).save(tmp_path / "bits.png")
    assert read_labels(tmp_path / "bits.png").max() == 1


def test_labels_out_of_range_are_named_and_counted(tmp_path):
    Image.fromarray(LABELS).save(tmp_path / "a.png")
    with pytest.raises(PictureError, match=r"has label 20 \(1 pixels\); expected 0 to 10, or 255"):
        read_labels(tmp_path / "a.png", 11)
    with pytest.raises(PictureError, match="has label 255"):
        read_labels(tmp_path / "a.png", 21, None)
    Image.fromarray(np.full((2, 2), 300, np.uint16)).save(tmp_path / "w.png")
    with pytest.raises(PictureError, match="has label 300"):
        read_labels(tmp_path / "w.png")


def test_another_palette_than_the_known_one_is_refused(tmp_path):
    spoilt = voc_palette().copy()
    spoilt[2] = 9
    palette_png(tmp_path / "p.png", spoilt)
    with pytest.raises(PictureError, match=r"label 2 is \(9, 9, 9\), expected \(0, 128, 0\)"):
        read_labels(tmp_path / "p.png", 21, 255, voc_palette(21))
    np.testing.assert_array_equal(read_labels(tmp_path / "p.png", 21), LABELS)


@pytest.mark.parametrize(("mode", "name"), [("RGB", "c.png"), ("RGBA", "t.png"), ("L", "j.jpg"), ("LA", "la.png")])
def test_colours_transparency_and_lossy_formats_are_no_labels(tmp_path, mode, name):
    Image.new(mode, (4, 4)).save(tmp_path / name)
    with pytest.raises(PictureError, match=r"PNG|grey or palette"):
        read_labels(tmp_path / name)


def test_colour_pictures_are_eight_bits_in_three_channels(tmp_path):
    Image.fromarray(LABELS).save(tmp_path / "grey.png")
    assert read_colour(tmp_path / "grey.png").shape == (2, 3, 3)
    Image.new("RGBA", (2, 2), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    assert read_colour(tmp_path / "clear.png").min() == 255
    Image.fromarray(LABELS.astype(np.uint16)).save(tmp_path / "wide.png")
    with pytest.raises(PictureError, match="more than 8 bits"):
        read_colour(tmp_path / "wide.png")
