"""The pair search of :mod:`reprise.data.near_search` by NumPy: screened in float32, distances in float64.

Where the bound of short rows would rule out too little, tiles of whole rows are multiplied in float32, and what such a
product cannot decide is measured: by products of the rows where most pairs of them are left (groups of copies are), one
by one elsewhere. Which way is taken hangs on the rows alone, so that shares of a search are the parts of one search.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from reprise.data.subspace import cheapest, sorted_along

TILE = (256, 1024)  # rows that share a window, and at most so many of the window at once: never fewer than share it
WHOLE = (1024, 1024)  # the same where whole rows are multiplied
SLACK = 2e-5  # more than a float32 product of two unit vectors of rank + 1 numbers is off by: (rank + 3) / 2**24
WORK_BYTES = 32 << 20  # of temporary rows for matrix products
CACHE_BYTES = 1 << 20  # of temporary rows for products of single pairs
DENSE = 0.05  # share of a tile from which a matrix product is cheaper than gathering pairs
MOST = 0.5  # share of a tile from which a float64 product alone is cheaper than one in float32 before it
PROBE = (32, 64)  # rows and columns of a tile that tell the share of its pairs that are near
FEW = 16  # pairs that belong together from which it pays to multiply their rows
Pairs = tuple[np.ndarray, np.ndarray, np.ndarray]


def rows_at_once(columns: int, size: int) -> int:
    """How many float64 rows fit into so many bytes."""
    return max(1, size // (8 * max(1, columns)))


def rounding(columns: int) -> float:
    """More than two ways to add up a distance differ by."""
    return 8 * np.finfo(np.float64).eps * max(4, columns)


def project(
    features: np.ndarray, norms: np.ndarray, order: np.ndarray, basis: np.ndarray, pool: ThreadPoolExecutor
) -> np.ndarray:
    """(len(order), rank + 1) float32: each row's coordinates in the subspace, then the length of the rest of it."""
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
    """Compares rows by NumPy.

    Args:
        features: (n, d), perhaps in a file.
        norms: (n,) their lengths.
        order: rows of ``features``, sorted by group and along ``sweep``.
        projected: their short rows, see `project`, in that order; without columns where whole rows are multiplied.
        sweep: their coordinates in the direction in which they differ most; zeros where whole rows are multiplied.
        bounds: where each group starts in ``order``, and the end.
    """

    tile, whole = TILE, WHOLE

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
        self.several = 4  # tiles that a thread takes at once: to hand over each by itself costs up to a fifth of it
        if not projected.shape[1]:
            self.tile, self.several = self.whole, 1
        moderate = bool(((norms == 0) | ((norms > 1e-9) & (norms < 1e9))).all())  # float32 squares stay normal
        self.as_they_are = features.dtype == np.float32 and moderate
        # |error| <= d / 2**24 times the norms, in whatever order the terms are added (Higham 2002, section 3.1)
        self.margin = 1.1 * (features.shape[1] + 8) / 2**24
        self.rounding = rounding(features.shape[1])
        self._own = threading.local()

    @classmethod
    def of(
        cls,
        features: np.ndarray,
        norms: np.ndarray,
        order: np.ndarray,
        bounds: list[int],
        pool: ThreadPoolExecutor,
        threshold: float,
    ) -> NumpySearch:
        """Projects and sorts the rows, or neither."""
        basis = cheapest(features, norms, order, bounds, threshold)
        if basis is None:
            whole = np.empty((len(order), 0), np.float32), np.zeros(len(order), np.float32)
            return cls(features, norms, order, *whole, bounds)
        projected = project(features, norms, order, basis, pool)
        rising, sweep = sorted_along(projected[:, :-1], bounds)
        return cls(features, norms, order[rising], projected[rising], sweep, bounds)

    def measured(self, top: int, bottom: int, left: int, right: int, threshold: float) -> Pairs:
        """Pairs of rows in a tile, and their distances by pdist's formula: at least all that are near."""
        if not self.projected.shape[1]:
            i, j, distances = self._block(np.arange(top, bottom), np.arange(left, right), threshold)
        else:
            i, j = self.candidates(top, bottom, left, right, threshold)
            rows, columns = (_used(k) for k in (i, j))
            if len(i) >= max(FEW, DENSE * len(rows) * len(columns)):
                i, j, distances = self._block(rows, columns, threshold)
            else:
                keep = self._screened(i, j, threshold)
                i, j, distances = self._together(i[keep], j[keep], threshold)
        return self.order[i], self.order[j], distances

    def candidates(self, top: int, bottom: int, left: int, right: int, threshold: float):
        """Positions in ``order`` of the pairs in a tile that the bound cannot rule out."""
        shape = bottom - top, right - left
        bound = np.matmul(self.projected[top:bottom], self.projected[left:right].T, out=self._room("products", shape))
        possible = self._room("possible", shape, bool)
        np.greater_equal(bound, np.float32(1 - threshold - SLACK), out=possible)
        if top == left:
            possible = np.triu(possible, 1)
        i, j = _places(possible)
        return i + top, j + left

    def _room(self, name: str, shape: tuple[int, int], dtype: type = np.float32) -> np.ndarray:
        """A thread's own room: memory that is asked for anew costs as much as what is computed in it.

        That is so wherever malloc gives memory back at once, as it does with much of it, or as Dask has it.
        """
        size, name = shape[0] * shape[1], f"{name} {np.dtype(dtype)}"
        if len(getattr(self._own, name, ())) < size:
            setattr(self._own, name, np.empty(size, dtype))
        return getattr(self._own, name)[:size].reshape(shape)

    def _block(self, rows: np.ndarray, columns: np.ndarray, threshold: float) -> Pairs:
        """The near ones of all pairs of the rows (rising positions in ``order``) with the columns after them."""
        few = (k[:: max(1, len(k) // most)] for k, most in zip((rows, columns), PROBE, strict=True))
        if self._possible(*few, threshold).mean() > MOST:
            return self._multiplied(rows, columns, threshold)
        i, j = _places(_after(self._possible(rows, columns, threshold), rows, columns))
        return self._together(rows[i], columns[j], threshold)

    def _possible(self, rows: np.ndarray, columns: np.ndarray, threshold: float) -> np.ndarray:
        """False where a float32 product of whole rows shows, beyond any rounding, that a pair is too far apart."""
        products = self._products(rows, columns, np.float32)
        possible = self._room("possible", products.shape, bool)
        cut = np.float32(1 - threshold - self.margin)
        if self.as_they_are:
            left, right = (self.norms[self.order[k]].astype(np.float32) for k in (rows, columns))
            step = rows_at_once(len(columns), CACHE_BYTES)
            for top in range(0, len(rows), step):
                part = slice(top, top + step)
                np.greater_equal(products[part], np.multiply.outer(cut * left[part], right), out=possible[part])
        else:
            np.greater_equal(products, cut, out=possible)
        return possible

    def _screened(self, i: np.ndarray, j: np.ndarray, threshold: float) -> np.ndarray:
        """The same for single pairs, which come in runs of the same row."""
        if not self.as_they_are:
            return np.ones(len(i), bool)
        i, j = self.order[i], self.order[j]
        products = np.empty(len(i), np.float32)
        step = rows_at_once(self.features.shape[1], CACHE_BYTES)
        starts = [0, *(np.flatnonzero(np.diff(i)) + 1).tolist(), len(i)]
        for first, last in pairwise(starts):
            row = self.features[i[first]] if last > first else None
            for start in range(first, last, step):
                stop = min(start + step, last)
                np.matmul(self.features[j[start:stop]], row, out=products[start:stop])
        return products >= (1 - threshold - self.margin) * self.norms[i] * self.norms[j]

    def _together(self, i: np.ndarray, j: np.ndarray, threshold: float) -> Pairs:
        """Distances of pairs: rows that hang together by pairs, as copies do, are multiplied where that is cheaper."""
        if len(i) < FEW:
            return self._gathered(i, j)
        low = min(i.min(), j.min())
        size = max(i.max(), j.max()) - low + 1
        linked = coo_array((np.ones(len(i), bool), (i - low, j - low)), (size, size))
        label = connected_components(linked, directed=False)[1][i - low]
        counts = np.bincount(label)
        by_label, ends = np.argsort(label, kind="stable"), np.cumsum(counts)
        found, single = [], [np.flatnonzero(counts[label] < FEW)]
        for k in np.flatnonzero(counts >= FEW):
            some = by_label[ends[k] - counts[k] : ends[k]]
            rows, columns = _used(i[some]), _used(j[some])
            if len(some) >= DENSE * len(rows) * len(columns):
                found.append(self._multiplied(rows, columns, threshold))
            else:
                single.append(some)
        some = np.concatenate(single)
        found.append(self._gathered(i[some], j[some]))
        return tuple(np.concatenate(each) for each in zip(*found, strict=True))

    def _gathered(self, i: np.ndarray, j: np.ndarray) -> Pairs:
        products = np.empty(len(i))
        step = rows_at_once(self.features.shape[1], CACHE_BYTES)
        for start in range(0, len(i), step):
            left, right = (self.features[self.order[k[start : start + step]]].astype(np.float64) for k in (i, j))
            np.einsum("ij,ij->i", left, right, out=products[start : start + step])
        return i, j, _distances(products, self.norms[self.order[i]] * self.norms[self.order[j]])

    def _multiplied(self, rows: np.ndarray, columns: np.ndarray, threshold: float) -> Pairs:
        table = self._products(rows, columns, np.float64)
        near = self._room("possible", table.shape, bool)
        left, right = (self.norms[self.order[k]] for k in (rows, columns))
        step = rows_at_once(len(columns), CACHE_BYTES // 4)
        for top in range(0, len(rows), step):
            part = slice(top, top + step)
            distances = _distances(table[part], np.multiply.outer(left[part], right))
            np.less_equal(distances, threshold + self.rounding, out=near[part])
        i, j = _places(_after(near, rows, columns))
        return rows[i], columns[j], table[near]

    def _products(self, rows: np.ndarray, columns: np.ndarray, dtype: type) -> np.ndarray:
        """Inner products, in the thread's own room; zeros, perhaps, where no row comes before any column."""
        out = self._room("products", (len(rows), len(columns)), dtype)
        step = rows_at_once(self.features.shape[1], WORK_BYTES) * 8 // out.itemsize
        for left in range(0, len(columns), step):
            across = columns[left : left + step]
            right = self._rows("across", across, dtype)
            for top in range(0, len(rows), step):
                down, part = rows[top : top + step], out[top : top + step, left : left + step]
                if down[0] > across[-1]:
                    part[...] = 0
                    continue
                same = len(down) == len(across) and np.array_equal(down, across)  # then BLAS computes half
                np.matmul(right if same else self._rows("down", down, dtype), right.T, out=part)
        return out

    def _rows(self, name: str, positions: np.ndarray, dtype: type) -> np.ndarray:
        """Rows of the features; unit rows in float32 where the features are of another type or too large for it."""
        rows = self.order[positions]
        found = self.features
        if rows[-1] - rows[0] == len(rows) - 1 and (np.diff(rows) == 1).all():
            found, rows = found[rows[0] : rows[-1] + 1], slice(rows[0], rows[-1] + 1)
            if dtype == found.dtype and self.as_they_are:
                return found
        else:
            found = found[rows]
        out = self._room(name, found.shape, dtype)
        if dtype == np.float32 and not self.as_they_are:
            found = found / self.norms[rows, None]
        np.copyto(out, found, casting="same_kind" if found.dtype.kind == "f" else "unsafe")
        return out


def _used(positions: np.ndarray) -> np.ndarray:
    """Sorted, each once."""
    if len(positions) < 2:
        return positions
    low = positions.min()
    flags = np.zeros(positions.max() - low + 1, bool)
    flags[positions - low] = True
    return np.flatnonzero(flags) + low


def _places(flags: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns where a table is true, in row order."""
    flat = np.flatnonzero(flags)
    rows = flat // max(1, flags.shape[1])  # far cheaper than divmod
    return rows, flat - rows * flags.shape[1]


def _after(flags: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """The same flags, in place, and false where the column does not come after the row."""
    if rows[-1] >= columns[0]:
        flags &= rows[:, None] < columns
    return flags


def _distances(products: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """In place, as pdist has it."""
    products /= lengths
    np.clip(products, -1, 1, out=products)
    return np.subtract(1, products, out=products)
