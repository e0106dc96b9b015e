"""Batch norm as the sources write it: channels last, statistics over everything else. NumPy alone."""

from __future__ import annotations

import numpy as np

MOMENTUM = 0.99  # of the moving averages
SMALL = 1e-5  # under the root, so that nothing is divided by 0


def statistics(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(channels,) mean and variance of a batch, (..., channels)."""
    flat = x.reshape(-1, x.shape[-1])
    return flat.mean(axis=0), flat.var(axis=0)


def train(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, small: float = SMALL) -> np.ndarray:
    """Normalised by the batch, then scaled and shifted."""
    mean, variance = statistics(x)
    return gamma * (x - mean) / np.sqrt(variance + small) + beta


def moved(average: np.ndarray, found: np.ndarray) -> np.ndarray:
    """moving(t) = moving(t − 1) · momentum + batch(t) · (1 − momentum)."""
    return average * MOMENTUM + found * (1 - MOMENTUM)


def infer(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Normalised by the moving averages: the batch does not matter."""
    return gamma * (x - mean) / np.sqrt(variance + SMALL) + beta


def affine(
    gamma: np.ndarray, beta: np.ndarray, mean: np.ndarray, variance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(channels,) factor and summand to which inference comes down."""
    factor = gamma / np.sqrt(variance + SMALL)
    return factor, beta - factor * mean
