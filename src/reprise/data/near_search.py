"""All pairs of rows within a cosine distance: exactly scipy's ``pdist`` answer, without its n x n table.

Unit vectors are split into their part in a small subspace and the rest. The rest is known by its length alone, which
bounds what it can add to a product (Cauchy-Schwarz): ``cos(u, v) <= Pu . Pv + |u - Pu| |v - Pv|``. The right side is
one short inner product, so that tiles of rows are compared by a small matrix product. Rows are sorted along the
direction in which they differ most: unit vectors at a cosine distance below t are less than sqrt(2 t) apart along it,
so a row meets only those in its window. Pairs that the bound cannot rule out are screened in float32 with a margin that
no rounding exceeds, and what is left is measured in float64 with scipy's own formula. Where a sample of the rows says
that the bound would cost more than it saves, whole rows are multiplied in its place. Memory grows with the number of
rows and of pairs found; ``most_pairs`` bounds the latter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, nullcontext
from functools import cache
from itertools import islice, pairwise

import numpy as np
from scipy.spatial.distance import cdist
from threadpoolctl import ThreadpoolController

from reprise.data.near_search_numpy import CACHE_BYTES, SLACK, NumpySearch, rounding, rows_at_once
from reprise.data.threads import ahead, default_threads

Tile = tuple[int, int, int, int]
Search = Callable[..., tuple[np.ndarray, np.ndarray]]  # as `near_duplicates`, wherever it is done


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
        features: (n, d) finite real numbers. They may lie in a file (``np.load(..., mmap_mode="r")``): 33 numbers of a
            row are held, or 129, or none, whichever is cheapest; the row itself is read where a pair has to be
            measured. ``near_shared`` has several processes do it.
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
    features = checked(features, threshold)
    threads = 1 if device else threads or default_threads()
    with workers(threads, blas=device is not None) as pool:
        norms = lengths(features, pool)
        search = _search(device)(features, norms, *grouped(norms, groups), pool, threshold)
        pairs, distances = searched(search, threshold, pool, 4 * threads, most_pairs)
    return listed(pairs, len(features)), distances


def checked(features: np.ndarray, threshold: float) -> np.ndarray:
    """The features as an array, which may still lie in a file.

    Raises:
        ValueError: they have another shape or type, or the threshold is none.
    """
    features = np.asarray(features)
    if features.ndim != 2 or features.dtype.kind not in "biuf":
        raise ValueError(f"features must be (n, d) real numbers; found shape {features.shape} of {features.dtype}")
    if not 0 <= threshold <= 2:
        raise ValueError(f"threshold is a cosine distance between 0 and 2; found {threshold}")
    return features


@contextmanager
def workers(threads: int, blas: bool = False) -> Iterator[ThreadPoolExecutor]:
    """Threads; unless ``blas``, a matrix product takes one of them.

    On a busy machine, threads inside each small product wait for one another.
    """
    with nullcontext() if blas else _libraries().limit(limits=1, user_api="blas"), ThreadPoolExecutor(threads) as pool:
        yield pool


@cache
def _libraries() -> ThreadpoolController:
    """To look for them takes 30 ms of processor time."""
    return ThreadpoolController()


def searched(
    search,
    threshold: float,
    pool: ThreadPoolExecutor,
    begun: int,
    most_pairs: int | None = None,
    part: tuple[int, int] = (0, 1),
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs, one number each (`listed`), and distances in the k-th of ``of`` shares of the tiles.

    Args:
        search: what compares (`NumpySearch`).
        begun: tiles that are begun and not yet taken.
        part: (k, of); shares are of about equal size where there are many times as many strips of rows.

    Raises:
        TooManyPairsError: there are more than ``most_pairs`` in it.
    """
    found, count = [], 0
    own = _several(_tiles(search, threshold, *part), search.several)
    tiles = ahead(pool, lambda some: [_within(search, *tile, threshold) for tile in some], own, begun)
    with closing(tiles):  # where there are too many, what is begun is called off
        for pairs, distances in (each for _, result in tiles for each in result.result()):
            count += len(distances)
            if most_pairs is not None and count > most_pairs:
                raise TooManyPairsError(f"more than {most_pairs:,} pairs lie under the threshold {threshold:g}")
            if len(distances):
                found.append((pairs, distances))
    return merged(found)


