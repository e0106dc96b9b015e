"""The source's own EM (LAID, ``EM.py``), vectorised over starts so that hundreds of runs take seconds.

What it does otherwise than the textbook, each kept here on purpose:

* the covariances it states, ``diag(.3, .5)`` and the identity, are used as *standard deviations* (defect 5);
* starting "variances" are uniform between half the smallest and half the largest coordinate: where the data has
  negative coordinates a variance can be negative, and the run ends in NaN (defect 5);
* a class's prior is its share of the summed *likelihoods*, not of the responsibilities (defect 5);
* densities are plain numbers, not logarithms; two dimensions and axis-aligned classes only; ten iterations, no test
  whether they were enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reprise.published import read_published

CLASSES = read_published(Path(__file__).with_name("published.csv")).rows("classes").values()
POINTS = tuple(int(each["points"]) for each in CLASSES)
MEANS = np.array([[each["mean x"], each["mean y"]] for each in CLASSES])
STATED_COVARIANCES = np.array([[each["covariance x"], each["covariance y"]] for each in CLASSES])  # the diagonals


@dataclass(frozen=True)
class Run:
    """Some starts at one iteration.

    Attributes:
        responsibility: (runs, n) of the first class; NaN where a run broke down.
        means: (runs, 2, 2) class by coordinate, as the responsibilities were computed from.
        variances: (runs, 2, 2).
    """

    responsibility: np.ndarray
    means: np.ndarray
    variances: np.ndarray

    @property
    def broken(self) -> np.ndarray:
        """(runs,) whether any responsibility is NaN."""
        return np.isnan(self.responsibility).any(axis=1)

    @property
    def accuracy(self) -> np.ndarray:
        """(runs,) share of points given to the right class, the classes named the better way round."""
        right = ((self.responsibility > 0.5) == true_classes()).mean(axis=1)
        return np.maximum(right, 1 - right)


def true_classes() -> np.ndarray:
    """(n,) True for points of the first class."""
    return np.arange(sum(POINTS)) < POINTS[0]


def source_points(runs: int, rng: np.random.Generator) -> np.ndarray:
    """(runs, n, 2): the source's data, drawn anew for each run as its script does (covariances used as deviations)."""
    which = np.where(true_classes(), 0, 1)
    return MEANS[which] + STATED_COVARIANCES[which] * rng.standard_normal((runs, sum(POINTS), 2))


def source_start(points: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Means anywhere in the bounding box, "variances" from half the least coordinate to half the largest."""
    low, high = points.min(axis=1)[:, None], points.max(axis=1)[:, None]
    shape = (len(points), 2, 2)
    return rng.uniform(low, high, shape), rng.uniform(low / 2, high / 2, shape)


def valid_start(points: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The source's start, drawn again on the same data as long as one of its variances is negative."""
    means, variances = source_start(points, rng)
    while (again := (variances < 0).any(axis=(1, 2))).any():
        means[again], variances[again] = source_start(points[again], rng)
    return means, variances


def data_point_start(points: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two different data points as means, the whole data's variances for both classes."""
    chosen = np.array([rng.choice(points.shape[1], 2, replace=False) for _ in range(len(points))])
    means = np.take_along_axis(points, chosen[:, :, None], axis=1)
    return means, np.repeat(points.var(axis=1)[:, None], 2, axis=1)


def published_em(points: np.ndarray, means: np.ndarray, variances: np.ndarray, keep: tuple[int, ...]) -> dict[int, Run]:
    """Runs every start to iteration ``max(keep)`` and returns the named iterations (counted from 0, as in the figure).

    Args:
        points: (runs, n, 2).
        means: (runs, 2, 2) starting means, class by coordinate.
        variances: (runs, 2, 2) starting variances.
        keep: iterations to return.

    Runs whose means no longer move at all (or that broke down) are set aside: they cannot change any more.
    """
    means, variances = means.copy(), variances.copy()
    responsibility = np.full(points.shape[:2], np.nan)
    active = np.arange(len(points))
    kept = {}
    for iteration in range(max(keep) + 1):
        x, m, v = points[active], means[active], variances[active]
        with np.errstate(all="ignore"):  # negative variances give NaN here, as they do in the source
            density = _densities(x, m, v)
            first = density.sum(axis=2)[:, 0] / density.sum(axis=(1, 2))  # the source's prior
            joint = density * np.stack([first, 1 - first], axis=1)[:, :, None]
            r = joint[:, 0] / joint.sum(axis=1)
            both = np.stack([r, 1 - r], axis=1)
            total = both.sum(axis=2)[:, :, None]
            new_means = both @ x / total
            new_variances = np.stack([_about(x, r, n, t) for r, n, t in _classes(both, new_means, total)], axis=1)
        responsibility[active] = r
        if iteration in keep:
            kept[iteration] = Run(responsibility.copy(), means.copy(), variances.copy())
        means[active], variances[active] = new_means, new_variances
        active = active[np.abs(new_means - m).max(axis=(1, 2)) > 1e-12]  # NaN compares False: broken runs leave too
    return kept


def _densities(points: np.ndarray, means: np.ndarray, variances: np.ndarray) -> np.ndarray:
    """(runs, 2, n) axis-aligned Gaussian densities."""
    exponent = sum(
        (points[:, None, :, axis] - means[:, :, None, axis]) ** 2 / variances[:, :, None, axis] for axis in (0, 1)
    )
    return np.exp(-0.5 * exponent) / np.sqrt((2 * np.pi) ** 2 * variances.prod(axis=2))[:, :, None]


def _classes(both: np.ndarray, means: np.ndarray, total: np.ndarray) -> list[tuple[np.ndarray, ...]]:
    return [(both[:, k], means[:, k], total[:, k]) for k in (0, 1)]


def _about(points: np.ndarray, weights: np.ndarray, mean: np.ndarray, total: np.ndarray) -> np.ndarray:
    """(runs, 2) weighted variances about ``mean``."""
    return (weights[:, None] @ np.square(points - mean[:, None]))[:, 0] / total
