"""A contact sheet: pairs of near-duplicates side by side, their masks outlined."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from reprise.data.depth import is_deep
from reprise.data.images import JPEG, read_grey
from reprise.data.masks import read_mask
from reprise.data.opening import opened, upright
from reprise.files import shown

CELL = 290  # longest side of a picture on the sheet
GAP, CAPTION, TITLE = 12, 34, 40
ACROSS = 2  # pairs in a row
OUTLINE = (255, 140, 0)
PAPER, INK, FAINT = (250, 250, 248), (25, 25, 25), (110, 110, 110)


@dataclass(frozen=True)
class Shown:
    """One picture of a pair: what to draw and what to call it."""

    path: Path
    name: str
    mask: Path | None = None


class Section(NamedTuple):
    """A line of text, and pairs under it: left picture, right picture, and what is said of them."""

    title: str
    pairs: list[tuple[Shown, Shown, str]]


def draw_sheet(sections: list[Section], out: Path, bits: int | None = None) -> None:
    """Draws pairs in their colours, each with what is said of it, and writes the PNG.

    Args:
        sections: one below the other; one without pairs is its title.
        out: the PNG to write.
        bits: range of pictures of more than 8 bits, as :func:`~reprise.data.images.read_grey` takes it.
    """
    drawn = [[[_picture(one, bits) for one in pair[:2]] for pair in section.pairs] for section in sections]
    heights = [max((picture.height for pair in cells for picture in pair), default=0) for cells in drawn]
    pair_width = 2 * CELL + GAP
    across = max(min(ACROSS, max(1, len(section.pairs))) for section in sections)
    step = [height + CAPTION + 2 * GAP for height in heights]
    tall = [TITLE + -(-len(cells) // ACROSS) * each for cells, each in zip(drawn, step, strict=True)]
    sheet = Image.new("RGB", (across * (pair_width + 2 * GAP) + GAP, sum(tall) + GAP), PAPER)
    draw = ImageDraw.Draw(sheet)
    small = ImageFont.load_default(12)
    top = 0
    for section, cells, height, each, rows in zip(sections, drawn, heights, step, tall, strict=True):
        draw.text((GAP + 4, top + 12), section.title, fill=INK, font=ImageFont.load_default(16))
        for k, (pair, pictures) in enumerate(zip(section.pairs, cells, strict=True)):
            x = GAP + (k % ACROSS) * (pair_width + 2 * GAP)
            y = top + TITLE + (k // ACROSS) * each
            for side, (one, picture) in enumerate(zip(pair[:2], pictures, strict=True)):
                left = x + side * (CELL + GAP)
                sheet.paste(picture, (left, y))
                draw.text((left, y + height + 3), _fitted(draw, shown(one.name), small), fill=INK, font=small)
            draw.text((x, y + height + 18), pair[2], fill=FAINT, font=small)
        top += rows
    sheet.save(out, format="PNG")


def _picture(one: Shown, bits: int | None) -> Image.Image:
    whole = _in_colour(one.path, bits)
    scale = CELL / max(whole.size)
    size = tuple(max(1, round(side * scale)) for side in whole.size)
    picture = np.asarray(whole.resize(size, Image.Resampling.BILINEAR)).copy()
    if one.mask is not None:
        mask = np.asarray(Image.fromarray(read_mask(one.mask)).resize(size, Image.Resampling.NEAREST))
        # drawn inside the mask, so that one touching the border is closed too
        picture[mask & ~ndimage.binary_erosion(mask, iterations=2)] = OUTLINE
    return Image.fromarray(picture)


def _in_colour(path: Path, bits: int | None) -> Image.Image:
    """The picture as it is shown, on white where it is transparent; of more than 8 bits, its grey."""
    with opened(path) as image:
        if not is_deep(image):
            if image.format in JPEG:
                image.draft("RGB", (2 * CELL, 2 * CELL))
            picture = upright(image)
            if picture.has_transparency_data:
                white = Image.new("RGBA", picture.size, "white")
                picture = Image.alpha_composite(white, picture.convert("RGBA"))
            return picture.convert("RGB")
    return Image.fromarray(read_grey(path, bits=bits)).convert("RGB")


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
