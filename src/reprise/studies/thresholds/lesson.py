"""Otsu's threshold: claim 3 (LAID, "Otsu's method").

A threshold ``t`` splits an image's pixels into those ``<= t`` and those ``> t``. Otsu (1979) takes the split whose two
halves are tightest: the least *within-class* variance ``q₁σ₁² + q₂σ₂²`` (``q`` the halves' shares of the pixels). The
total variance does not depend on ``t`` and is the sum of within and between, so the same split has the greatest
*between-class* variance ``q₁q₂(m₁ - m₂)²``, which needs only the cumulative counts and sums of the histogram.

With ``N`` pixels of sum ``S``, of which ``W`` pixels of sum ``A`` lie in the first half, the between-class variance is
``(N·A - S·W)² / (N² W (N - W))``: a ratio of whole numbers. It is compared exactly here, so that ties are ties (all
thresholds in a gap of the histogram) and the lowest wins. Nothing else is left to rounding.

The source's script is ``published_otsu``: right about the variance, one off about what the threshold means.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

BINS = 256


def histogram(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Counts and values of an image's levels.

    Args:
        image: any shape. Whole numbers get one bin a value; floating-point numbers 256 equal bins over their range.

    Returns:
        counts (bins,) and the value each bin stands for (bins,): the whole number itself, or the bin's centre.

    Raises:
        ValueError: nothing in it, not numbers, not finite, or whole numbers spread over more than 2²⁴ levels.
    """
    image = np.asarray(image)
    if image.size == 0:
        raise ValueError(f"image has shape {image.shape}: there are no pixels")
    if image.dtype == np.uint8:
        counts = _count_bytes(image)
        low, high = np.flatnonzero(counts)[[0, -1]]
        return counts[low : high + 1], np.arange(low, high + 1)
    if image.dtype.kind in "iu":
        low, high = int(image.min()), int(image.max())
        if high - low >= 2**24:
            raise ValueError(f"image spans {high - low + 1} levels; convert it to floating point first")
        offsets = image.ravel().astype(np.int64) - low if high < 2**63 else (image.ravel() - image.min()).astype(int)
        return np.bincount(offsets), np.arange(low, high + 1, dtype=image.dtype)
    if image.dtype.kind != "f":
        raise ValueError(f"image has type {image.dtype}; expected whole or floating-point numbers")
    if not np.isfinite(image).all():
        raise ValueError(f"image holds {int((~np.isfinite(image)).sum())} values that are not finite")
    counts, edges = np.histogram(image, BINS)
    return counts, (edges[:-1] + edges[1:]) / 2


def otsu(image: np.ndarray) -> float | int:
    """Otsu's threshold: pixels ``> otsu(image)`` are the bright class.

    An image of one value has no split; the value itself comes back, so that no pixel is bright.
    """
    image = np.asarray(image)
    if image.size and image.dtype.kind == "f" and image.min() == image.max():
        return image.ravel()[0].item()  # a histogram would give the centre of a bin around it
    counts, values = histogram(image)
    return values[otsu_index(counts)].item()


def otsu_index(counts: np.ndarray) -> int:
    """The bin that ends the dark class, exactly: the lowest maximum of the between-class variance.

    Args:
        counts: (bins,) pixels at each of equally spaced levels. Where the levels lie does not matter: shifting or
            stretching them scales every variance alike.
    """
    spreads = between_class(counts)
    best, place = Fraction(0), 0
    for index, spread in enumerate(spreads):
        if spread > best:
            best, place = spread, index
    return place


def between_class(counts: np.ndarray) -> list[Fraction]:
    """Between-class variance of each split "bins 0..t | the rest", exact, in squared bins; 0 if a half is empty."""
    return [
        Fraction((total * part - whole * weight) ** 2, total**2 * weight * (total - weight))
        if 0 < weight < total
        else Fraction(0)
        for weight, part, whole, total in _cumulative(counts)
    ]


def within_class(counts: np.ndarray) -> list[Fraction | None]:
    """The within-class variance of each split, exact, from its definition; None where a half is empty.

    This is the quantity the claim names. It is computed from each half's own squares, not as total minus between.
    """
    counts = [int(count) for count in counts]
    squares = np.cumsum([count * level * level for level, count in enumerate(counts)], dtype=object)
    result: list[Fraction | None] = []
    for (weight, part, whole, total), square in zip(_cumulative(counts), squares, strict=True):
        if not 0 < weight < total:
            result.append(None)
            continue
        dark = square - Fraction(part**2, weight)  # Σ (x - m)² = Σ x² - (Σ x)²/n
        bright = (squares[-1] - square) - Fraction((whole - part) ** 2, total - weight)
        result.append((dark + bright) / total)
    return result


def published_otsu(image: np.ndarray) -> int:
    """The source's ``otsu.py``: its classes are ``[0, t)`` and ``[t, 255]``, yet it then segments with ``image > t``.

    So the level ``t`` itself, the first of the bright class, is drawn dark (defect 6). An empty half gives 0/0, which
    never compares as greater and does no harm.

    Args:
        image: whole numbers 0 to 255.
    """
    counts, _ = np.histogram(image, bins=BINS, range=(0, 255))
    share = counts / counts.sum()
    levels = np.arange(BINS)
    best, threshold = -999.0, -1
    with np.errstate(invalid="ignore", divide="ignore"):
        for t in range(1, 255):
            first = share[:t].sum()
            mean1 = (levels[:t] * share[:t]).sum() / first
            mean2 = (levels[t:] * share[t:]).sum() / share[t:].sum()
            spread = first * (1 - first) * (mean1 - mean2) ** 2
            if best < spread:
                best, threshold = spread, t
    return threshold


def _cumulative(counts: np.ndarray | list[int]) -> list[tuple[int, int, int, int]]:
    """For each split: pixels and sum of levels in the dark half, sum of all, number of all; Python's whole numbers."""
    counts = np.asarray(counts)
    if counts.ndim != 1 or counts.size == 0 or (counts < 0).any() or counts.sum() == 0:
        raise ValueError(f"counts has shape {counts.shape} and sums to {counts.sum()}; expected one count a level")
    weights = np.cumsum(counts.astype(object))
    parts = np.cumsum(counts.astype(object) * np.arange(len(counts)).astype(object))
    return [(int(w), int(a), int(parts[-1]), int(weights[-1])) for w, a in zip(weights, parts, strict=True)]


def _count_bytes(image: np.ndarray) -> np.ndarray:
    """(256,) counts, two pixels at a time: pairs of bytes are counted as one number of 16 bits, then taken apart.

    That halves the work, and small pieces keep the intermediate copy in the cache.
    """
    flat = np.ascontiguousarray(image).reshape(-1)
    even = flat[: flat.size // 2 * 2].view(np.uint16)
    pairs = np.zeros(2**16, dtype=np.int64)
    for begin in range(0, even.size, 2**18):
        pairs += np.bincount(even[begin : begin + 2**18], minlength=2**16)
    pairs = pairs.reshape(256, 256)
    counts = pairs.sum(axis=0) + pairs.sum(axis=1)
    if flat.size % 2:
        counts[flat[-1]] += 1
    return counts
