"""Pairs of which one picture is the other's mirror image, left for right."""

from __future__ import annotations

import numpy as np

from reprise.data.copies import pairs_with_copies
from reprise.data.near_search import Search, TooManyPairsError, near_duplicates


def pairs_with_mirrored(
    features: np.ndarray,
    contents: list[bytes],
    turned: np.ndarray,
    turned_contents: list[bytes],
    threshold: float,
    groups: np.ndarray | None = None,
    most_pairs: int | None = None,
    search: Search = near_duplicates,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs as :func:`~reprise.data.copies.pairs_with_copies` finds them, and those that only a mirror makes.

    Args:
        features, contents: of the pictures, as there.
        turned, turned_contents: of the same pictures, left for right.
        threshold, groups, most_pairs: as there; ``most_pairs`` counts what is found.
        search: as there.

    Returns:
        pairs (m, 2) with i < j in lexicographic order, distances (m,), the nearer of both ways, and (m,) whether that
        is the mirrored way.

    Raises:
        ValueError, TooManyPairsError: as there.
    """
    n = len(features)
    both = None if groups is None else np.concatenate([groups, groups])
    # each pair comes up to four times: i j, i' j', i j', i' j
    most = None if most_pairs is None else 4 * most_pairs + n
    pairs, distances = pairs_with_copies(
        np.concatenate([features, turned]), contents + turned_contents, threshold, both, most, search
    )
    i, j = pairs.T
    plain, across = j < n, (i < n) & (j >= n) & (j - n != i)
    low, high = np.minimum(i, j - n), np.maximum(i, j - n)
    found = np.concatenate([pairs[plain], np.stack([low, high], axis=1)[across]])
    measured = np.concatenate([distances[plain], distances[across]])
    mirror = np.concatenate([np.zeros(plain.sum(), bool), np.ones(across.sum(), bool)])
    order = np.lexsort((mirror, measured, found[:, 1], found[:, 0]))
    found, measured, mirror = found[order], measured[order], mirror[order]
    first = np.append(True, (np.diff(found, axis=0) != 0).any(axis=1))[: len(found)]
    if most_pairs is not None and first.sum() > most_pairs:
        raise TooManyPairsError(f"{first.sum():,} pairs lie under the threshold {threshold:g}")
    return found[first], measured[first], mirror[first]
