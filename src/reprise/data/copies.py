"""Pairs among images of which some are the same: one of each is searched, whatever the number of its copies.

Copies are a pair at distance 0 by every hash, also two blank pages, of which ``robust`` sees nothing. Searching one of
each saves work and, where many are alike, the memory for all their pairs until it is known how many there are.
"""

from __future__ import annotations

import numpy as np

from reprise.data.near_search import Search, TooManyPairsError, near_duplicates


def pairs_with_copies(
    features: np.ndarray,
    contents: list[bytes],
    threshold: float,
    groups: np.ndarray | None = None,
    most_pairs: int | None = None,
    search: Search = near_duplicates,
) -> tuple[np.ndarray, np.ndarray]:
    """What :func:`~reprise.data.near_search.near_duplicates` finds, and every pair of copies at distance 0.

    Args:
        features: (n, d) of the images.
        contents: n digests; equal ones mean copies, whose features are equal too.
        threshold: as there, exclusive: under 0 lies nothing, no copy either.
        groups: as there; copies in different groups are no pair.
        most_pairs: as there; copies count.
        search: what finds the pairs of different images.

    Returns:
        pairs (m, 2) int64 with i < j in lexicographic order, and distances (m,) float64.

    Raises:
        ValueError, TooManyPairsError: as there.
    """
    n = len(features)
    group = np.zeros(n, np.int64) if groups is None else np.unique(groups, return_inverse=True)[1]
    number: dict[tuple[int, bytes], int] = {}
    content = np.array([number.setdefault(key, len(number)) for key in zip(group.tolist(), contents, strict=True)], int)
    if len(number) == n or threshold == 0:
        return search(features, threshold, groups, most_pairs=most_pairs)
    counts = np.bincount(content)
    copies = int((counts * (counts - 1) // 2).sum())
    if most_pairs is not None and copies > most_pairs:
        raise TooManyPairsError(f"{copies:,} pairs are copies ({counts.max():,} of one image)")
    first = np.unique(content, return_index=True)[1]
    pairs, distances = search(
        features[first], threshold, None if groups is None else group[first], most_pairs=most_pairs
    )
    many = counts[pairs].prod(axis=1)
    if most_pairs is not None and copies + many.sum() > most_pairs:
        raise TooManyPairsError(f"{copies + many.sum():,} pairs lie under the threshold {threshold:g}")
    alike = np.repeat(np.flatnonzero(counts > 1)[:, None], 2, axis=1)
    same = _combinations(alike, counts)
    same = same[same[:, 0] < same[:, 1]]
    places = np.concatenate([_combinations(pairs, counts), same])
    distances = np.concatenate([np.repeat(distances, many), np.zeros(len(same))])
    found = np.sort(np.argsort(content, kind="stable")[places], axis=1)
    rising = np.lexsort((found[:, 1], found[:, 0]))
    return found[rising], distances[rising]


def _combinations(pairs: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """For each pair of contents every image of the first with every one of the second: (sum of products, 2).

    Images are given by their places where they are sorted by content.
    """
    starts = np.cumsum(counts) - counts
    a, b = counts[pairs].T
    sizes = a * b
    number = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    step = np.repeat(b, sizes)
    left, right = (np.repeat(starts[pairs[:, k]], sizes) for k in (0, 1))
    return np.stack([left + number // step, right + number % step], axis=1)
