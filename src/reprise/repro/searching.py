"""The exact pair search by the nodes of a cluster: features in a file that they see, shares of the pairs as tasks."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from reprise.data.near_search import Search
from reprise.data.near_shared import near_duplicates_shared
from reprise.repro.cluster import Cluster
from reprise.repro.scratch import scratch


@contextmanager
def searching(where: str) -> Iterator[Search]:
    """A search that takes what :func:`~reprise.data.near_search.near_duplicates` takes, and finds the same.

    While it lasts, the features and about 150 bytes for each row lie in a hidden folder of the current one, which nodes
    elsewhere have to see by the same name; for nodes of this machine, in TMPDIR.

    Args:
        where: ``ADDRESS``, ``local:N``, ``slurm`` or ``slurm:N``.

    Raises:
        ValueError: it is no such thing, Dask is not installed, or nobody answers.
        OSError: there is no room for the features.
    """

    def search(
        features: np.ndarray, threshold: float, groups: np.ndarray | None = None, *, most_pairs: int | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        with tempfile.TemporaryDirectory(prefix=".reprise-", dir=seen) as name:
            path = Path(name) / "features.npy"
            np.save(path, features)
            return near_duplicates_shared(path, cluster.client, threshold, groups, most_pairs=most_pairs)

    with scratch() as own:
        seen = own if where.startswith("local") else Path.cwd()
        with tempfile.TemporaryDirectory(prefix=".reprise-", dir=seen) as keys:
            cluster = Cluster(where, own, Path(keys))
            try:
                yield search
            finally:
                cluster.close()
