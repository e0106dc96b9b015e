"""Unpooling: a block of pixels for each number."""

from __future__ import annotations

import numpy as np

from reprise.studies.convolution.lesson.windows import check_images


def bed_of_nails(images: np.ndarray, factor: int) -> np.ndarray:
    """Each value in the upper left corner of a ``factor`` x ``factor`` block of zeros (claim 112)."""
    check_images(images)
    n, channels, height, width = images.shape
    output = np.zeros((n, channels, factor * height, factor * width), dtype=images.dtype)
    output[:, :, ::factor, ::factor] = images
    return output


def nearest_neighbour(images: np.ndarray, factor: int) -> np.ndarray:
    """Each value repeated over a ``factor`` x ``factor`` block (claim 113)."""
    check_images(images)
    return images.repeat(factor, axis=2).repeat(factor, axis=3)


def max_unpool(pooled: np.ndarray, places: np.ndarray, size: int) -> np.ndarray:
    """Puts each value back where its maximum stood, zeros elsewhere: (n, c, h, w) -> (n, c, size h, size w)."""
    blocks = (np.arange(size**2) == places[..., None]) * pooled[..., None]
    n, channels, height, width = pooled.shape
    blocks = blocks.reshape(n, channels, height, width, size, size).transpose(0, 1, 2, 4, 3, 5)
    return blocks.reshape(n, channels, size * height, size * width)
