"""Weights of length one in plain NumPy: the division, and the gradient that passes through it (claim 75)."""

from __future__ import annotations

import numpy as np

EPSILON = 1e-8  # the source's


def unit_norm(weights: np.ndarray) -> np.ndarray:
    """(units, n): each row divided by its length + 1e-8, as in the source."""
    return weights / (np.linalg.norm(weights, axis=1, keepdims=True) + EPSILON)


def unit_norm_gradient(weights: np.ndarray, upstream: np.ndarray) -> np.ndarray:
    """Gradient of a loss with respect to W through W / |W|, in closed form.

    With u = w / |w| and g the gradient with respect to u it is (g - (g . u) u) / |w|: what is left of g on the sphere.

    Args:
        weights: (units, n).
        upstream: (units, n) gradient with respect to the normalised weights.
    """
    length = np.linalg.norm(weights, axis=1, keepdims=True)
    unit = weights / length
    return (upstream - (upstream * unit).sum(axis=1, keepdims=True) * unit) / length
