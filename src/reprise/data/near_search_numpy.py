"""The pair search of :mod:`reprise.data.near_search` by NumPy: short rows in float32, distances in float64."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np

from reprise.data.subspace import sorted_along, subspace

TILE = (256, 1024)  # rows that share a window, and at most so many of the window at once: never fewer than share it
SLACK = 2e-5  # more than a float32 product of two unit vectors of rank + 1 numbers is off by: (rank + 3) / 2**24
WORK_BYTES = 32 << 20  # of temporary float64 rows for matrix products
CACHE_BYTES = 1 << 20  # of temporary rows for products of single pairs
DENSE = 0.05  # share of a tile from which a float64 matrix product is cheaper than gathering pairs


def rows_at_once(columns: int, size: int) -> int:
    """How many float64 rows fit into so many bytes."""
    return max(1, size // (8 * max(1, columns)))


def project(features: np.ndarray, norms: np.ndarray, order: np.ndarray, pool: ThreadPoolExecutor) -> np.ndarray:
    """(len(order), rank + 1) float32: each row's coordinates in the subspace, then the length of the rest of it."""
    if not len(order):
        return np.empty((0, 1), np.float32)
    basis = subspace(features, norms, order)
    out = np.empty((len(order), basis.shape[1] + 1), np.float32)
    step = rows_at_once(features.shape[1], WORK_BYTES // 8)

    def work(start: int) -> None:
        rows = order[start : start + step]
        inside = features[rows] @ basis / norms[rows, None]
        out[start : start + step, :-1] = inside
        out[start : start + step, -1] = np.sqrt(np.maximum(0, 1 - np.einsum("ij,ij->i", inside, inside)))

    list(pool.map(work, range(0, len(order), step)))
    return out


class NumpySearch:
    """Candidates and distances by NumPy.

    Args:
        features: (n, d), perhaps in a file.
        norms: (n,) their lengths.
        order: rows of ``features``, sorted by group and along ``sweep``.
        projected: their short rows, see `project`, in that order.
        sweep: their coordinates in the direction in which they differ most.
        bounds: where each group starts in ``order``, and the end.
    """

    tile = TILE

    def __init__(
        self,
        features: np.ndarray,
        norms: np.ndarray,
        order: np.ndarray,
        projected: np.ndarray,
        sweep: np.ndarray,
        bounds: list[int],
    ) -> None:
        self.features, self.norms, self.bounds = features, norms, bounds
        self.order, self.projected, self.sweep = order, projected, sweep
        self.moderate = bool(((norms == 0) | ((norms > 1e-9) & (norms < 1e9))).all())  # float32 squares stay normal
        self._own = threading.local()

    @classmethod
    def of(
        cls, features: np.ndarray, norms: np.ndarray, order: np.ndarray, bounds: list[int], pool: ThreadPoolExecutor
    ) -> NumpySearch:
        """Projects and sorts the rows."""
        projected = project(features, norms, order, pool)
        rising, sweep = sorted_along(projected[:, :-1], bounds)
        return cls(features, norms, order[rising], projected[rising], sweep, bounds)

    def candidates(self, top: int, bottom: int, left: int, right: int, threshold: float):
        """Positions in ``order`` of the pairs in a tile that the bound cannot rule out."""
        bound, possible = self._room(bottom - top, right - left)
        np.matmul(self.projected[top:bottom], self.projected[left:right].T, out=bound)
        np.greater_equal(bound, np.float32(1 - threshold - SLACK), out=possible)
        if top == left:
            possible = np.triu(possible, 1)
        flat = np.flatnonzero(possible)
        i, j = np.divmod(flat, right - left)
        return i + top, j + left

    def _room(self, rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
        """A thread's own room for a tile: memory that is asked for anew costs as much as what is computed in it.

        That is so wherever malloc gives memory back at once, as Dask has it in its workers.
        """
        size = rows * columns
        if getattr(self._own, "size", 0) < size:
            self._own.size, self._own.bound = size, np.empty(size, np.float32)
            self._own.possible = np.empty(size, bool)
        return tuple(each[:size].reshape(rows, columns) for each in (self._own.bound, self._own.possible))

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
        step = rows_at_once(self.features.shape[1], CACHE_BYTES)
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
        step = rows_at_once(self.features.shape[1], CACHE_BYTES)
        for start in range(0, len(i), step):
            chunk = slice(start, start + step)
            left, right = (self.features[k[chunk]].astype(np.float64) for k in (i, j))
            np.einsum("ij,ij->i", left, right, out=products[chunk])
        return products

    def _table(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        products = np.empty((len(rows), len(columns)))
        step = rows_at_once(self.features.shape[1], WORK_BYTES // 2)
        for left in range(0, len(columns), step):
            right = self.features[columns[left : left + step]].astype(np.float64).T
            for top in range(0, len(rows), step):
                block = self.features[rows[top : top + step]].astype(np.float64)
                products[top : top + step, left : left + step] = block @ right
        return products
