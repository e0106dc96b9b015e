"""Standard EM for two axis-aligned classes in the plane, vectorised over starts: what the source's script left aside.

Densities, responsibilities and priors are logarithms to the end, those of single points for their class too: a class
that is far from every point has weights for its next means all the same, where plain numbers end in 0/0. A negative
variance is none, and its run is NaN.
"""

from __future__ import annotations

import numpy as np

from reprise.studies.mixtures.source_code import Run

FLOOR = 1e-6  # added to every variance, so that a class on a single point does not shrink to nothing (as scikit-learn)
TOGETHER = 50  # runs at once, whose arrays stay in the cache


def standard_em(points: np.ndarray, means: np.ndarray, variances: np.ndarray, keep: tuple[int, ...]) -> dict[int, Run]:
    """Runs every start to iteration ``max(keep)`` and returns the named iterations, counted from 0.

    Args:
        points: (runs, n, 2).
        means: (runs, 2, 2) starting means, class by coordinate.
        variances: (runs, 2, 2) starting variances.
        keep: iterations to return.
    """
    parts = [
        _run(*(array[first : first + TOGETHER] for array in (points, means, variances)), keep)
        for first in range(0, len(points), TOGETHER)
    ]
    names = ("responsibility", "means", "variances")
    return {
        each: Run(*(np.concatenate([getattr(part[each], name) for part in parts]) for name in names)) for each in keep
    }


def _run(points: np.ndarray, means: np.ndarray, variances: np.ndarray, keep: tuple[int, ...]) -> dict[int, Run]:
    means, variances = means.copy(), variances.copy()
    responsibility = np.full(points.shape[:2], np.nan)
    share = np.full((len(points), 2), np.log(0.5))
    active, kept = np.arange(len(points)), {}
    for iteration in range(max(keep) + 1):
        x, m, v = points[active], means[active], variances[active]
        with np.errstate(invalid="ignore"):  # of a negative variance
            joint = share[active][:, :, None] + _log_densities(x, m, v)
        joint -= joint.max(axis=1, keepdims=True)
        joint -= np.log(np.exp(joint).sum(axis=1, keepdims=True))  # now the logarithms of the responsibilities
        largest = joint.max(axis=2, keepdims=True)
        weights = np.exp(joint - largest)  # of the points within each class
        total = weights.sum(axis=2, keepdims=True)
        new_means = weights @ x / total
        new_share = (largest + np.log(total))[:, :, 0] - np.log(points.shape[1])
        moved = np.abs(new_means - m).max(axis=(1, 2)) + np.abs(new_share - share[active]).max(axis=1)
        responsibility[active] = np.exp(joint[:, 0])
        if iteration in keep:
            kept[iteration] = Run(responsibility.copy(), means.copy(), variances.copy())
        means[active], share[active] = new_means, new_share
        about = [(weights[:, k, None] @ np.square(x - new_means[:, k, None]))[:, 0] for k in (0, 1)]
        variances[active] = np.stack(about, axis=1) / total + FLOOR
        active = active[moved > 1e-9]  # NaN compares False: broken runs leave too
    return kept


def _log_densities(points: np.ndarray, means: np.ndarray, variances: np.ndarray) -> np.ndarray:
    """(runs, 2, n), without the constant that both classes share."""
    exponent = sum(
        (points[:, None, :, axis] - means[:, :, None, axis]) ** 2 / variances[:, :, None, axis] for axis in (0, 1)
    )
    return -0.5 * (exponent + np.log(variances).sum(axis=2)[:, :, None])
