"""What is painted, and after what: photographs that come with scikit-image, and generated paintings."""

from __future__ import annotations

import numpy as np
from skimage import data
from skimage.transform import resize

COLOURS = np.array(  # of the paintings: dark blue, ochre, white, red, green
    [(0.1, 0.15, 0.4), (0.85, 0.6, 0.2), (0.95, 0.93, 0.85), (0.75, 0.2, 0.15), (0.2, 0.45, 0.3)], np.float32
)


def photograph(name: str, size: int) -> np.ndarray:
    """(size, size, 3) in [0, 1]: the middle square of a colour photograph in scikit-image's wheel."""
    image = getattr(data, name)()
    h, w = image.shape[:2]
    side = min(h, w)
    top, left = (h - side) // 2, (w - side) // 2
    return resize(image[top : top + side, left : left + side], (size, size), anti_aliasing=True).astype(np.float32)


def painting(name: str, size: int, seed: int = 0) -> np.ndarray:
    """(size, size, 3) in [0, 1]: ``strokes``, ``dots`` or ``swirls`` in five colours.

    Raises:
        ValueError: an unknown kind.
    """
    if name not in ("strokes", "dots", "swirls"):
        raise ValueError(f"no painting {name!r}: there are strokes, dots and swirls")
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0 : 1 : size * 1j, 0 : 1 : size * 1j]
    image = np.tile(COLOURS[0], (size, size, 1))
    if name == "swirls":
        turns = sum(
            np.arctan2(y - cy, x - cx) * way + np.hypot(y - cy, x - cx) * 30
            for cy, cx, way in zip(rng.random(4), rng.random(4), (2, -2, 3, -3), strict=True)
        )
        return COLOURS[(np.floor(turns / np.pi * 2).astype(int)) % len(COLOURS)]
    for _ in range(400 if name == "strokes" else 250):
        cy, cx, angle = rng.random(), rng.random(), rng.normal(0.8, 0.4)
        along = (y - cy) * np.sin(angle) + (x - cx) * np.cos(angle)
        across = (x - cx) * np.sin(angle) - (y - cy) * np.cos(angle)
        long, wide = (0.12, 0.018) if name == "strokes" else (0.035, 0.035)
        inside = (along / long) ** 2 + (across / wide) ** 2 < 1
        image[inside] = np.clip(COLOURS[rng.integers(len(COLOURS))] + rng.normal(0, 0.04, 3), 0, 1)
    return image.astype(np.float32)
