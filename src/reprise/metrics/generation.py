"""How good drawn examples are, by their features: Fréchet distance, precision and recall, copies. No torch."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.linalg import eigh
from sklearn.metrics import pairwise_distances_argmin_min

ROWS = 500  # at a time
ROUNDING = 1e-12  # of squared distances, relative to the longest example's square


def frechet_distance(one: np.ndarray, other: np.ndarray) -> float:
    """Fréchet distance of the two normal distributions with these means and covariances (Heusel et al., 2017).

    Args:
        one, other: (n, d) and (m, d) features; two examples or more of each.

    Returns:
        |mean - mean|² + trace(C + D - 2 (C D)^½), 0 or more. Few examples make it too large: compare equal numbers.

    Raises:
        ValueError: fewer than two examples, other features, or values that are not finite.
    """
    one, other = _checked(one, other, least=2)
    apart = one.mean(axis=0) - other.mean(axis=0)
    c, d = (np.atleast_2d(np.cov(each, rowvar=False)) for each in (one, other))
    # trace (C D)^½ = trace (C^½ D C^½)^½, which is symmetric: its roots are real
    values, vectors = eigh(c)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    shared = np.sqrt(np.maximum(eigh(root @ d @ root, eigvals_only=True), 0)).sum()
    return float(max(0.0, apart @ apart + np.trace(c) + np.trace(d) - 2 * shared))


def precision_recall(real: np.ndarray, drawn: np.ndarray, neighbours: int = 3) -> tuple[float, float]:
    """Share of drawn examples that lie among the real ones, and of real among the drawn (Kynkäänniemi et al., 2019).

    An example lies among others if it is no further from one of these than that one's k-th neighbour of its own kind.

    Args:
        real, drawn: (n, d) and (m, d) features, more than ``neighbours`` of each.
        neighbours: k.

    Raises:
        ValueError: too few examples, other features, or values that are not finite.
    """
    real, drawn = _checked(real, drawn, least=neighbours + 1)
    return _covered(drawn, real, neighbours), _covered(real, drawn, neighbours)


def nearest_distance(examples: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(n,) Euclidean distance of each example (n, d) to the nearest of others (m, d), a part of them at a time."""
    examples, others = _checked(examples, others, least=1)
    return pairwise_distances_argmin_min(examples, others)[1]


def _covered(examples: np.ndarray, others: np.ndarray, neighbours: int) -> float:
    # the first is the example itself
    own = np.concatenate([np.partition(part, neighbours, axis=1)[:, neighbours] for part in _parts(others, others)])
    own += ROUNDING * max(float((each**2).sum(axis=1).max()) for each in (examples, others))  # copies lie at about 0
    return float(np.concatenate([(part <= own).any(axis=1) for part in _parts(examples, others)]).mean())


def _parts(one: np.ndarray, other: np.ndarray) -> Iterator[np.ndarray]:
    """(rows, m) squared distances, some rows at a time."""
    lengths = (other**2).sum(axis=1)
    for part in (one[start : start + ROWS] for start in range(0, len(one), ROWS)):
        yield np.maximum((part**2).sum(axis=1)[:, None] + lengths - 2 * part @ other.T, 0)


def _checked(one: np.ndarray, other: np.ndarray, least: int) -> tuple[np.ndarray, np.ndarray]:
    one, other = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    if one.ndim != 2 or other.ndim != 2 or one.shape[1] != other.shape[1] or min(len(one), len(other)) < least:
        raise ValueError(f"features of shapes {one.shape} and {other.shape}: expected (n, d), (m, d), {least} or more")
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        raise ValueError("features: expected finite numbers")
    return one, other
