"""Pictures whose values are class numbers: grey or palette PNG and the like, and colour pictures beside them.

A label picture is read by its numbers, not by its colours: of a palette the index counts. Where the palette is known
(VOC's), one that shows other colours is refused, since its numbers may mean something else.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from reprise.data.opening import PictureError, opened, upright

LOSSY = ("JPEG", "MPO", "WEBP", "AVIF", "JPEG2000")


def voc_palette(count: int = 256) -> np.ndarray:
    """(count, 3) uint8: the colours of PASCAL VOC, whose bits are those of the class number, dealt out to R, G, B."""
    numbers, colours = np.arange(count), np.zeros((count, 3), np.uint8)
    for place in range(8):
        for channel in range(3):
            colours[:, channel] |= ((numbers >> 3 * place + channel & 1) << 7 - place).astype(np.uint8)
    return colours


def read_labels(
    path: Path, classes: int | None = None, ignore: int | None = 255, palette: np.ndarray | None = None
) -> np.ndarray:
    """Decodes a label picture.

    Args:
        path: the file.
        classes: how many there are; None accepts any number up to 255.
        ignore: label that is allowed beside them.
        palette: (k, 3) colours that a palette picture must have for the labels in it; grey pictures have none.

    Returns:
        (h, w) uint8.

    Raises:
        PictureError: not one readable picture, or its values are no such labels.
        OSError: the file cannot be opened.
    """
    with opened(path) as image:
        if image.format in LOSSY:
            raise PictureError(f"is a {image.format}, which changes numbers; save labels as PNG")
        if image.mode not in ("1", "L", "P", "I", "I;16", "I;16B", "I;16L"):
            raise PictureError(
                f"is in colour or has transparency ({image.mode}); save class numbers as grey or palette"
            )
        shown = image.getpalette("RGB") if image.mode == "P" else None
        values = np.asarray(upright(image))
    if values.dtype == bool:
        values = values.astype(np.uint8)
    found, counts = np.unique(values, return_counts=True)
    allowed = (found >= 0) & (found < (256 if classes is None else classes)) | (
        found == (-1 if ignore is None else ignore)
    )
    if not allowed.all():
        wrong = [f"{label} ({count} pixels)" for label, count in zip(found[~allowed], counts[~allowed], strict=True)]
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        beside = "" if ignore is None else f", or {ignore}"
        raise PictureError(f"has label {', '.join(wrong[:3])}{more}; expected 0 to {(classes or 256) - 1}{beside}")
    if palette is not None and shown is not None:
        has = np.array(shown, np.uint8).reshape(-1, 3)
        for label in found:
            colour = tuple(map(int, has[label])) if label < len(has) else None
            if label < len(palette) and colour != tuple(map(int, palette[label])):
                raise PictureError(
                    f"has a palette in which label {label} is {colour}, expected {tuple(map(int, palette[label]))}"
                )
    return values.astype(np.uint8)


def read_colour(path: Path) -> np.ndarray:
    """Decodes a picture of 8 bits as (h, w, 3) uint8, grey repeated, what is transparent on white.

    Raises:
        PictureError: not one readable picture, or one of more than 8 bits.
        OSError: the file cannot be opened.
    """
    with opened(path) as image:
        if image.mode[0] in "IF":
            raise PictureError(f"has more than 8 bits ({image.mode}); save it with 8")
        picture = upright(image)
        if picture.has_transparency_data:
            white = Image.new("RGBA", picture.size, "white")
            picture = Image.alpha_composite(white, picture.convert("RGBA"))
        return np.asarray(picture.convert("RGB"))
