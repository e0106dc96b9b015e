"""Small masks stretched over their boxes, without torch."""

from __future__ import annotations

import numpy as np


def pasted(masks: np.ndarray, boxes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(n, m, m) probabilities over (n, 4) boxes -> (n, height, width) bool, true from one half on."""
    rows, columns = (_weights(boxes[:, axis], boxes[:, axis + 2], masks.shape[1], size[1 - axis]) for axis in (1, 0))
    return np.einsum("nhi,nij,nwj->nhw", rows, masks.astype(np.float32), columns, optimize=True) >= 0.5


def _weights(start: np.ndarray, stop: np.ndarray, side: int, length: int) -> np.ndarray:
    """(n, length, side): by how much each cell of a mask counts at each pixel, linearly between cells' middles."""
    place = (np.arange(length) + 0.5 - start[:, None]) / np.maximum(stop - start, 1e-6)[:, None]
    inside = (place >= 0) & (place <= 1)
    cell = np.clip(place * side - 0.5, 0, side - 1)
    weight = np.maximum(1 - np.abs(cell[..., None] - np.arange(side)), 0)
    return (weight * inside[..., None]).astype(np.float32)
