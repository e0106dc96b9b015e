"""Pooling: one number for each window."""

from __future__ import annotations

from typing import Literal

import numpy as np

from reprise.studies.convolution.lesson.sizes import conv_output_size
from reprise.studies.convolution.lesson.windows import check_images, windows

Pool = Literal["max", "mean"]


def pool2d(images: np.ndarray, size: int, stride: int | None = None, mode: Pool = "max") -> np.ndarray:
    """The largest or the mean value of each window, channel by channel (claim 110).

    Args:
        images: (n, channels, h, w).
        size: of the window.
        stride: default ``size``: windows side by side.
        mode: ``max`` or ``mean``.

    Returns:
        (n, channels, h', w') with sizes by ``conv_output_size``; rows that no whole window covers are left out.

    Raises:
        ValueError: unknown mode, or the window does not fit.
    """
    check_images(images)
    if mode not in ("max", "mean"):
        raise ValueError(f"pooling {mode!r}: expected max or mean")
    stride = size if stride is None else stride
    for length in images.shape[2:]:
        conv_output_size(length, size, stride)
    each = windows(images, size, stride)
    return each.max(axis=(4, 5)) if mode == "max" else each.mean(axis=(4, 5))


def global_average_pool(images: np.ndarray) -> np.ndarray:
    """One mean a channel: (n, channels, h, w) -> (n, channels, 1, 1) (claim 111)."""
    check_images(images)
    return images.mean(axis=(2, 3), keepdims=True)


def max_pool_with_places(images: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Max pooling that remembers where each maximum stood, so that ``max_unpool`` can put it back.

    Returns:
        The pooled images (n, channels, h/size, w/size), and for each value its place in its window, row by row,
        0 .. size^2 - 1; of equal values the first.
    """
    each = windows(images, size, size)
    flat = each.reshape(*each.shape[:4], size**2)
    places = flat.argmax(axis=-1)
    return np.take_along_axis(flat, places[..., None], axis=-1)[..., 0], places
