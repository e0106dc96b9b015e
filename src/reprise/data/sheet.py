"""A contact sheet: pairs of near-duplicates side by side, their masks outlined."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from reprise.data.images import read_grey
from reprise.data.masks import read_mask
from reprise.files import shown

CELL = 290  # longest side of a picture on the sheet
GAP, CAPTION = 12, 34
ACROSS = 2  # pairs in a row
OUTLINE = (255, 140, 0)
PAPER, INK, FAINT = (250, 250, 248), (25, 25, 25), (110, 110, 110)


@dataclass(frozen=True)
class Shown:
    """One picture of a pair: what to draw and what to call it."""

    path: Path
    name: str
    mask: Path | None = None


def draw_sheet(pairs: list[tuple[Shown, Shown, float]], title: str, out: Path, bits: int | None = None) -> None:
    """Draws pairs, each with its distance, and writes the PNG.

    Args:
        pairs: left picture, right picture and distance; where there are none, the sheet is its title.
        title: the line at the top.
        out: the PNG to write.
        bits: range of pictures of more than 8 bits, as :func:`~reprise.data.images.read_grey` takes it.
    """
    cells = [[_picture(one, bits) for one in pair[:2]] for pair in pairs]
    height = max((picture.height for pair in cells for picture in pair), default=0)
    pair_width = 2 * CELL + GAP
    rows = -(-len(pairs) // ACROSS)
    across = min(ACROSS, max(1, len(pairs)))
    sheet = Image.new(
        "RGB", (across * (pair_width + 2 * GAP) + GAP, 40 + rows * (height + CAPTION + 2 * GAP) + GAP), PAPER
    )
    draw = ImageDraw.Draw(sheet)
    draw.text((GAP + 4, 12), title, fill=INK, font=ImageFont.load_default(16))
    small = ImageFont.load_default(12)
    for k, (pair, pictures) in enumerate(zip(pairs, cells, strict=True)):
        x = GAP + (k % ACROSS) * (pair_width + 2 * GAP)
        y = 40 + (k // ACROSS) * (height + CAPTION + 2 * GAP)
        for side, (one, picture) in enumerate(zip(pair[:2], pictures, strict=True)):
            left = x + side * (CELL + GAP)
            sheet.paste(picture, (left, y))
            draw.text((left, y + height + 3), _fitted(draw, shown(one.name), small), fill=INK, font=small)
        draw.text((x, y + height + 18), f"distance {pair[2]:.5f}", fill=FAINT, font=small)
    sheet.save(out, format="PNG")


def _picture(one: Shown, bits: int | None) -> Image.Image:
    grey = Image.fromarray(read_grey(one.path, bits=bits))
    scale = CELL / max(grey.size)
    size = tuple(max(1, round(side * scale)) for side in grey.size)
    picture = np.asarray(grey.resize(size, Image.Resampling.BILINEAR).convert("RGB")).copy()
    if one.mask is not None:
        mask = np.asarray(Image.fromarray(read_mask(one.mask)).resize(size, Image.Resampling.NEAREST))
        # drawn inside the mask, so that one touching the border is closed too
        picture[mask & ~ndimage.binary_erosion(mask, iterations=2)] = OUTLINE
    return Image.fromarray(picture)


def _fitted(draw: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont) -> str:
    """Shortens a long name at its front: its end tells frames apart."""
    if draw.textlength(text, font) <= CELL:
        return text
    while len(text) > 1 and draw.textlength("..." + text, font) > CELL:
        text = text[1:]
    return "..." + text


def worst(pairs: np.ndarray, distances: np.ndarray, most: int = 12) -> np.ndarray:
    """Indices of at most ``most`` near pairs, nearest first; pairs of pictures not yet shown are taken before others.

    Without that, one run of identical frames fills the sheet.
    """
    seen: set[int] = set()
    fresh, repeated = [], []
    for k in np.argsort(distances, kind="stable"):
        i, j = pairs[k].tolist()
        (repeated if i in seen or j in seen else fresh).append(int(k))
        seen.update((i, j))
        if len(fresh) == most:
            break
    chosen = np.array((fresh + repeated)[:most], np.int64)
    return chosen[np.argsort(distances[chosen], kind="stable")]
