"""What is thresholded: photographs that come with a library, and random images of many kinds."""

from __future__ import annotations

import numpy as np
from skimage import data

# grey photographs that scikit-image's wheel holds: nothing is fetched
PHOTOGRAPHS = ("brick", "camera", "cell", "clock", "coins", "grass", "gravel", "microaneurysms", "moon", "page", "text")


def photographs() -> dict[str, np.ndarray]:
    """Name -> (height, width) grey levels 0 to 255."""
    return {name: getattr(data, name)() for name in PHOTOGRAPHS}


def random_images(count: int) -> list[np.ndarray]:
    """Images of many kinds: few levels and many, 8 and 16 bits, signed, floating point; some of one value."""
    rng = np.random.default_rng(0)
    images = []
    for index in range(count):
        shape = tuple(rng.integers(1, 40, 2))
        levels = int(rng.integers(1, 60)) if index % 2 else 256
        image = rng.integers(0, levels, shape)
        kind = index % 5
        if kind == 0:
            images.append(image.astype(np.uint8))
        elif kind == 1:
            images.append((image * rng.integers(1, 12)).astype(np.uint16))
        elif kind == 2:
            images.append(image.astype(np.int16) - 100)
        elif kind == 3:
            images.append(np.where(rng.random(shape) < 0.3, rng.normal(0, 1, shape), rng.normal(4, 2, shape)))
        else:
            images.append((image // 64).astype(np.uint8))
    return images
