"""Near-duplicates: hashes, the exact pair search, the rules that clean contradictory labels, and how good a finder is.

The parts lie in :mod:`reprise.data.hashes` and :mod:`reprise.data.near_search`; this is the one place to import from.
"""

from __future__ import annotations

import numpy as np

from reprise.data.hashes import HASHES, block_histograms, robust_descriptors, strip_histograms
from reprise.data.near_search import TooManyPairsError, near_duplicates

__all__ = [
    "HASHES",
    "RULES",
    "TooManyPairsError",
    "block_histograms",
    "contradictory_pairs",
    "dropped",
    "near_duplicates",
    "pair_dice",
    "precision_recall",
    "robust_descriptors",
    "strip_histograms",
    "truth_pairs",
]

RULES = ("both", "origin")
ORIGIN_DICE = 0.2


def contradictory_pairs(pairs: np.ndarray, masks: np.ndarray, rule: str = "both") -> np.ndarray:
    """Which near-duplicates are labelled as if they were different (claim 85).

    Args:
        pairs: (m, 2) indices of images.
        masks: (n, h, w) bool; for the rule ``both``, (n,) "has a mask" does as well.
        rule: ``both``: exactly one of the two masks is empty (the write-up). ``origin``: their dice is below 0.2 (the
            notebook that the rule comes from), which holds for those and for masks that hardly overlap.

    Returns:
        (m,) bool.

    Raises:
        ValueError: an unknown rule, or masks of another shape.
    """
    pairs, masks = _checked(pairs, masks, rule)
    if rule == "both":
        filled = _filled(masks)
        return filled[pairs[:, 0]] != filled[pairs[:, 1]]
    return pair_dice(pairs, masks) < ORIGIN_DICE


def dropped(pairs: np.ndarray, masks: np.ndarray, rule: str = "both") -> np.ndarray:
    """Which images a cleaning rule drops (claim 85).

    ``both`` drops both images of each contradictory pair; ``origin`` drops only an image whose mask is empty while the
    other's is not, so a pair of masks that hardly overlap loses neither. Arguments and errors are those of
    :func:`contradictory_pairs`. Returns (n,) bool.
    """
    pairs, masks = _checked(pairs, masks, rule)
    bad = pairs[contradictory_pairs(pairs, masks, rule)]
    drop = np.zeros(len(masks), bool)
    drop[bad.ravel()] = True
    if rule == "origin":
        drop &= ~_filled(masks)  # two empty masks have dice 1, so the other one is not empty
    return drop


def pair_dice(pairs: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Dice of the two masks of each pair, (m,) in [0, 1]; 1 where both are empty."""
    pairs, masks = _checked(pairs, masks, "origin")
    area = np.array([np.count_nonzero(mask) for mask in masks], np.int64)
    shared = np.array([np.count_nonzero(masks[i] & masks[j]) for i, j in pairs], np.int64)
    total = area[pairs].sum(axis=1)
    return np.divide(2 * shared, total, out=np.ones(len(pairs)), where=total > 0)


def _filled(masks: np.ndarray) -> np.ndarray:
    return masks.reshape(len(masks), -1).any(axis=1)


def _checked(pairs: np.ndarray, masks: np.ndarray, rule: str) -> tuple[np.ndarray, np.ndarray]:
    if rule not in RULES:
        raise ValueError(f"rule must be one of {', '.join(RULES)}; found {rule!r}")
    pairs, masks = np.asarray(pairs), np.asarray(masks)
    if masks.dtype != bool:
        raise ValueError(f"masks must be bool; found {masks.dtype}")
    if masks.ndim != 3 and not (rule == "both" and masks.ndim == 1):
        raise ValueError(f"masks must be (n, h, w) for the rule {rule!r}; found shape {masks.shape}")
    if pairs.ndim != 2 or pairs.shape[1] != 2 or pairs.dtype.kind not in "iu":
        raise ValueError(f"pairs must be (m, 2) indices; found shape {pairs.shape} of {pairs.dtype}")
    if pairs.size and not (pairs.min() >= 0 and pairs.max() < len(masks)):
        raise ValueError(f"pairs name images from {pairs.min()} to {pairs.max()}, but there are {len(masks)} masks")
    return pairs, masks


def truth_pairs(pairs: np.ndarray, duplicate_group: np.ndarray) -> np.ndarray:
    """Which pairs are planted near-duplicates, (m,) bool: those of one ``duplicate_group``."""
    duplicate_group = np.asarray(duplicate_group)
    return duplicate_group[pairs[:, 0]] == duplicate_group[pairs[:, 1]]


def precision_recall(
    distances: np.ndarray, is_duplicate: np.ndarray, total: int | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Precision and recall of "nearer than t is a duplicate", at every t that changes the answer.

    Args:
        distances: (m,) of pairs; NaN counts as infinitely far.
        is_duplicate: (m,) bool, the truth.
        total: how many duplicates there are; by default those among the m pairs.

    Returns:
        thresholds (k,) rising, and precision (k,) and recall (k,) when the pairs with distance <= threshold are taken.

    Raises:
        ValueError: shapes differ, or there is no duplicate to find.
    """
    distances, is_duplicate = np.asarray(distances, np.float64), np.asarray(is_duplicate)
    if distances.ndim != 1 or distances.shape != is_duplicate.shape or is_duplicate.dtype != bool:
        raise ValueError(f"distances (m,) and bool truth (m,) needed; found {distances.shape}, {is_duplicate.shape}")
    total = int(is_duplicate.sum()) if total is None else total
    if total < 1:
        raise ValueError("there is no duplicate to find, so recall is undefined")
    known = np.flatnonzero(~np.isnan(distances))
    order = known[np.argsort(distances[known], kind="stable")]
    ordered, hits = distances[order], np.cumsum(is_duplicate[order])
    last = np.flatnonzero(np.diff(ordered, append=np.inf) > 0)  # of each run of equal distances
    return ordered[last], hits[last] / (last + 1), hits[last] / total
