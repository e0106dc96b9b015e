"""The small subspace in which the pair search compares rows first, and the direction along which it sorts them."""

from __future__ import annotations

import numpy as np

SAMPLE = 128  # rows that the subspace is learnt from: it decides the speed, never the answer
RANK = 32


def subspace(features: np.ndarray, norms: np.ndarray, order: np.ndarray) -> np.ndarray:
    """(d, rank) orthonormal directions that hold most of the rows' length, learnt from an even sample of them."""
    d = features.shape[1]
    if d <= RANK:
        return np.eye(d)
    rows = order[np.unique(np.linspace(0, len(order) - 1, SAMPLE).astype(int))]
    sample = features[rows] / norms[rows, None]
    _, vectors = np.linalg.eigh(sample @ sample.T)
    return np.linalg.qr(sample.T @ vectors[:, -RANK:])[0]


def sorted_along(inside: np.ndarray, bounds: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Sorts rows, each within its group, along the direction in which they differ most.

    Args:
        inside: (n, rank) coordinates of unit vectors in the subspace.
        bounds: where each group starts, and the end.

    Returns:
        (n,) positions in rising order, and the coordinates (n,) in that order.
    """
    centred = inside - inside.mean(axis=0) if len(inside) else inside
    direction = np.linalg.eigh(centred.T @ centred)[1][:, -1:]
    coordinate = (inside @ direction).sum(axis=1)
    rising = np.lexsort((coordinate, np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))))
    return rising, coordinate[rising]
