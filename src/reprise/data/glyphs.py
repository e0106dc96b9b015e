"""Generated 28 x 28 digits and letters in place of MNIST and EMNIST: characters of fonts, warped, thinned and noised.

The fonts are those that matplotlib ships, so that nothing is downloaded. Every image is its own draw of a font, of a
stroke's width, of a turn, slant, size and place, of a smooth distortion, and of noise. A class of EMNIST that holds
capital and small letters draws both.
"""

from __future__ import annotations

import functools
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import gaussian_filter, grey_dilation, grey_erosion

SIDE = 28
FINE = 2 * SIDE  # side of the drawn characters that images are sampled from
BODY = 40  # of which a character fills so much, as in MNIST
FONTS = (
    *(f"DejaVuSans{style}.ttf" for style in ("", "-Bold", "-Oblique", "-BoldOblique")),
    *(f"DejaVuSansMono{style}.ttf" for style in ("", "-Bold", "-Oblique", "-BoldOblique")),
    *(f"DejaVuSerif{style}.ttf" for style in ("", "-Bold", "-Italic", "-BoldItalic")),
    *(f"STIXGeneral{style}.ttf" for style in ("", "Bol", "Italic", "BolIta")),
    *("cmr10.ttf", "cmb10.ttf", "cmss10.ttf", "cmti10.ttf", "cmtt10.ttf"),
)
STROKES = 3  # as drawn, thinner, thicker
WAVES = 3  # of the distortion, along each axis
CHUNK = 1000  # images drawn at once


def generate(
    characters: tuple[str, ...], train: int, test: int, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Draws training and test images.

    Args:
        characters: what each class may show; ``("0", "Aa")`` has two classes.
        train, test: number of images, as many as there are classes or more.
        seed: the same seed and numbers draw the same images.

    Returns:
        Training images (train, 28, 28, 1) uint8, bright on black, and labels (train,) int64, test images and labels.
        Classes are as equally frequent as the numbers allow, in random order.

    Raises:
        ValueError: fewer images than classes.
    """
    if min(train, test) < len(characters):
        raise ValueError(f"train={train}, test={test}: {len(characters)} classes need as many images in each")
    parts = [_part(characters, count, np.random.default_rng([seed, part])) for part, count in enumerate((train, test))]
    return (*parts[0], *parts[1])


@functools.cache
def drawn(character: str) -> np.ndarray:
    """(fonts, strokes, 56, 56) float32 in [0, 1]: one character in every font, centred, and every stroke."""
    return np.stack([_strokes(_glyph(_folder() / font, character)) for font in FONTS])


def _part(characters: tuple[str, ...], count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    labels = rng.permutation(np.arange(count) % len(characters))
    every = sorted(set("".join(characters)))
    sheets = np.stack([drawn(character) for character in every])  # (characters, fonts, strokes, 56, 56)
    forms = [[every.index(character) for character in each] for each in characters]
    images = np.empty((count, SIDE, SIDE, 1), np.uint8)
    for start in range(0, count, CHUNK):
        chunk = labels[start : start + CHUNK]
        shown = np.array([forms[label][rng.integers(len(forms[label]))] for label in chunk])
        drawings = sheets[shown, rng.integers(len(FONTS), size=len(chunk)), rng.integers(STROKES, size=len(chunk))]
        images[start : start + CHUNK, ..., 0] = _write(drawings, rng)
    return images, labels


def _write(drawings: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(n, 56, 56) -> (n, 28, 28) uint8."""
    n = len(drawings)

    def uniform(low: float, high: float, *shape: int) -> np.ndarray:
        return rng.uniform(low, high, (n, *(shape or (1, 1)))).astype(np.float32)

    axis = (np.arange(SIDE, dtype=np.float32) + 0.5) / SIDE * 2 - 1  # the image is [-1, 1] wide and high
    x, y = axis[None, None, :] - uniform(-0.08, 0.08), axis[None, :, None] - uniform(-0.08, 0.08)
    for _ in range(WAVES):
        bend_x, bend_y = (
            uniform(0.0, 0.06) * np.sin(uniform(-5, 5) * x + uniform(-5, 5) * y + uniform(0, 6.28)) for _ in range(2)
        )
        x, y = x + bend_x, y + bend_y
    turn, slant = uniform(-0.2, 0.2), uniform(-0.25, 0.25)
    u = (np.cos(turn) * x + np.sin(turn) * y) / uniform(0.8, 1.15)
    v = (np.cos(turn) * y - np.sin(turn) * x) / uniform(0.8, 1.15)
    ink = _sampled(drawings, (u + slant * v + 1) * FINE / 2 - 0.5, (v + 1) * FINE / 2 - 0.5)
    image = ink * uniform(0.6, 1.0) + uniform(0.0, 0.12) * rng.standard_normal(ink.shape, np.float32)
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


def _sampled(drawings: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Bilinear; (n, 56, 56) at (n, 28, 28) coordinates; the drawings' borders are empty."""
    x, y = np.clip(x, 0, FINE - 1.001), np.clip(y, 0, FINE - 1.001)
    left, top = x.astype(np.int64), y.astype(np.int64)
    right, low = x - left, y - top
    place = (np.arange(len(drawings))[:, None, None] * FINE + top) * FINE + left
    flat = drawings.reshape(-1)
    above = flat[place] * (1 - right) + flat[place + 1] * right
    below = flat[place + FINE] * (1 - right) + flat[place + FINE + 1] * right
    return above * (1 - low) + below * low


def _folder() -> Path:
    """Where matplotlib keeps its fonts; it is not imported for that."""
    return Path(find_spec("matplotlib").submodule_search_locations[0]) / "mpl-data" / "fonts" / "ttf"


def _glyph(font: Path, character: str) -> np.ndarray:
    """One character, as large as its box allows, in the middle of (56, 56) in [0, 1]."""
    large = Image.new("L", (4 * FINE, 4 * FINE))
    # the basic layout needs no library that may or may not be there
    face = ImageFont.truetype(str(font), 2 * FINE, layout_engine=ImageFont.Layout.BASIC)
    ImageDraw.Draw(large).text((FINE, FINE), character, fill=255, font=face)
    body = large.crop(large.getbbox())
    scale = BODY / max(body.size)
    body = body.resize(tuple(max(1, round(side * scale)) for side in body.size), Image.Resampling.BOX)
    canvas = Image.new("L", (FINE, FINE))
    canvas.paste(body, ((FINE - body.width) // 2, (FINE - body.height) // 2))
    return np.asarray(canvas, np.float32) / 255


def _strokes(glyph: np.ndarray) -> np.ndarray:
    forms = (glyph, grey_erosion(glyph, size=(2, 2)), grey_dilation(glyph, size=(3, 3)))
    return np.stack([gaussian_filter(form, 1.0) for form in forms])
