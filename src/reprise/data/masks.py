"""The one reader of masks, for every command and every study: what counts as filled, and what is refused.

A mask is judged by the colours that it shows, whatever its format: palettes resolved, turned as its EXIF tag says,
one page. **Black is background, and so is what is transparent; everything else is filled**, (1, 0, 0) and (0, 0, 4)
too. In detail:

* A palette that is black throughout shows nothing: then the index is the label, and 0 is background.
* Of one colour throughout, black is empty, white or 1 is full.
* Faint noise, several values up to 16 of 255 that lie scattered as chance would have them, is black.
* Soft edges, greys that change from pixel to pixel between black and bright, count from half of the brightest on.
* Formats that lose detail (JPEG, lossy WebP, AVIF, JPEG 2000, TIFF with JPEG inside) never give back exact values: up
  to 16 of 255 is black there, and what is at least half as bright as the bright areas is filled. Labels 0 to 3 cannot
  be told from nothing in them.

Refused as ambiguous, by name and with what to do: several colours and none of them black; one colour throughout that is
neither black, white nor 1; nothing but black on transparent ground; a palette that shows two labels alike; colours that
change from pixel to pixel, as a photograph's and noise do; in a format that loses detail, no clear black and bright;
truth values as tifffile and imageio write them to TIFF (what is true shows black).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from reprise.data.depth import PHOTOMETRIC, is_deep, read_deep
from reprise.data.images import JPEG
from reprise.data.opening import PictureError, opened, upright

NEARLY_BLACK = 16  # of 255: what lossy formats make of black with a little noise
FAINT = 3  # of 255: what they make of pure black
DIM = 48  # of 255: what is filled must be brighter in a lossy format
FULL = (1, 255, 1023, 4095, 16383, 65535)  # values of a mask without any background
ENOUGH = 64  # pixels that are not black, from which on their pattern says something
# Neighbours that differ, over what chance would give. Photographs and noise: at least .78; masks of four data sets: at
# most .18; lines of one pixel: .75.
SCATTERED, CHANCE = 0.5, 0.9
SOFTWARE = 305  # a TIFF's tag
RIFF = {b"VP8L": False, b"VP8 ": True}


def read_mask(path: Path) -> np.ndarray:
    """Decodes a mask by the rule above.

    Returns:
        (h, w) bool, true where it is filled.

    Raises:
        PictureError: not one readable picture, or what is ambiguous about it and what to do.
        OSError: the file cannot be opened.
    """
    with opened(path) as image:
        if _is_inverted(image):
            raise _ambiguous("counts white as 0, as tifffile writes truth values, so what is true shows black: which")
        lossy = _is_lossy(path, image)
        if is_deep(image):
            colours, alpha, _ = read_deep(path, image)
            colours = colours / 257 if lossy else colours
            opaque = None if alpha is None else alpha > 0
        else:
            colours, opaque = _as_shown(upright(image))
    colours = colours.reshape(*colours.shape[:2], -1)  # a channel for grey, too
    if opaque is not None:
        colours = np.where(opaque[..., None], colours, 0)
        if not opaque.all() and opaque.any() and colours.max() <= (NEARLY_BLACK if lossy else 0):
            raise _ambiguous("shows nothing but black on transparent ground: the mask, or none")
    bright = colours.max(axis=2) if colours.shape[2] > 1 else colours[..., 0]
    return _of_lossy(bright, colours.min(axis=2)) if lossy else _of_exact(bright, colours)


def _of_exact(bright: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """The mask in colours that mean what they say; ``bright`` (h, w) is the largest channel, ``colours`` (h, w, c)."""
    filled = bright > 0
    number, top = np.count_nonzero(filled), bright.max()
    if number == 0:
        return filled
    dim = top <= (NEARLY_BLACK if bright.dtype.kind in "iu" else NEARLY_BLACK / 255)
    if number < filled.size and not dim and colours.shape[2] == 1 and np.count_nonzero(bright == top) == number:
        return filled  # black and one grey: most masks
    labels = _numbered(colours)
    count = int(labels.max()) + 1
    first = colours[0, 0]
    if number == filled.size and count == 1:
        if first[0] in FULL and (first == first[0]).all():
            return filled
        raise _ambiguous(f"is {_said(first)} throughout: full, or empty")
    if number == filled.size:
        raise _ambiguous(f"holds {count} colours and no black ({_said(first)}, for one): which is background")
    if number < ENOUGH or (count == 2 and not dim):
        return filled
    scattered = _scattered(labels)
    if dim and scattered > CHANCE:
        if count > 2:
            return np.zeros(bright.shape, bool)
        raise _ambiguous(f"is black with scattered specks of {top}: labels, or noise")
    if count > 2 and scattered > SCATTERED:
        raise _ambiguous(f"holds {count} colours that change from pixel to pixel, like a photograph or noise: a mask")
    if count > 3 and _soft(labels, filled & (bright < top)):
        return bright >= top / 2
    return filled


def _of_lossy(bright: np.ndarray, dark: np.ndarray) -> np.ndarray:
    """The mask in colours that are only nearly right; ``bright`` and ``dark`` are the largest and smallest channel."""
    top = int(bright.max())
    if top <= NEARLY_BLACK:
        some = bright > FAINT
        if np.count_nonzero(some) >= ENOUGH and _scattered(some.astype(int)) < SCATTERED:
            raise _ambiguous(f"shows areas of at most {top} of 255, in a format that loses detail: labels, or nothing")
        return np.zeros(bright.shape, bool)
    if dark.min() >= 255 - NEARLY_BLACK:
        return np.ones(bright.shape, bool)
    level = float(np.median(bright[bright >= top / 2]))  # the brightest pixel itself may be an overshoot
    filled = bright >= level / 2
    between = (bright > level / 4) & (bright < 3 * level / 4)
    # edges are blurred, in colours more than in brightness; what is grey away from them is an area of its own
    edges = np.asarray(Image.fromarray(filled).convert("L").filter(ImageFilter.MaxFilter(9))) > 0
    grey = np.count_nonzero(between & ~edges) > 0.05 * np.count_nonzero(filled)
    if level < DIM or bright.min() > NEARLY_BLACK or grey or between.mean() > 0.1:
        raise _ambiguous("is not clearly black and bright, in a format that loses detail: what is filled")
    return filled


def _as_shown(image: Image.Image) -> tuple[np.ndarray, np.ndarray | None]:
    """Colours (h, w) or (h, w, 3) uint8 as shown, and where they are not wholly transparent (None: everywhere)."""
    transparent = image.has_transparency_data
    indices = None
    if image.mode in ("P", "PA"):
        indices = np.asarray(image)
        indices = indices if indices.ndim == 2 else indices[..., 0]
        if not transparent and not np.any(image.getpalette("RGB")):
            return indices, None
    if image.mode in ("1", "L") and not transparent:
        return np.asarray(image if image.mode == "L" else image.convert("L")), None
    shown = np.asarray(image.convert("RGBA" if transparent else "RGB"))
    opaque = shown[..., 3] > 0 if transparent else None
    if indices is not None:
        black = ~shown[..., :3].any(axis=2)
        alike = np.unique(indices[black if opaque is None else black & opaque])
        if len(alike) > 1:
            raise _ambiguous(f"has a palette that shows {alike[0]} and {alike[1]} alike, in black: one label, or two")
    return shown[..., :3], opaque


def _is_inverted(image: Image.Image) -> bool:
    """Whether true is white or black in a TIFF depends on whether one looks at it or asks who wrote it."""
    tags = image.tag_v2 if image.format == "TIFF" else {}
    return tags.get(PHOTOMETRIC) == 0 and str(tags.get(SOFTWARE)).startswith("tifffile")


def _is_lossy(path: Path, image: Image.Image) -> bool:
    """Whether the format changes values a little."""
    if image.format == "TIFF":
        return str(image.info.get("compression", "")) in ("jpeg", "tiff_jpeg", "webp", "jpeg2000")
    if image.format == "WEBP":
        with path.open("rb") as stream:
            stream.seek(12)
            while len(chunk := stream.read(8)) == 8:
                if chunk[:4] in RIFF:
                    return RIFF[chunk[:4]]
                length = int.from_bytes(chunk[4:], "little")
                stream.seek(length + length % 2, 1)
    return image.format in JPEG | {"AVIF", "JPEG2000", "WEBP"}


def _numbered(colours: np.ndarray) -> np.ndarray:
    """(h, w): the colours' numbers, from 0, in no order that matters."""
    if colours.shape[2] == 1:
        flat = colours[..., 0]
    else:
        flat = sum(colours[..., k].astype(np.uint64) << np.uint64(16 * k) for k in range(colours.shape[2]))
    if flat.dtype in (np.uint8, np.uint16):  # by a table: several times faster than sorting
        return (np.cumsum(np.bincount(flat.ravel()) > 0) - 1)[flat]
    return np.unique(flat, return_inverse=True)[1].reshape(flat.shape)


