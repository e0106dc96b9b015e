"""The one reader of pictures, for every command and every study.

A picture is one still image in any of ``opening.FORMATS``, colour or grey, 8 bits or more. It is read as it is shown:
turned as its EXIF tag says (a tag that is no number from 1 to 8 counts as none), palettes resolved, colours as luma
(ITU-R 601) and on white where they are transparent. A file with several pages or frames is refused, since which one is
meant cannot be known; of a phone's JPEG with more pictures behind the first (MPO), the first counts, and so it does
where a TIFF's other pages say that they are smaller copies.

Depth. 8 bits are read as they are, floats must lie in [0, 1]. Whole numbers of more than 8 bits have no range of their
own: cameras with 12 bits write 16-bit files. Where the format gives one (12-bit TIFF, PGM, JPEG 2000) it is taken, and
8 bits that were stretched to 16 (all values multiples of 256 or 257) are known again. Else the range is the fewest of
8, 10, 12, 14, 16... bits that hold all but a thousandth of the values: a hot pixel is cut off and does not darken the
rest. Who compares pictures takes one such range for all of them (:func:`bits_needed`).
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from reprise.data.depth import as_bytes, bits_of, is_deep, read_deep
from reprise.data.opening import PictureError, opened, orientation, upright

JPEG = frozenset({"JPEG", "MPO"})


class Header(NamedTuple):
    """What a file says about its picture: ``size`` (h, w) as shown; ``deep``: more than 8 bits."""

    size: tuple[int, int]
    deep: bool


def read_header(path: Path) -> Header:
    """Looks at a picture without decoding it.

    Raises:
        PictureError: not one readable picture, as far as can be seen from outside.
        OSError: the file cannot be opened.
    """
    with opened(path) as image:
        w, h = image.size
        return Header((w, h) if orientation(image) >= 5 else (h, w), is_deep(image))


def read_grey(path: Path, size: tuple[int, int] | None = None, bits: int | None = None) -> np.ndarray:
    """Decodes a picture as grey.

    Args:
        path: the file.
        size: height and width to resize to (bilinear over the area, so that shrinking does not alias).
        bits: range of whole numbers of more than 8 bits whose format gives none; by default what this picture needs.

    Returns:
        (h, w) uint8.

    Raises:
        PictureError: not one readable picture, or numbers that are none of a picture.
        OSError: the file cannot be opened.
    """
    with opened(path) as image:
        if is_deep(image):
            grey = Image.fromarray(as_bytes(path, image, bits))
        else:
            if size is not None and image.format in JPEG:
                image.draft("L", (max(size), max(size)))  # decodes at a half, a quarter... where that is enough
            grey = upright(image)
            if grey.has_transparency_data:
                white = Image.new("RGBA", grey.size, "white")
                grey = Image.alpha_composite(white, grey.convert("RGBA"))
            grey = grey if grey.mode == "L" else grey.convert("L")
        if size is not None and grey.size != size[::-1]:
            grey = grey.resize(size[::-1], Image.Resampling.BILINEAR)
        values = np.asarray(grey)
    if size is not None and values.shape != size:
        raise PictureError(f"decodes to {values.shape}, not to the {size} that its header led to expect")
    return values


def bits_needed(path: Path) -> int | None:
    """The fewest of 8, 10, 12, 14, 16... bits that hold all but a thousandth of a deep picture's values.

    None where its range is known: 8 bits, floats, and what the module's text names. Raises as :func:`read_grey` does.
    """
    with opened(path) as image:
        if not is_deep(image):
            return None
        values, _, top = read_deep(path, image)
    return None if top else bits_of(values)
