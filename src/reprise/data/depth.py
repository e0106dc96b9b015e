"""Pictures of more than 8 bits: their numbers, and by which range these become the 256 levels of grey.

See :mod:`reprise.data.images` for the rule.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from reprise.data.opening import PictureError, opened, upright

STRIP = 64  # rows that become grey at a time
ODD = 1e-3  # share of a picture's values that may lie beyond its range
SWAPPED = {"B": "L", "L": "B", "N": "B" if np.little_endian else "L"}  # orders of bytes, as Pillow's raw modes end
BITS_PER_SAMPLE, PHOTOMETRIC, PLANAR = 258, 262, 284  # tags of a TIFF


def is_deep(image: Image.Image) -> bool:
    """Whether an opened picture has floats, or whole numbers of more than 8 bits."""
    return image.mode[0] in "IF" or ";16" in _raw_mode(image) or _sample_bits(image) > 8


def read_deep(path: Path, image: Image.Image) -> tuple[np.ndarray, np.ndarray | None, int | None]:
    """The numbers of a picture of more than 8 bits.

    Args:
        path: where it is from: 16-bit colour is decoded twice.
        image: the picture as ``opened`` gave it, :func:`is_deep`.

    Returns:
        (h, w) or (h, w, 3) uint16, int32 or float32; how opaque it is, (h, w) in [0, 1], or None; and the value of
        white, where it is known.

    Raises:
        PictureError: numbers that are none of a picture, or a layout that would be read wrongly.
    """
    raw = _raw_mode(image)
    transparent = image.info.get("transparency") if image.format == "PNG" else None
    top = 65535 if image.format in ("PPM", "JPEG2000") else None
    alpha = None
    if image.mode[0] in "IF":
        if _sample_bits(image) == 12:
            top = 4095
        values = np.asarray(upright(image))
        if image.format == "TIFF" and image.tag_v2.get(PHOTOMETRIC) == 0:
            raise PictureError("has more than 8 bits and counts white as 0; save it with black as 0")
        if values.dtype.kind == "f":
            top = 1
    else:
        wide = _both_bytes(path, image, raw)
        values = wide[..., 0] if raw.startswith("LA") else wide[..., :3]
        if raw.startswith(("LA", "RGBA")):
            alpha = wide[..., -1] / (2 ** bits_of(wide[..., -1]) - 1)
    if isinstance(transparent, int | tuple):
        same = values == np.array(transparent)
        alpha = np.where(same.all(axis=-1) if values.ndim == 3 else same, 0.0, 1.0)
    low, high = values.min(), values.max()
    if not (low >= 0 and (values.dtype.kind != "f" or high <= 1)):
        raise PictureError(f"has values from {low} to {high}; whole numbers from 0 and floats in [0, 1] are read")
    if top is None and 0 < high < 2**16:  # 8 bits written as 16, repeated or shifted?
        top = next((255 * step for step in (257, 256) if np.count_nonzero(values % step) <= ODD * values.size), None)
    return values, alpha, top


def bits_of(values: np.ndarray) -> int:
    """The fewest even number of bits, from 8, that holds all but a thousandth of the values."""
    beyond = int(ODD * values.size)
    high = int(np.partition(values, values.size - 1 - beyond, axis=None)[-1 - beyond])
    return max(8, (high.bit_length() + 1) // 2 * 2)


def as_bytes(path: Path, image: Image.Image, bits: int | None) -> np.ndarray:
    """A picture of more than 8 bits as grey, (h, w) uint8; ``bits`` as for :func:`~reprise.data.images.read_grey`."""
    values, alpha, top = read_deep(path, image)
    top = top or 2 ** (bits or bits_of(values)) - 1
    out = np.empty(values.shape[:2], np.uint8)
    for start in range(0, len(out), STRIP):  # in float64 the whole would take eight times the memory of the picture
        part = slice(start, start + STRIP)
        grey = np.minimum(values[part], top) * (255 / top)
        if grey.ndim == 3:
            grey = grey @ np.array([0.299, 0.587, 0.114])
        if alpha is not None:
            grey = grey * alpha[part] + 255 * (1 - alpha[part])
        out[part] = np.rint(grey)
    return out


def _sample_bits(image: Image.Image) -> int:
    """Of one sample of a TIFF; 0 for other formats."""
    found = image.tag_v2.get(BITS_PER_SAMPLE, (1,)) if image.format == "TIFF" else (0,)
    return max(found) if isinstance(found, tuple) and all(isinstance(bits, int) for bits in found) else 1


def _raw_mode(image: Image.Image) -> str:
    """How the file's bytes become pixels, in Pillow's words: ``RGB;16B`` is colour of 16 bits cut to 8."""
    tiles = getattr(image, "tile", [])
    if not tiles or image.format not in ("PNG", "TIFF"):  # the others scale to 8 bits by a range that they give
        return ""
    arguments = tiles[0][3]
    raw = arguments if isinstance(arguments, str) else arguments[0] if isinstance(arguments, tuple) else ""
    return raw if isinstance(raw, str) else ""


def _both_bytes(path: Path, image: Image.Image, raw: str) -> np.ndarray:
    """(h, w, channels) uint16 of a colour picture of 16 bits, of which Pillow itself keeps the upper byte alone."""
    kind, order = raw[:-1], raw[-1:]
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
    wide = np.asarray(upright(image)).astype(np.uint16)
    wide <<= 8
    wide |= low
    return wide


def _in_planes(image: Image.Image) -> bool:
    return image.format == "TIFF" and image.tag_v2.get(PLANAR) == 2