def _neighbours(values: np.ndarray):
    """Both sides of all pairs of neighbours: across, down, and along both diagonals."""
    yield values[:, :-1], values[:, 1:]
    yield values[:-1], values[1:]
    yield values[:-1, :-1], values[1:, 1:]
    yield values[:-1, 1:], values[1:, :-1]


def _scattered(labels: np.ndarray) -> float:
    """How many neighbours differ, over how many would if the same pixels were shuffled: 1 for noise, 0 for areas."""
    pairs = differ = 0
    for one, other in _neighbours(labels):
        pairs += one.size
        differ += np.count_nonzero(one != other)
    share = np.bincount(labels.ravel()) / labels.size
    chance = pairs * (1 - (share**2).sum())
    return differ / chance if chance > 0 else 0.0


def _soft(labels: np.ndarray, between: np.ndarray) -> bool:
    """Whether most neighbours among the colours between black and the brightest differ: an edge, and no area."""
    pairs = differ = 0
    for (one, other), (first, second) in zip(_neighbours(labels), _neighbours(between), strict=True):
        both = first & second
        pairs += np.count_nonzero(both)
        differ += np.count_nonzero(both & (one != other))
    return 2 * differ > pairs


def _said(colour: np.ndarray) -> str:
    return str(colour[0]) if len(colour) == 1 else str(tuple(colour.tolist()))


def _ambiguous(found: str) -> PictureError:
    return PictureError(f"{found}? Save the mask in black (background) and white, as PNG")
