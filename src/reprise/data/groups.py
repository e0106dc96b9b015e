"""Pairs of near-duplicates as groups, and what to keep so that something near to all that goes is still there."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def group_numbers(n: int, pairs: np.ndarray) -> np.ndarray:
    """The group of each of n pictures: those that pairs connect, also over others; -1 for a picture in no pair.

    Args:
        n: pictures.
        pairs: (m, 2) indices.

    Returns:
        (n,) numbers from 0, by each group's first picture.
    """
    edges = coo_array((np.ones(len(pairs), bool), tuple(pairs.T)), shape=(n, n))
    component = connected_components(edges, directed=False)[1]
    paired = np.zeros(n, bool)
    paired[pairs.ravel()] = True
    number = np.full(n, -1)
    _, first, place = np.unique(component[paired], return_index=True, return_inverse=True)
    number[paired] = np.argsort(np.argsort(first))[place]
    return number


def kept_instead(n: int, pairs: np.ndarray, rank: np.ndarray) -> np.ndarray:
    """Which picture is kept instead of each: one that it makes a pair with, itself where it is kept.

    The best is kept and its near-duplicates go, then the best of what is left, and so on. So no two that are kept make
    a pair, and of everything that goes something near is kept: a chain of pairs does not take its far end along.

    Args:
        n: pictures.
        pairs: (m, 2) indices.
        rank: (n,) which is better: lower comes first. Ties go by index.
    """
    instead = np.full(n, -1)
    both = np.concatenate([pairs, pairs[:, ::-1]])
    both = both[np.argsort(both[:, 0], kind="stable")]
    start = np.searchsorted(both[:, 0], np.arange(n + 1))
    for k in np.argsort(rank, kind="stable").tolist():
        if instead[k] < 0:
            instead[k] = k
            near = both[start[k] : start[k + 1], 1]
            near = near[instead[near] < 0]
            instead[near] = k
    return instead
