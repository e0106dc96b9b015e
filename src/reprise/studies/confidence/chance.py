"""What chance does to a calibration error: the error that perfect calibration shows, and other draws of the images."""

from __future__ import annotations

from functools import cache

import numpy as np

from reprise.calibration.report import NLL_FLOOR
from reprise.metrics.calibration import BINS, bin_edges, top_label

REPLICATES = 400


def noise_floor(confidence: np.ndarray, draws: int = 50) -> float:
    """ECE of a perfectly calibrated network with these confidences: chance alone, mean over simulated answers.

    Args:
        confidence: (n,) of the images tested.
        draws: simulated tests, in each of which an image is right with the probability that its confidence says.
    """
    right = np.random.default_rng(0).random((draws, len(confidence)), np.float32) < confidence
    columns = _in_bins(confidence, np.ones(len(confidence)))
    gaps = right.astype(np.float32) @ columns - confidence @ columns
    return float(np.abs(gaps).sum(axis=1).mean() / len(confidence))


def _in_bins(confidence: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(n, BINS) of (n,) values, each in the column of its confidence's bin, else 0."""
    columns = np.zeros((len(values), BINS), np.float32)
    columns[np.arange(len(values)), np.searchsorted(bin_edges(BINS)[1:-1], confidence)] = values
    return columns


def on_images_drawn_again(probabilities: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    """(REPLICATES,) ECE, error and NLL on bootstrap samples of the images, the same samples at every call."""
    confidence, correct = top_label(probabilities, labels, check=False)
    own = probabilities[np.arange(len(labels)), labels]
    columns = [_in_bins(confidence, correct - confidence), ~correct, -np.log(np.maximum(own, NLL_FLOOR))]
    means = (_weights(len(labels)) @ np.column_stack(columns).astype(np.float32)).astype(float)
    return {"ece": np.abs(means[:, :BINS]).sum(axis=1), "error": means[:, BINS], "nll": means[:, BINS + 1]}


@cache
def _weights(n: int) -> np.ndarray:
    """(REPLICATES, n) share of each image in each bootstrap sample."""
    counts = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), size=REPLICATES)
    return counts.astype(np.float32) / np.float32(n)
