"""Selective search (Uijlings et al., 2013): where objects may be, without knowing what any object is.

A picture is cut into patches of about one colour; the two neighbours that are most alike become one, again and again,
until one is left. Every patch that there ever was gives a box. Alike are patches of similar colours and textures that
are small and fit into each other.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import gaussian_filter
from skimage.color import rgb2hsv, rgb2lab
from skimage.segmentation import felzenszwalb

COLOUR_BINS, DIRECTIONS, TEXTURE_BINS = 25, 8, 10
SPACES = {"hsv": (rgb2hsv, (0, 0, 0), (1, 1, 1)), "lab": (rgb2lab, (0, -100, -100), (100, 100, 100))}


def selective_search(
    image: np.ndarray,
    scales: Sequence[float] = (100,),
    spaces: Sequence[str] = ("hsv", "lab"),
    least: int = 12,
    sigma: float = 0.8,
) -> np.ndarray:
    """Boxes around all patches of several hierarchies.

    Args:
        image: (h, w, 3) uint8.
        scales: of the first segmentation; the larger, the larger its patches.
        spaces: colours as which it is seen, ``hsv`` and ``lab``; each with each scale makes a hierarchy.
        least: pixels that a patch has at least.
        sigma: of the blur before the first segmentation, pixels.

    Returns:
        (m, 4) float32 x1, y1, x2, y2, no two alike; those of late, large patches first, hierarchies in turn.
    """
    listed = []
    for space in spaces:
        convert, low, high = SPACES[space]
        colours = (convert(image) - np.array(low)) / (np.array(high) - np.array(low))
        colours = np.clip(colours, 0, 1)
        colour_bins, texture_bins = _colour_bins(colours), _texture_bins(colours)
        for scale in scales:
            patches = felzenszwalb(colours, scale=scale, sigma=sigma, min_size=least)
            listed.append(group(patches, colour_bins, texture_bins)[::-1])
    longest = max(len(boxes) for boxes in listed)
    rows = [boxes[place] for place in range(longest) for boxes in listed if place < len(boxes)]
    _, first = np.unique(np.array(rows), axis=0, return_index=True)
    return np.array(rows)[np.sort(first)].astype(np.float32)


def _colour_bins(colours: np.ndarray) -> np.ndarray:
    """(pixels, channels) numbers of bins."""
    bins = np.minimum((colours * COLOUR_BINS).astype(int), COLOUR_BINS - 1).reshape(-1, colours.shape[2])
    return bins + COLOUR_BINS * np.arange(bins.shape[1])


def _texture_bins(colours: np.ndarray) -> np.ndarray:
    """(pixels, channels * directions) numbers of bins of slopes in eight directions."""
    smooth = [gaussian_filter(colours, (1, 1, 0), order=order) for order in ((0, 1, 0), (1, 0, 0))]
    turn = 2 * np.pi * np.arange(DIRECTIONS) / DIRECTIONS
    slopes = smooth[0][..., None] * np.cos(turn) + smooth[1][..., None] * np.sin(turn)
    steep = np.maximum(slopes, 0) / max(float(slopes.max()), 1e-12)
    bins = np.minimum((steep * TEXTURE_BINS).astype(int), TEXTURE_BINS - 1).reshape(-1, slopes.shape[2] * DIRECTIONS)
    return bins + TEXTURE_BINS * np.arange(bins.shape[1])


def group(patches: np.ndarray, colour_bins: np.ndarray, texture_bins: np.ndarray) -> np.ndarray:
    """Joins the most similar neighbours until one patch is left.

    Args:
        patches: (h, w) int: numbers of patches, from 0 without gaps.
        colour_bins, texture_bins: (h * w, k) int: the bins that each pixel counts in.

    Returns:
        (2 * patches - 1, 4) int boxes x1, y1, x2, y2: the first patches', then those of each that was joined.
    """
    count = int(patches.max()) + 1
    flat = patches.ravel()
    size = np.bincount(flat, minlength=count).astype(float)
    histograms = [_histograms(flat, bins, count) for bins in (colour_bins, texture_bins)]
    boxes = _boxes(patches, count)
    near = _neighbours(patches, count)
    every = [*boxes.copy()]
    total = float(patches.size)
    alike = np.full((count, count), -np.inf)
    for i in range(count):
        others = np.flatnonzero(near[i, :i])
        alike[i, others] = alike[others, i] = _similar(i, others, histograms, size, boxes, total)
    for _ in range(count - 1):
        i, j = divmod(int(alike.argmax()), count)
        share = size[i] / (size[i] + size[j])
        for histogram in histograms:
            histogram[i] = share * histogram[i] + (1 - share) * histogram[j]
        size[i] += size[j]
        boxes[i, :2], boxes[i, 2:] = np.minimum(boxes[i, :2], boxes[j, :2]), np.maximum(boxes[i, 2:], boxes[j, 2:])
        near[i] |= near[j]
        near[:, i] |= near[:, j]
        near[i, i] = False
        near[j] = near[:, j] = False
        alike[[i, j]] = alike[:, [i, j]] = -np.inf
        others = np.flatnonzero(near[i])
        alike[i, others] = alike[others, i] = _similar(i, others, histograms, size, boxes, total)
        every.append(boxes[i].copy())
    return np.array(every)


def _similar(
    i: int, others: np.ndarray, histograms: list[np.ndarray], size: np.ndarray, boxes: np.ndarray, total: float
) -> np.ndarray:
    """Similarity of a patch to others: colours and textures that they share, how small both are, how well they fit."""
    shared = sum(np.minimum(each[i], each[others]).sum(axis=1) for each in histograms)
    together = size[i] + size[others]
    low = np.minimum(boxes[i, :2], boxes[others, :2])
    high = np.maximum(boxes[i, 2:], boxes[others, 2:])
    around = (high - low).prod(axis=1)
    return shared + (1 - together / total) + (1 - (around - together) / total)


def _histograms(flat: np.ndarray, bins: np.ndarray, count: int) -> np.ndarray:
    """(count, bins) shares of each patch that add up to 1."""
    width = int(bins.max()) + 1
    found = np.bincount((flat[:, None] * width + bins).ravel(), minlength=count * width).reshape(count, width)
    return found / found.sum(axis=1, keepdims=True)


def _boxes(patches: np.ndarray, count: int) -> np.ndarray:
    boxes = np.empty((count, 4), int)
    for axis in (0, 1):
        place = np.indices(patches.shape)[axis].ravel()
        low, high = np.full(count, patches.shape[axis]), np.zeros(count, int)
        np.minimum.at(low, patches.ravel(), place)
        np.maximum.at(high, patches.ravel(), place + 1)
        boxes[:, 1 - axis], boxes[:, 3 - axis] = low, high
    return boxes


def _neighbours(patches: np.ndarray, count: int) -> np.ndarray:
    """(count, count) whether two patches touch along an edge of a pixel."""
    near = np.zeros((count, count), bool)
    for one, other in ((patches[1:], patches[:-1]), (patches[:, 1:], patches[:, :-1])):
        near[one.ravel(), other.ravel()] = near[other.ravel(), one.ravel()] = True
    np.fill_diagonal(near, False)
    return near