def merged(found: Iterable[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Pairs, one number each, and distances of several parts as one, in rising order."""
    found = list(found)
    pairs = np.concatenate([np.empty(0, np.int64), *(pairs for pairs, _ in found)])
    distances = np.concatenate([np.empty(0), *(distances for _, distances in found)])
    rising = np.argsort(pairs, kind="stable")  # they come in runs that rise already
    pairs.sort(kind="stable")
    return pairs, distances[rising]


def listed(pairs: np.ndarray, rows: int) -> np.ndarray:
    """(m, 2) rows of pairs that are one number each: lower * rows + higher."""
    out = np.empty((len(pairs), 2), np.int64)
    np.floor_divide(pairs, max(1, rows), out=out[:, 0])
    np.multiply(out[:, 0], -rows, out=out[:, 1])
    out[:, 1] += pairs
    return out


def lengths(features: np.ndarray, pool: ThreadPoolExecutor) -> np.ndarray:
    """Euclidean lengths of the rows, in float64."""

    def part_of(start: int) -> np.ndarray:
        part = features[start : start + step].astype(np.float64)
        return np.sqrt(np.einsum("ij,ij->i", part, part))

    step = rows_at_once(features.shape[1], CACHE_BYTES)
    norms = np.concatenate([np.empty(0), *pool.map(part_of, range(0, len(features), step))])
    # beyond these a square over- or underflows, and pdist's own answer means nothing
    bad = np.flatnonzero(~((norms == 0) | ((norms > 1e-140) & (norms < 1e140))))
    if len(bad):
        raise ValueError(f"row {bad[0]} of the features (and {len(bad) - 1} more) has norm {norms[bad[0]]}: not usable")
    return norms


def grouped(norms: np.ndarray, groups: np.ndarray | None) -> tuple[np.ndarray, list[int]]:
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


def _tiles(search, threshold: float, share: int, shares: int) -> Iterator[Tile]:
    """Top, bottom, left and right of the tiles that cover, on and above the diagonal, all that may lie near.

    A share has every so many-th strip of rows: it looks up no windows but its own.
    """
    reach, single = np.sqrt(2 * threshold) + SLACK, search.sweep.dtype.type
    strips = ((top, stop) for start, stop in pairwise(search.bounds) for top in range(start, stop, search.tile[0]))
    for top, stop in islice(strips, share, None, shares):
        bottom = min(top + search.tile[0], stop)
        # in the coordinates' own precision, rounded up: else all of them are cast anew for every window
        end = np.nextafter(single(search.sweep[bottom - 1] + reach), single(np.inf))
        window = top + int(np.searchsorted(search.sweep[top:stop], end, side="right"))
        for left in range(top, window, search.tile[1]):
            yield top, bottom, left, min(left + search.tile[1], window)


def _several(tiles: Iterator[Tile], several: int) -> Iterator[list[Tile]]:
    """What a thread takes at once."""
    return iter(lambda: list(islice(tiles, several)), [])


def _within(search, top: int, bottom: int, left: int, right: int, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """Pairs, one number each, and distances of one tile."""
    i, j, distances = search.measured(top, bottom, left, right, threshold)
    lower, higher = np.minimum(i, j), np.maximum(i, j)
    pairs = lower * len(search.features)
    pairs += higher
    if distances.max(initial=0) < threshold - rounding(search.features.shape[1]):
        return pairs, distances
    _settle(search.features, lower, higher, distances, threshold)
    near = distances < threshold
    return pairs[near], distances[near]


def _settle(features: np.ndarray, i: np.ndarray, j: np.ndarray, distances: np.ndarray, threshold: float) -> None:
    """Replaces, in place, distances that rounding could put on either side of the threshold by pdist's own."""
    if threshold == 0:
        return  # nothing lies under it: pdist clips the cosine at 1
    unsure = np.flatnonzero(np.abs(distances - threshold) <= rounding(features.shape[1]))
    starts = np.flatnonzero(np.diff(i[unsure], prepend=-1))
    for some in np.split(unsure, starts[1:]) if len(unsure) else ():  # of one row: cdist adds as pdist does
        one, others = features[i[some[:1]]].astype(np.float64), features[j[some]].astype(np.float64)
        distances[some] = cdist(one, others, "cosine")[0]


def _search(device: str | None):
    if device is None:
        return NumpySearch.of
    from reprise.data.near_search_torch import TorchSearch  # torch takes seconds to import

    return lambda features, norms, order, bounds, *_: TorchSearch(features, norms, order, bounds, device)
