"""The small subspace in which the pair search compares rows first, and the direction along which it sorts them."""

from __future__ import annotations

import numpy as np

SAMPLE = 128  # rows that the subspace is learnt from: it decides the speed, never the answer
RANK = 32
RANKS = (RANK, SAMPLE)  # of which the cheapest is taken, if one is cheaper than none
# costs, measured, in multiplications of a large float32 product:
PAIR_COST = 70  # to compare what a product gives for a pair
ROW_COST = (60, 3)  # to project a row: for each of its numbers, and for each of them and direction
ASKING_COST = (2e8, 1e5)  # to ask what is cheapest: at all, and for each column
ASKED = 0.1  # most of what may be saved that may be spent on asking
CELL = 8  # rows: squares of the sample stand for tiles
DENSE = 0.05  # share of a tile from which the bound has saved nothing


def subspace(features: np.ndarray, norms: np.ndarray, order: np.ndarray, rank: int = RANK) -> np.ndarray:
    """(d, rank or less) orthonormal directions that hold most of the rows' length, learnt from an even sample of them.

    The first so many are those of a smaller rank.
    """
    d = features.shape[1]
    if d <= RANK:
        return np.eye(d)
    rows = order[np.unique(np.linspace(0, len(order) - 1, SAMPLE).astype(int))]
    sample = features[rows] / norms[rows, None]
    squares, vectors = np.linalg.eigh(sample @ sample.T)
    held = np.flatnonzero(squares > 1e-4 * squares[-1])[::-1][:rank]  # of the others rounding makes no directions
    basis = sample.T @ (vectors[:, held] / np.sqrt(squares[held]))
    return basis @ (1.5 * np.eye(len(held)) - basis.T @ basis / 2)  # what rounding left of angles, squared


def cheapest(
    features: np.ndarray, norms: np.ndarray, order: np.ndarray, bounds: list[int], threshold: float
) -> np.ndarray | None:
    """The subspace with which a search by float32 products costs least, or None where whole rows cost less.

    What a bound rules out is counted among rows that the subspace was not learnt from.
    """
    n, d = len(order), features.shape[1]
    if n > 0 and d <= RANK:
        return subspace(features, norms, order)
    pairs = float((np.diff(bounds).astype(float) ** 2).sum() / 2)
    whole = pairs * (d + PAIR_COST)
    if ASKING_COST[0] + ASKING_COST[1] * d > ASKED * (whole - n * d * ROW_COST[0]):
        return None
    basis = subspace(features, norms, order, max(RANKS))
    rows = order[np.linspace(0, n - 1, 2 * SAMPLE + 1).astype(int)[1::2]]
    inside = features[rows] @ basis / norms[rows, None]
    rising, sweep = sorted_along(inside, [0, len(rows)])
    inside = inside[rising]
    window = (np.abs(np.subtract.outer(sweep, sweep)) < np.sqrt(2 * threshold)).mean()
    best, least = None, whole
    for rank in RANKS:
        part = inside[:, :rank]
        rest = np.sqrt(np.maximum(0, 1 - np.einsum("ij,ij->i", part, part)))
        left = part @ part.T + np.multiply.outer(rest, rest) >= 1 - threshold
        np.fill_diagonal(left, False)
        shares = left.reshape(SAMPLE // CELL, CELL, -1, CELL).mean(axis=(1, 3))
        measured = np.minimum(1, shares / DENSE).mean() * whole
        cost = n * d * (ROW_COST[0] + ROW_COST[1] * rank) + window * pairs * (rank + PAIR_COST) + measured
        if cost < least:
            best, least = basis[:, :rank], cost
    return best


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
