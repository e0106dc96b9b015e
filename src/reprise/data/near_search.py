"""All pairs of rows within a cosine distance: exactly scipy's ``pdist`` answer, without its n x n table.

Unit vectors are split into their part in a small subspace and the rest. The rest is known by its length alone, which
bounds what it can add to a product (Cauchy-Schwarz): ``cos(u, v) <= Pu . Pv + |u - Pu| |v - Pv|``. The right side is
one short inner product, so that tiles of rows are compared by a small matrix product. Rows are sorted along the
direction in which they differ most: unit vectors at a cosine distance below t are less than sqrt(2 t) apart along it,
so a row meets only those in its window. Pairs that the bound cannot rule out are screened in float32 with a margin that
no rounding exceeds, and what is left is measured in float64 with scipy's own formula. Memory grows with the number of
rows and of pairs found; ``most_pairs`` bounds the latter.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, nullcontext
from itertools import pairwise

import numpy as np
from scipy.spatial.distance import pdist
from threadpoolctl import threadpool_limits

from reprise.data.subspace import sorted_along, subspace
from reprise.data.threads import ahead, default_threads

TILE = (256, 1024)  # rows that share a window, and at most so many of the window at once: never fewer than share it
SLACK = 2e-5  # more than a float32 product of two unit vectors of rank + 1 numbers is off by: (rank + 3) / 2**24
WORK_BYTES = 32 << 20  # of temporary float64 rows for matrix products
CACHE_BYTES = 1 << 20  # of temporary rows for products of single pairs
DENSE = 0.05  # share of a tile from which a float64 matrix product is cheaper than gathering pairs


class TooManyPairsError(ValueError):
    """More pairs than were allowed; nothing is known about how many there are."""


def near_duplicates(
    features: np.ndarray,
    threshold: float = 0.008,
    groups: np.ndarray | None = None,
    *,
    device: str | None = None,
    threads: int | None = None,
    most_pairs: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of rows whose cosine distance lies under a threshold: exact, in bounded memory (claim 84).

    Equal to keeping ``scipy.spatial.distance.pdist(features, "cosine") < threshold``, pair for pair: a distance within
    rounding error of the threshold is decided by ``pdist`` itself. A row of zeros has no direction: ``pdist`` gives NaN
    for it, and it is in no pair here either.

    Args:
        features: (n, d) finite real numbers.
        threshold: cosine distance in [0, 2], exclusive.
        groups: (n,) labels; only rows of the same group are compared. By default all are.
        device: a torch device such as ``"cuda"`` that does the comparing; by default NumPy does.
        threads: worker threads; by default up to four.
        most_pairs: stops as soon as there are more; by default there may be any number, up to n (n - 1) / 2.

    Returns:
        pairs (m, 2) int64 with i < j in lexicographic order, and distances (m,) float64.

    Raises:
        ValueError: for another shape, values that are not finite or beyond float64 when squared, a threshold outside
            [0, 2], groups of another length.
        TooManyPairsError: more than ``most_pairs`` lie under the threshold.
    """
    features = np.asarray(features)
    if features.ndim != 2 or features.dtype.kind not in "biuf":
        raise ValueError(f"features must be (n, d) real numbers; found shape {features.shape} of {features.dtype}")
    if not 0 <= threshold <= 2:
        raise ValueError(f"threshold is a cosine distance between 0 and 2; found {threshold}")
    threads = 1 if device else threads or default_threads()
    # one thread a tile: on a busy machine, threads inside each small product wait for one another
    with threadpool_limits(1, "blas") if device is None else nullcontext(), ThreadPoolExecutor(threads) as pool:
        norms = _norms(features, pool)
        search = _search(device)(features, norms, *_grouped(norms, groups), pool)
        found, count = [], 0
        tiles = ahead(pool, lambda tile: _within(search, *tile, threshold), _tiles(search, threshold), 4 * threads)
        with closing(tiles):  # where there are too many, what is begun is called off
            for _, part in tiles:
                found.append(part.result())
                count += len(found[-1][1])
                if most_pairs is not None and count > most_pairs:
                    raise TooManyPairsError(f"more than {most_pairs:,} pairs lie under the threshold {threshold:g}")
    pairs = np.concatenate([np.empty((0, 2), np.int64), *(pairs for pairs, _ in found)])
    distances = np.concatenate([np.empty(0), *(distances for _, distances in found)])
    rising = np.lexsort((pairs[:, 1], pairs[:, 0]))
    return pairs[rising], distances[rising]


