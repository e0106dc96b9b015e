"""Activation functions and their derivatives as the sources write them. NumPy alone."""

from __future__ import annotations

import numpy as np


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(−x)), without overflow."""
    return np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x)))


def sigmoid_slope(x: np.ndarray) -> np.ndarray:
    """z (1 − z)."""
    z = sigmoid(x)
    return z * (1 - z)


def relu(x: np.ndarray) -> np.ndarray:
    """max(0, x)."""
    return np.maximum(0, x)


def relu_slope(x: np.ndarray) -> np.ndarray:
    """1 for x > 0, else 0."""
    return (x > 0).astype(float)


def softplus(x: np.ndarray) -> np.ndarray:
    """ln(1 + exp(x)), without overflow."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))
