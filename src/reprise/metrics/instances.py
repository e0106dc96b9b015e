"""Objects one by one: the cell-tracking challenge's measure, and which neighbours a segmentation keeps apart.

Label maps here number objects: 0 is background, every other number one object.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

FULL = np.ones((3, 3), int)


def components(mask: np.ndarray) -> np.ndarray:
    """(h, w) bool -> (h, w) int32, numbered regions that are connected along sides."""
    return ndimage.label(mask)[0].astype(np.int32)


def overlaps(truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """(objects, regions) pixels of each true object, in rising order of its number, in each predicted region (0 too).

    Args:
        truth: (h, w) integers, 0 background.
        predicted: (h, w) integers, 0 background.
    """
    if truth.shape != predicted.shape or truth.ndim != 2:
        raise ValueError(f"expected two maps (h, w), found shapes {truth.shape} and {predicted.shape}")
    numbers, place = np.unique(truth, return_inverse=True)
    regions = int(predicted.max()) + 1
    counts = np.bincount(place.ravel() * regions + predicted.ravel().astype(np.int64), minlength=len(numbers) * regions)
    return counts.reshape(len(numbers), regions)[numbers > 0]


def instance_iou(truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """The challenge's SEG before its mean: (objects,) Jaccard index of each object with the region that matches it.

    A region matches where it covers more than half of the object; so no object has two. Without one it counts 0.
    """
    counts = overlaps(truth, predicted)
    if not counts.size:
        return np.zeros(len(counts))
    own = counts.sum(axis=1)
    sizes = np.bincount(predicted.ravel(), minlength=counts.shape[1])
    best = counts[:, 1:].argmax(axis=1) + 1 if counts.shape[1] > 1 else np.zeros(len(own), int)
    shared = counts[np.arange(len(own)), best]
    matched = (best > 0) & (2 * shared > own)
    return np.where(matched, shared / np.maximum(own + sizes[best] - shared, 1), 0.0)


def neighbours(truth: np.ndarray, distance: int) -> np.ndarray:
    """(m, 2) pairs of objects, by number, that come within ``distance`` steps of each other, the smaller number first.

    At a distance of 1 they touch, be it at a corner.
    """
    found: set[tuple[int, int]] = set()
    boxes = ndimage.find_objects(truth)
    for number, box in enumerate(boxes, 1):
        if box is None:
            continue
        wide = tuple(slice(max(part.start - distance, 0), part.stop + distance) for part in box)
        window = truth[wide]
        near = ndimage.maximum_filter((window == number).view(np.uint8), 2 * distance + 1, mode="constant") > 0
        found |= {(number, int(other)) for other in np.unique(window[near]) if other > number}
    return np.array(sorted(found), int).reshape(-1, 2)


def kept_apart(truth: np.ndarray, predicted: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """(m,) whether both objects of a pair are found and in two regions.

    An object's region is the one that covers most of it; where background covers most, it is not found, so that a
    segmentation of nothing keeps nothing apart.

    Args:
        truth: (h, w) numbered objects.
        predicted: (h, w) numbered regions.
        pairs: (m, 2) of :func:`neighbours`.
    """
    numbers = np.unique(truth)
    numbers = numbers[numbers > 0]
    region = dict(zip(numbers.tolist(), overlaps(truth, predicted).argmax(axis=1).tolist(), strict=True))
    ends = np.array([[region[int(a)], region[int(b)]] for a, b in pairs], int).reshape(-1, 2)
    return (ends > 0).all(axis=1) & (ends[:, 0] != ends[:, 1])
