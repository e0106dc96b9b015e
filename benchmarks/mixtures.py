"""EM against scikit-learn and Otsu's threshold against scikit-image: ratios of best times, measured in one run.

``python benchmarks/mixtures.py`` (add ``--points``, ``--rounds``). Both sides do the same work from the same start; the
results are compared before the times are. Set OMP_NUM_THREADS to fix the threads of both.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Callable

import numpy as np
from skimage.data import camera
from skimage.filters import threshold_otsu

from reprise.studies.mixtures.lesson import KINDS, fit, starting_mixture
from reprise.studies.mixtures.parity import gap, sklearn_from
from reprise.studies.thresholds.lesson import otsu


def best(call: Callable[[], object], rounds: int) -> float:
    """Least seconds of several calls, after one that is not counted."""
    call()
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return min(times)


def compare_em(count: int, rounds: int, iterations: int = 20) -> None:
    """One line for each form of covariance."""
    rng = np.random.default_rng(0)
    centres = 3 * rng.normal(size=(5, 8))
    points = centres[rng.integers(0, 5, count)] + rng.normal(size=(count, 8))
    for kind in KINDS:
        start = starting_mixture(points, 5, kind, "points", rng)

        def ours(start=start, kind=kind):
            return fit(points, 5, kind, start, iterations, tolerance=0).mixture

        def theirs(start=start):
            return sklearn_from(start, points, iterations)

        difference = gap(ours(), theirs(), points)
        mine, other = best(ours, rounds) / iterations, best(theirs, rounds) / iterations
        print(
            f"EM {kind:9s} {count} x 8, k=5: {1e3 * mine:6.1f} ms an iteration, scikit-learn {1e3 * other:6.1f}: "
            f"{other / mine:4.1f} times as fast; largest difference {difference:.1e}"
        )


def compare_otsu(rounds: int) -> None:
    """One line for each image of 4096 x 4096 bytes."""
    rng = np.random.default_rng(0)
    images = {
        "noise": rng.integers(0, 256, (4096, 4096), dtype=np.uint8),
        "photograph, tiled": np.tile(camera(), (8, 8)),
        "nearly constant": (rng.random((4096, 4096)) < 0.01).astype(np.uint8),
    }
    for name, image in images.items():
        assert otsu(image) == threshold_otsu(image), name
        mine, other = best(lambda im=image: otsu(im), rounds), best(lambda im=image: threshold_otsu(im), rounds)
        print(
            f"Otsu 4096 x 4096 uint8, {name}: {1e3 * mine:5.1f} ms, scikit-image {1e3 * other:5.1f}: "
            f"{other / mine:4.1f} times as fast; equal thresholds"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    threads = os.environ.get("OMP_NUM_THREADS", "all")
    print(f"NumPy {np.__version__}, {platform.machine()}, {os.cpu_count()} cores, threads: {threads}")
    compare_em(options.points, options.rounds)
    compare_otsu(options.rounds)
