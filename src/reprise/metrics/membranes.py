"""How well neurites are kept apart: the three errors of the ISBI 2012 challenge, on pictures of membranes.

True is the inside of cells, false the membrane. Regions are connected along sides (4), membranes along corners too (8).

* *Pixel error*: share of pixels that differ (the squared distance of two binary pictures).
* *Rand error*: 1 - F-score of the pairs of pixels that lie in one region, over pixels that are inside in the truth.
* *Warping error* (Jain et al. 2010): share of pixels that still differ after the truth's outlines have been moved as
  near to the prediction's as is possible without splitting, merging, opening or closing anything. The challenge reports
  the smallest error over all thresholds of a probability map.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from functools import lru_cache

import numpy as np
from scipy import ndimage

CORNERS = np.ones((3, 3), int)
AROUND = ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))  # clockwise


def pixel_error(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Share of pixels that differ.

    Args:
        truth: (h, w) bool.
        predicted: (h, w) bool.
    """
    _check(truth, predicted)
    return float(np.mean(truth != predicted))


def rand_error(truth: np.ndarray, predicted: np.ndarray) -> float:
    """1 - F-score of the Rand index over the pixels that are inside in the truth ("foreground-restricted").

    Predicted membrane is one region of its own, as in the challenge's scoring code. No inside at all: 0.

    Args:
        truth: (h, w) bool.
        predicted: (h, w) bool.
    """
    _check(truth, predicted)
    if not truth.any():
        return 0.0
    true, said = ndimage.label(truth)[0][truth], ndimage.label(predicted)[0][truth]
    _, cells = np.unique(true.astype(np.int64) * (said.max() + 1) + said, return_counts=True)

    def pairs(counts: np.ndarray) -> float:
        return float((counts.astype(float) ** 2).sum())

    return 1 - 2 * pairs(cells) / (pairs(np.bincount(true)) + pairs(np.bincount(said)))


def warping_error(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Share of pixels that differ between ``predicted`` and the truth warped towards it.

    Args:
        truth: (h, w) bool.
        predicted: (h, w) bool.
    """
    return float(np.mean(warp(truth, predicted) != predicted))


def warp(truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Moves the truth's outlines towards the prediction's; what is connected in it stays as it is.

    One pixel that differs is turned at a time, the oldest candidate first, and only where it is *simple*: where neither
    the regions nor the membranes change in number. The order is fixed; another could end a little nearer, so that the
    error is an upper bound, as in the original.

    Args:
        truth: (h, w) bool.
        predicted: (h, w) bool.

    Returns:
        (h, w) bool.
    """
    _check(truth, predicted)
    width = truth.shape[1] + 2
    here, goal = (np.pad(picture, 1).ravel().tolist() for picture in (truth, predicted))  # membrane beyond the border
    inside = np.zeros((truth.shape[0] + 2, width), bool)
    inside[1:-1, 1:-1] = True
    candidates = (np.pad(truth != predicted, 1) & inside).ravel()
    may = inside.ravel().tolist()
    steps, simple = [row * width + column for row, column in AROUND], simple_patterns()
    waiting = deque(np.flatnonzero(candidates).tolist())
    queued = candidates.tolist()
    while waiting:
        place = waiting.popleft()
        queued[place] = False
        if here[place] == goal[place]:
            continue
        pattern = 0
        for bit, step in enumerate(steps):
            if here[place + step]:
                pattern |= 1 << bit
        if not simple[pattern]:
            continue
        here[place] = goal[place]
        for step in steps:
            near = place + step
            if may[near] and not queued[near] and here[near] != goal[near]:
                queued[near] = True
                waiting.append(near)
    return np.array(here, bool).reshape(-1, width)[1:-1, 1:-1]


@lru_cache
def simple_patterns() -> tuple[bool, ...]:
    """For each of the 256 surroundings (bit k: AROUND[k] is inside) whether turning the middle changes no number.

    It does not where the middle touches exactly one region along a side and exactly one membrane.
    """
    found = []
    for pattern in range(256):
        window = np.zeros((3, 3), bool)
        for bit, (row, column) in enumerate(AROUND):
            window[row + 1, column + 1] = bool(pattern >> bit & 1)
        regions = ndimage.label(window)[0]
        membrane = ~window
        membrane[1, 1] = False
        touching = {regions[0, 1], regions[1, 0], regions[1, 2], regions[2, 1]} - {0}
        found.append(len(touching) == 1 and ndimage.label(membrane, CORNERS)[1] == 1)
    return tuple(found)


def least_error(
    measure: Callable[[np.ndarray, np.ndarray], float],
    truth: np.ndarray,
    probability: np.ndarray,
    thresholds: Iterable[float],
) -> float:
    """The smallest error over thresholds of a probability map, as the challenge reports it.

    Args:
        measure: one of the three errors.
        truth: (h, w) bool.
        probability: (h, w), of being inside a cell.
        thresholds: above which a pixel counts as inside.
    """
    return min(measure(truth, probability > threshold) for threshold in thresholds)


def _check(truth: np.ndarray, predicted: np.ndarray) -> None:
    if truth.shape != predicted.shape or truth.ndim != 2 or truth.dtype != bool or predicted.dtype != bool:
        found = f"{truth.dtype} {truth.shape} and {predicted.dtype} {predicted.shape}"
        raise ValueError(f"expected two boolean pictures (h, w), found {found}")
