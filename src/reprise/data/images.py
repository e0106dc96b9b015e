"""The one reader of pictures, for every command and every study.

A picture is one still image in any of ``FORMATS``, colour or grey, 8 bits or more. It is read as it is shown: turned
as its EXIF tag says (a tag that is no number from 1 to 8 counts as none), palettes resolved, colours as luma (ITU-R
601) and on white where they are transparent. A file with several pages or frames is refused, since which one is meant
cannot be known; of a phone's JPEG with more pictures behind the first (MPO), the first counts.

Depth. 8 bits are read as they are, floats must lie in [0, 1]. Whole numbers of more than 8 bits have no range of their
own: cameras with 12 bits write 16-bit files. Where the format gives one (12-bit TIFF, PGM, JPEG 2000) it is taken, and
8 bits that were stretched to 16 (all values multiples of 256 or 257) are known again. Else the range is the fewest of
8, 10, 12, 14, 16... bits that hold all but a thousandth of the values: a hot pixel is cut off and does not darken the
rest. Who compares pictures takes one such range for all of them (:func:`bits_needed`).
"""

from __future__ import annotations

import functools
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, UnidentifiedImageError

from reprise.files import one_line, shown

# Formats of Pillow's that hold a picture; those that run programs (PostScript) or are lists of icons, layers or films
# are left out, whatever a file's name says. TGA goes last: it has no signature, so anything might be one.
FORMATS = ("TIFF", "PNG", "JPEG", "BMP", "DIB", "GIF", "WEBP", "AVIF", "JPEG2000", "PPM", "QOI", "SGI", "PCX", "TGA")
SUFFIXES = frozenset(
    {
        *(".tif", ".tiff", ".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".bmp", ".dib", ".gif", ".webp"),
        *(".avif", ".avifs", ".jp2", ".j2k", ".jpc", ".jpf", ".jpx", ".j2c", ".pbm", ".pgm", ".ppm", ".pnm", ".pfm"),
        *(".qoi", ".sgi", ".rgb", ".rgba", ".bw", ".pcx", ".tga", ".icb", ".vda", ".vst"),
    }
)
JPEG = frozenset({"JPEG", "MPO"})
ODD = 1e-3  # share of a picture's values that may lie beyond its range
ORIENTATION = 0x0112
TURNS = {  # by EXIF's orientation
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
WHITE_IS_ZERO = {0}  # TIFF's photometric interpretation
SWAPPED = {"B": "L", "L": "B", "N": "B" if np.little_endian else "L"}


class PictureError(ValueError):
    """A file is not one readable picture; says what was found there, not where."""


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
        return Header((w, h) if _orientation(image) >= 5 else (h, w), is_deep(image))


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
            grey = Image.fromarray(_bytes(path, image, bits))
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
        values, _, top = _deep(path, image)
    return None if top else _bits(values)


@contextmanager
def opened(path: Path) -> Iterator[Image.Image]:
    """The picture in a file, not yet decoded. Whatever a decoder raises in the block becomes a PictureError.

    Raises:
        PictureError: not one readable picture.
        OSError: the file cannot be opened.
    """
    # by a handle: from a path, Pillow maps plain TIFFs into memory, and garbles those that it turns
    with Path(path).open("rb") as stream:
        if not os.fstat(stream.fileno()).st_size:
            raise PictureError("is empty")
        try:
            with Image.open(stream, formats=_formats()) as image:
                pages = getattr(image, "n_frames", 1)
                if pages > 1 and image.format != "MPO":
                    raise PictureError(
                        f"holds {pages} pictures (pages or frames); save the one that is meant as a file of its own"
                    )
                yield image
        except PictureError:
            raise
        except UnidentifiedImageError:
            raise PictureError("is not an image") from None
        except (
            Exception
        ) as error:  # TypeError, struct.error, MemoryError...: damaged bytes make decoders raise anything
            raise PictureError(f"cannot be decoded ({type(error).__name__}: {shown(one_line(error))})") from error


@contextmanager
def quiet() -> Iterator[None]:
    """Keeps Pillow's warnings about what it could skip off the terminal: what it could not read is an error anyway."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        yield


def upright(image: Image.Image) -> Image.Image:
    """The decoded picture as it is shown."""
    turn = TURNS.get(_orientation(image))
    image.load()
    image = image if turn is None else image.transpose(turn)
    return image.convert(image.mode.upper()) if image.mode in ("La", "RGBa") else image  # alpha multiplied in


def decode_deep(path: Path, image: Image.Image) -> tuple[np.ndarray, np.ndarray | None]:
    """The numbers of a picture of more than 8 bits, and how opaque it is.

    Args:
        path: where it is from: 16-bit colour is decoded twice.
        image: the picture as :func:`opened` gave it, :func:`is_deep`.

    Returns:
        (h, w) or (h, w, 3) uint16, int32 or float32; and (h, w) bool, False where wholly transparent, or None.
    """
    values, alpha, _ = _deep(path, image)
    return values, None if alpha is None else alpha > 0


@functools.cache
def _formats() -> tuple[str, ...]:
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


def _orientation(image: Image.Image) -> int:
    """EXIF's orientation where it is left to us: Pillow turns TIFFs itself."""
    if image.format == "TIFF":
        return 1
    try:
        found = Image.Image.getexif(image).get(ORIENTATION)  # PNG's own method decodes the picture to look behind it
    except Exception:  # tags so broken that they cannot be read at all
        return 1
    return found if type(found) is int and found in TURNS else 1


def is_deep(image: Image.Image) -> bool:
    """Whether an opened picture has floats, or whole numbers of more than 8 bits."""
    return image.mode[0] in "IF" or ";16" in _raw_mode(image) or _sample_bits(image) > 8


def _sample_bits(image: Image.Image) -> int:
    """Of one sample of a TIFF; 0 for other formats."""
    found = image.tag_v2.get(258, (1,)) if image.format == "TIFF" else (0,)
    return max(found) if isinstance(found, tuple) and all(isinstance(bits, int) for bits in found) else 1


def _raw_mode(image: Image.Image) -> str:
    """How the file's bytes become pixels, in Pillow's words: ``RGB;16B`` is colour of 16 bits cut to 8."""
    tiles = getattr(image, "tile", [])
    if not tiles or image.format not in ("PNG", "TIFF"):  # the others scale to 8 bits by a range that they give
        return ""
    arguments = tiles[0][3]
    raw = arguments if isinstance(arguments, str) else arguments[0] if isinstance(arguments, tuple) else ""
    return raw if isinstance(raw, str) else ""


def _deep(path: Path, image: Image.Image) -> tuple[np.ndarray, np.ndarray | None, int | None]:
    """Numbers (h, w) or (h, w, 3), how opaque (h, w) in [0, 1] or None, and the value of white where it is known."""
    raw = _raw_mode(image)
    transparent = image.info.get("transparency") if image.format == "PNG" else None
    top = 65535 if image.format in ("PPM", "JPEG2000") else None
    alpha = None
    if image.mode[0] in "IF":
        if _sample_bits(image) == 12:
            top = 4095
        values = np.asarray(upright(image))
        if image.format == "TIFF" and image.tag_v2.get(262) in WHITE_IS_ZERO:
            raise PictureError("has more than 8 bits and counts white as 0; save it with black as 0")
        if values.dtype.kind == "f":
            top = 1
    else:
        wide = _both_bytes(path, image, raw)
        values = wide[..., 0] if raw.startswith("LA") else wide[..., :3]
        if raw.startswith(("LA", "RGBA")):
            alpha = wide[..., -1] / (2 ** _bits(wide[..., -1]) - 1)
    if isinstance(transparent, int | tuple):
        same = values == np.array(transparent)
        alpha = np.where(same.all(axis=-1) if values.ndim == 3 else same, 0.0, 1.0)
    low, high = values.min(), values.max()
    if not (low >= 0 and (values.dtype.kind != "f" or high <= 1)):
        raise PictureError(f"has values from {low} to {high}; whole numbers from 0 and floats in [0, 1] are read")
    if top is None and 0 < high < 2**16:  # 8 bits written as 16, repeated or shifted?
        top = next((255 * step for step in (257, 256) if np.count_nonzero(values % step) <= ODD * values.size), None)
    return values, alpha, top


def _both_bytes(path: Path, image: Image.Image, raw: str) -> np.ndarray:
    """(h, w, channels) uint16 of a colour picture of 16 bits, of which Pillow itself keeps the upper byte alone."""
    kind, order = raw[:-1], raw[-1]
    if kind not in ("RGB;16", "RGBA;16", "RGBX;16", "LA;16") or order not in SWAPPED or _in_planes(image):
        raise PictureError(
            f"has 16 bits a channel in a layout that is not read ({raw}); save it as RGB, or with 8 bits"
        )
    if kind == "LA;16":  # four bytes a pixel, as RGBA of 8 bits has them
        image.tile = [tile._replace(args="RGBA") for tile in image.tile]
        found = np.asarray(upright(image)).astype(np.uint16)
        return found[..., 0::2] << 8 | found[..., 1::2]
    with opened(path) as again:
        again.tile = [
            tile._replace(args=kind + SWAPPED[order])
            if isinstance(tile.args, str)
            else tile._replace(args=(kind + SWAPPED[order], *tile.args[1:]))
            for tile in again.tile
        ]
        low = np.asarray(upright(again))
    return np.asarray(upright(image)).astype(np.uint16) << 8 | low


def _in_planes(image: Image.Image) -> bool:
    return image.format == "TIFF" and image.tag_v2.get(284) == 2


def _bits(values: np.ndarray) -> int:
    """The fewest even number of bits, from 8, that holds all but a thousandth of the values."""
    beyond = int(ODD * values.size)
    high = int(np.partition(values, values.size - 1 - beyond, axis=None)[-1 - beyond])
    return max(8, (high.bit_length() + 1) // 2 * 2)


def _bytes(path: Path, image: Image.Image, bits: int | None) -> np.ndarray:
    """A deep picture as (h, w) uint8; see the module's text."""
    values, alpha, top = _deep(path, image)
    top = top or 2 ** (bits or _bits(values)) - 1
    grey = np.minimum(values, top) * (255 / top)
    if grey.ndim == 3:
        grey = grey @ np.array([0.299, 0.587, 0.114])
    if alpha is not None:
        grey = grey * alpha + 255 * (1 - alpha)
    return np.rint(grey).astype(np.uint8)
