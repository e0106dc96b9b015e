"""Logits in plain NumPy: how sure, how right, how likely, and the calibration error as its definition reads."""

from __future__ import annotations

import numpy as np

from reprise.calibration import softmax
from reprise.calibration.platt import log_odds


def softmax_of(logits: np.ndarray, factor: float = 1.0) -> np.ndarray:
    """Softmax over the last axis of an array with any number of axes."""
    return softmax(logits.reshape(-1, logits.shape[-1]) * factor).reshape(logits.shape)


def winner(probabilities: np.ndarray) -> np.ndarray:
    """The confidence: the largest probability."""
    return probabilities.max(axis=-1)


def right(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """1.0 where the prediction is the label."""
    return (logits.argmax(axis=-1) == labels).astype(float)


def example_nll(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """-log P(true class) of every example: (..., n) from (..., n, k)."""
    top = logits.max(axis=-1)
    total = top + np.log(np.exp(logits - top[..., None]).sum(axis=-1))
    return total - logits[..., np.arange(len(labels)), labels]


def one_against_rest(logits: np.ndarray, c: int) -> np.ndarray:
    """(n, 2) logits of class c against the rest: 0 and the log-odds of its softmax."""
    odds = log_odds(logits)[:, c]
    return np.stack([np.zeros_like(odds), odds], axis=1)


def binned_by_hand(probabilities: np.ndarray, labels: np.ndarray, bins: int = 15) -> tuple[float, float]:
    """ECE and MCE bin by bin, as the definition reads: what the vectorised ones are compared with."""
    confidence, correct = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    expected = largest = 0.0
    for i in range(bins):
        inside = (confidence > i / bins) & (confidence <= (i + 1) / bins)
        if inside.any():
            gap = abs(correct[inside].mean() - confidence[inside].mean())
            expected += inside.mean() * gap
            largest = max(largest, gap)
    return float(expected), float(largest)