def _norms(features: np.ndarray, pool: ThreadPoolExecutor) -> np.ndarray:
    """Euclidean lengths of the rows, in float64."""

    def lengths(start: int) -> np.ndarray:
        part = features[start : start + step].astype(np.float64)
        return np.sqrt(np.einsum("ij,ij->i", part, part))

    step = _rows_at_once(features.shape[1], CACHE_BYTES)
    norms = np.concatenate([np.empty(0), *pool.map(lengths, range(0, len(features), step))])
    # beyond these a square over- or underflows, and pdist's own answer means nothing
    bad = np.flatnonzero(~((norms == 0) | ((norms > 1e-140) & (norms < 1e140))))
    if len(bad):
        raise ValueError(f"row {bad[0]} of the features (and {len(bad) - 1} more) has norm {norms[bad[0]]}: not usable")
    return norms


def _rows_at_once(columns: int, size: int) -> int:
    """How many float64 rows fit into so many bytes."""
    return max(1, size // (8 * max(1, columns)))


def _grouped(norms: np.ndarray, groups: np.ndarray | None) -> tuple[np.ndarray, list[int]]:
    """Rows with a direction, sorted by group, and where each group starts (and the last one ends)."""
    order = np.flatnonzero(norms > 0)
    if groups is None:
        return order, [0, len(order)]
    groups = np.asarray(groups)
    if groups.shape != norms.shape:
        raise ValueError(f"groups must have one label a row, shape {norms.shape}; found {groups.shape}")
    labels = np.unique(groups, return_inverse=True)[1][order]
    order = order[np.argsort(labels, kind="stable")]
    changes = np.flatnonzero(np.diff(np.sort(labels))) + 1
    return order, [0, *changes.tolist(), len(order)]


def _tiles(search, threshold: float) -> Iterator[tuple[int, int, int, int]]:
    """Top, bottom, left and right of the tiles that cover, on and above the diagonal, all that may lie near."""
    reach = np.sqrt(2 * threshold) + SLACK
    for start, stop in pairwise(search.bounds):
        for top in range(start, stop, search.tile[0]):
            bottom = min(top + search.tile[0], stop)
            window = top + int(np.searchsorted(search.sweep[top:stop], search.sweep[bottom - 1] + reach, side="right"))
            for left in range(top, window, search.tile[1]):
                yield top, bottom, left, min(left + search.tile[1], window)


def _within(search, top: int, bottom: int, left: int, right: int, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """Pairs (m, 2), lower index first, and distances of one tile."""
    i, j = search.candidates(top, bottom, left, right, threshold)
    i, j, distances = search.distances(search.order[i], search.order[j], threshold)
    _settle(search.features, i, j, distances, threshold)
    near = distances < threshold
    return np.sort(np.stack([i[near], j[near]], axis=1), axis=1), distances[near]


def _settle(features: np.ndarray, i: np.ndarray, j: np.ndarray, distances: np.ndarray, threshold: float) -> None:
    """Replaces, in place, distances that rounding could put on either side of the threshold by pdist's own."""
    if threshold == 0:
        return  # nothing lies under it: pdist clips the cosine at 1
    rounding = 8 * np.finfo(np.float64).eps * max(4, features.shape[1])
    for k in np.flatnonzero(np.abs(distances - threshold) <= rounding):
        lower, higher = sorted((i[k], j[k]))
        distances[k] = pdist(features[[lower, higher]].astype(np.float64), "cosine")[0]


def project(features: np.ndarray, norms: np.ndarray, order: np.ndarray, pool: ThreadPoolExecutor) -> np.ndarray:
    """(len(order), rank + 1) float32: each row's coordinates in the subspace, then the length of the rest of it."""
    if not len(order):
        return np.empty((0, 1), np.float32)
    basis = subspace(features, norms, order)
    out = np.empty((len(order), basis.shape[1] + 1), np.float32)
    step = _rows_at_once(features.shape[1], WORK_BYTES // 8)

    def work(start: int) -> None:
        rows = order[start : start + step]
        inside = features[rows] @ basis / norms[rows, None]
        out[start : start + step, :-1] = inside
        out[start : start + step, -1] = np.sqrt(np.maximum(0, 1 - np.einsum("ij,ij->i", inside, inside)))

    list(pool.map(work, range(0, len(order), step)))
    return out


class NumpySearch:
    """Candidates and distances by NumPy.

    Attributes:
        order: rows of ``features``, sorted by group and along ``sweep``.
        sweep: their coordinates in the direction in which they differ most.
        bounds: where each group starts in ``order``, and the end.
    """

    tile = TILE

    def __init__(
        self, features: np.ndarray, norms: np.ndarray, order: np.ndarray, bounds: list[int], pool: ThreadPoolExecutor
    ) -> None:
        self.features, self.norms, self.bounds = features, norms, bounds
        self.moderate = bool(((norms == 0) | ((norms > 1e-9) & (norms < 1e9))).all())  # float32 squares stay normal
        projected = project(features, norms, order, pool)
        rising, self.sweep = sorted_along(projected[:, :-1], bounds)
        self.order, self.projected = order[rising], projected[rising]

    def candidates(self, top: int, bottom: int, left: int, right: int, threshold: float):
        """Positions in ``order`` of the pairs in a tile that the bound cannot rule out."""
        bound = self.projected[top:bottom] @ self.projected[left:right].T
        possible = bound >= np.float32(1 - threshold - SLACK)
        if top == left:
            possible = np.triu(possible, 1)
        flat = np.flatnonzero(possible)
        i, j = np.divmod(flat, right - left)
        return i + top, j + left

    def distances(self, i: np.ndarray, j: np.ndarray, threshold: float):
        """Pairs that may lie under the threshold, and their distances in float64 by pdist's formula."""
        rows, at_row = np.unique(i, return_inverse=True)
        columns, at_column = np.unique(j, return_inverse=True)
        if len(i) < DENSE * len(rows) * len(columns):
            keep = self._screened(i, j, threshold)
            i, j = i[keep], j[keep]
            products = self._gathered(i, j)
        else:
            products = self._table(rows, columns)[at_row, at_column]
        return i, j, 1 - np.clip(products / (self.norms[i] * self.norms[j]), -1, 1)

    def _screened(self, i: np.ndarray, j: np.ndarray, threshold: float) -> np.ndarray:
        """False where a float32 product shows, beyond any rounding, that a pair is too far apart."""
        if self.features.dtype != np.float32 or not self.moderate:
            return np.ones(len(i), bool)
        products = np.empty(len(i), np.float32)
        step = _rows_at_once(self.features.shape[1], CACHE_BYTES)
        starts = [0, *(np.flatnonzero(np.diff(i)) + 1).tolist(), len(i)]  # runs of the same row
        for first, last in pairwise(starts):
            row = self.features[i[first]]
            for start in range(first, last, step):
                stop = min(start + step, last)
                np.matmul(self.features[j[start:stop]], row, out=products[start:stop])
        # |error| <= d / 2**24 times the norms, in whatever order the terms are added (Higham 2002, section 3.1)
        margin = 1.1 * (self.features.shape[1] + 8) / 2**24
        return products >= (1 - threshold - margin) * self.norms[i] * self.norms[j]

    def _gathered(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        products = np.empty(len(i))
        step = _rows_at_once(self.features.shape[1], CACHE_BYTES)
        for start in range(0, len(i), step):
            chunk = slice(start, start + step)
            left, right = (self.features[k[chunk]].astype(np.float64) for k in (i, j))
            np.einsum("ij,ij->i", left, right, out=products[chunk])
        return products

    def _table(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        products = np.empty((len(rows), len(columns)))
        step = _rows_at_once(self.features.shape[1], WORK_BYTES // 2)
        for left in range(0, len(columns), step):
            right = self.features[columns[left : left + step]].astype(np.float64).T
            for top in range(0, len(rows), step):
                block = self.features[rows[top : top + step]].astype(np.float64)
                products[top : top + step, left : left + step] = block @ right
        return products


def _search(device: str | None):
    if device is None:
        return NumpySearch
    from reprise.data.near_search_torch import TorchSearch  # torch takes seconds to import

    return lambda features, norms, order, bounds, _: TorchSearch(features, norms, order, bounds, device)
