"""Neurons in plain NumPy: layers in a row (claim 72), a cosine (73), weights of length one and their gradient (75)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

EPSILON = 1e-8  # the source's
Layers = Sequence[tuple[np.ndarray, np.ndarray]]  # weights (units, n) and bias (units,)


def stack(layers: Layers, inputs: np.ndarray, rectified: bool = False) -> np.ndarray:
    """(m, n) -> (m, units of the last): each layer's W x + b in turn, with a ReLU after each where ``rectified``."""
    for weights, bias in layers:
        inputs = inputs @ weights.T + bias
        if rectified:
            inputs = np.maximum(inputs, 0)
    return inputs


def best_layer(inputs: np.ndarray, outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights (units, n) and bias (units,) of the single layer whose squared errors are least.

    Args:
        inputs: (m, n).
        outputs: (m, units) that it should give.
    """
    ones = np.ones((len(inputs), 1))
    solution = np.linalg.lstsq(np.hstack([inputs, ones]), outputs, rcond=None)[0]
    return solution[:-1].T, solution[-1]


def cosine(weights: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    """(m, n) and (m, n) -> (m,): the source's W.X / (|W||X|), row by row."""
    lengths = np.linalg.norm(weights, axis=1) * np.linalg.norm(inputs, axis=1)
    return (weights * inputs).sum(axis=1) / lengths


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
