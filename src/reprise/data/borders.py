"""Weights that make a network keep touching cells apart (Ronneberger, Fischer and Brox 2015, equation 2; claim 26).

``w(x) = w_c(x) + w0 * exp(-(d1 + d2)² / (2 sigma²))``: d1 and d2 are the distances from a background pixel to the
nearest and the second nearest cell. Where cells touch there is no background between them; ``carved`` makes some.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import ndimage

W0, SIGMA = 10.0, 5.0  # the paper's
REACH = 6  # sigmas, beyond which w0 * exp(-18) is left


def carved(instances: np.ndarray, gap: int = 1) -> np.ndarray:
    """Cells with a line of background between those that touch.

    Args:
        instances: (h, w) integers: 0 background, else the cell's number.
        gap: pixels taken from each cell where another is so near.

    Returns:
        (h, w) bool, true inside a cell.
    """
    if gap < 0:
        raise ValueError(f"gap: found {gap}, expected 0 or more")
    inside = instances > 0
    if not gap or not inside.any():
        return inside
    side = 2 * gap + 1
    largest = ndimage.maximum_filter(instances, side)
    beyond = np.iinfo(instances.dtype).max
    smallest = ndimage.minimum_filter(np.where(inside, instances, beyond), side)
    return inside & (largest == smallest)


def border_weights(instances: np.ndarray, w0: float = W0, sigma: float = SIGMA) -> np.ndarray:
    """The second term of the equation: large on background between two cells that are near each other.

    Args:
        instances: (h, w) integers: 0 background, else the cell's number.
        w0: largest weight.
        sigma: pixels, above 0.

    Returns:
        (h, w) float32; 0 inside cells, and everywhere where there are fewer than two.
    """
    if not sigma > 0:
        raise ValueError(f"sigma: found {sigma}, expected a number of pixels above 0")
    reach = math.ceil(REACH * sigma)
    nearest = np.full((2, *instances.shape), np.inf)  # distances to the nearest cell and to the second nearest
    for number, box in enumerate(ndimage.find_objects(instances), 1):
        if box is None:
            continue
        wide = tuple(slice(max(part.start - reach, 0), part.stop + reach) for part in box)
        distance = ndimage.distance_transform_edt(instances[wide] != number)
        first, second = (each[wide] for each in nearest)
        second[...] = np.minimum(second, np.maximum(first, distance))
        first[...] = np.minimum(first, distance)
    return np.where(instances > 0, 0, w0 * np.exp(-(nearest.sum(axis=0) ** 2) / (2 * sigma**2))).astype(np.float32)


def class_weights(inside: np.ndarray) -> np.ndarray:
    """The first term: weights of both classes so that each counts half, their mean over the pixels 1.

    Args:
        inside: (..., h, w) bool, of all training pictures together.

    Returns:
        the same shape, float32; 1 everywhere where one class is missing.
    """
    share = float(inside.mean())
    if share in (0.0, 1.0):
        return np.ones(inside.shape, np.float32)
    return np.where(inside, 0.5 / share, 0.5 / (1 - share)).astype(np.float32)
