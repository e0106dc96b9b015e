"""The exact pair search by workers of Dask: features in a file that all of them see, shares of the pairs as tasks.

What the search holds of every row (up to 129 numbers, its length and its place in the order) is computed once and laid
beside the features while it lasts, so that all workers cut the same tiles, whatever their processors round otherwise. A
worker maps both; of the features it reads the rows of the pairs that it has to measure.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reprise.data.near_search import TooManyPairsError, checked, grouped, lengths, listed, merged, searched, workers
from reprise.data.near_search_numpy import NumpySearch
from reprise.data.threads import default_threads
from reprise.progress import report_text

if TYPE_CHECKING:
    from distributed import Client

SHARES = 16  # of each thread of the workers: they end at about the same time
HELD = ("norms", "order", "projected", "sweep")


def near_duplicates_shared(
    path: Path | str,
    client: Client,
    threshold: float = 0.008,
    groups: np.ndarray | None = None,
    *,
    shares: int | None = None,
    most_pairs: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """What :func:`~reprise.data.near_search.near_duplicates` finds among the rows of a file, pair for pair.

    Args:
        path: (n, d) real numbers as ``numpy.save`` writes them, in a folder that all workers see by this name and this
            process can write to: n rows of about 150 bytes, 550 at most, lie there while it runs.
        client: of Dask, to the workers.
        threshold: as there.
        groups: as there.
        shares: tasks; by default sixteen for each thread of the workers.
        most_pairs: as there.

    Returns:
        pairs (m, 2) int64 with i < j in lexicographic order, and distances (m,) float64.

    Raises:
        ValueError: as there, or a worker does not see the file.
        TooManyPairsError: as there.
    """
    from distributed import as_completed

    path = Path(path).absolute()
    features = checked(np.load(path, mmap_mode="r", allow_pickle=False), threshold)
    shares = shares or SHARES * max(1, sum(client.nthreads().values()))
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        with workers(default_threads()) as pool:
            norms = lengths(features, pool)
            search = NumpySearch.of(features, norms, *grouped(norms, groups), pool, threshold)
        for name in HELD:
            np.save(Path(folder) / f"{name}.npy", getattr(search, name))
        given = (str(path), folder, search.bounds, threshold, most_pairs)
        del search, norms
        tasks = [client.submit(_share, *given, (k, shares), pure=False) for k in range(shares)]
        found, count = [], 0
        try:
            for done, task in enumerate(as_completed(tasks, loop=client.loop), 1):
                found.append(_result(task, path))
                count += len(found[-1][1])
                report_text(f"{done} of {shares} shares, {count:,} pairs")
                if most_pairs is not None and count > most_pairs:
                    raise TooManyPairsError(f"more than {most_pairs:,} pairs lie under the threshold {threshold:g}")
        finally:
            client.cancel(tasks)
    pairs, distances = merged(found)
    return listed(pairs, len(features)), distances


def _result(task: Any, path: Path) -> tuple[np.ndarray, np.ndarray]:
    try:
        return task.result()
    except FileNotFoundError as error:
        raise ValueError(
            f"{path}: a worker does not see it ({error}); put it into a folder that all of them share"
        ) from error


def _share(
    path: str, folder: str, bounds: list[int], threshold: float, most_pairs: int | None, part: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """One task, on a worker."""
    features = np.load(path, mmap_mode="r", allow_pickle=False)
    held = {name: np.load(os.path.join(folder, f"{name}.npy"), mmap_mode="r", allow_pickle=False) for name in HELD}
    with workers(1) as pool:
        return searched(NumpySearch(features, **held, bounds=bounds), threshold, pool, 2, most_pairs, part)
