"""Dropout in a few lines: masks, its two forms, and every thinned network at once. NumPy alone."""

from __future__ import annotations

import numpy as np


def every_mask(units: int) -> np.ndarray:
    """(2^units, units) of 0 and 1: every thinned network of so many units."""
    return (np.arange(2**units)[:, None] >> np.arange(units)) & 1


def weights_of(masks: np.ndarray, keep: float) -> np.ndarray:
    """(masks,) probabilities with which they are drawn, each unit kept with ``keep``."""
    kept = masks.sum(axis=1)
    return keep**kept * (1 - keep) ** (masks.shape[1] - kept)


def trained_and_tested(values: np.ndarray, mask: np.ndarray, factor: float) -> tuple[np.ndarray, np.ndarray]:
    """Dropout as first published: masked in training, all units times ``factor`` at test time."""
    return values * mask, values * factor


def inverted(values: np.ndarray, mask: np.ndarray, keep: float) -> tuple[np.ndarray, np.ndarray]:
    """Inverted dropout: masked and upscaled by 1/keep in training, left alone at test time."""
    return values * mask / keep, values


def softmax(logits: np.ndarray) -> np.ndarray:
    """Along the last axis."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


def thinned(
    inputs: np.ndarray, layers: list[tuple[np.ndarray, np.ndarray]], masks: np.ndarray, keep: float
) -> np.ndarray:
    """Logits of a rectified network with inverted dropout on two hidden layers, for given masks.

    Args:
        inputs: (n, features).
        layers: three (weight (out, in), bias (out,)).
        masks: (masks, units of both layers together); 1 / keep scales what stays.
        keep: probability of being kept.

    Returns:
        (masks, n, classes).
    """
    (w1, b1), (w2, b2), (w3, b3) = layers
    first = len(b1)
    hidden = np.maximum(inputs @ w1.T + b1, 0)  # (n, first): the same for every mask
    m1, m2 = masks[:, None, :first] / keep, masks[:, None, first:] / keep
    second = np.maximum(np.matmul(hidden[None] * m1, w2.T) + b2, 0) * m2
    return np.matmul(second, w3.T) + b3
