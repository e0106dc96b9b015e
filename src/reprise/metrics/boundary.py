"""Boundary IoU (Cheng, Girshick, Dollár, Berg and Kirillov 2021): overlap of what lies near the outlines alone.

Mask IoU hardly notices a ragged outline of a large object, since its inside counts by area. Boundary IoU compares the
pixels of either mask that lie within a distance of its own outline.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

DIAGONAL = 0.02  # the paper's distance, as a share of the picture's diagonal


def boundary(mask: np.ndarray, distance: int) -> np.ndarray:
    """The pixels of a mask that are at most ``distance`` steps (also diagonal ones) from a pixel outside it.

    What lies beyond the picture's border counts as outside, as in the paper's code.

    Args:
        mask: (h, w) bool.
        distance: pixels, at least 1.

    Returns:
        (h, w) bool.
    """
    if distance < 1:
        raise ValueError(f"distance: found {distance}, expected at least 1 pixel")
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    found = np.zeros(mask.shape, bool)
    if not len(rows):
        return found
    here = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)  # nothing is far from a small object
    inner = ndimage.minimum_filter(mask[here].view(np.uint8), 2 * distance + 1, mode="constant", cval=0)
    found[here] = mask[here] & (inner == 0)
    return found


def default_distance(height: int, width: int) -> int:
    """Two hundredths of the diagonal, at least one pixel: 16 for 640 x 480."""
    return max(1, round(DIAGONAL * float(np.hypot(height, width))))


def boundary_counts(
    truth: np.ndarray, predicted: np.ndarray, classes: int, distance: int | None = None, ignore: int | None = 255
) -> np.ndarray:
    """Intersections and unions of the classes' boundaries, to be added up over pictures.

    Args:
        truth: (h, w) integers.
        predicted: (h, w) integers.
        classes: number of classes.
        distance: pixels; by default that of the paper for this size.
        ignore: true label of pixels that count nowhere.

    Returns:
        (classes, 2) int64: intersection and union.
    """
    truth, predicted = np.asarray(truth), np.asarray(predicted)
    if truth.shape != predicted.shape or truth.ndim != 2:
        raise ValueError(f"expected two label maps (h, w), found shapes {truth.shape} and {predicted.shape}")
    distance = default_distance(*truth.shape) if distance is None else distance
    known = np.ones(truth.shape, bool) if ignore is None else truth != ignore
    counts = np.zeros((classes, 2), np.int64)
    for label in np.union1d(truth[known], predicted[known]):
        if not 0 <= label < classes:
            raise ValueError(f"found label {label}, expected 0 to {classes - 1}")
        one, other = (boundary(values == label, distance) & known for values in (truth, predicted))
        counts[label] = np.count_nonzero(one & other), np.count_nonzero(one | other)
    return counts


def boundary_iou(counts: np.ndarray) -> np.ndarray:
    """(..., classes, 2) of :func:`boundary_counts` -> (..., classes); NaN where a class has no boundary at all."""
    together, either = counts[..., 0].astype(float), counts[..., 1]
    return np.divide(together, either, out=np.full(together.shape, np.nan), where=either > 0)
