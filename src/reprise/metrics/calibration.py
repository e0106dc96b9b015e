"""Calibration measures on saved probabilities: does a confidence of 0.7 mean right seven times in ten?

Claims 31, 32 and 35; Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks" (ICML 2017).
The confidence of an example is its largest probability, its prediction the first class that has it.

What is right where packages disagree:

* **Bins are (lo, hi]**, as in the paper: a confidence of exactly 0.6 is in the bin that ends at 0.6. torchmetrics
  and netcal use [lo, hi); netcal closes the last bin, torchmetrics gives p = 1 a sixteenth bin of its own, so its
  error is too large when certain examples are right and almost certain ones wrong. Off the edges all agree.
* **Edges are i / bins, rounded to the type of the probabilities.** The float32 nearest to 0.6 lies above 0.6; with
  float64 edges it would change its bin when the same table is saved in single precision.
* **Two classes and up are treated alike**: the winner's confidence against being right. For labels in {0, 1} netcal
  measures P(class 1) against the label instead; that is ``classwise_calibration_error``'s view.
* **Empty bins** count nothing, in the mean and in the maximum.
* **NaN, empty input and rows that do not sum to 1 have no calibration error** and are refused. torchmetrics sorts a NaN
  into a bin and returns a number; netcal bins rows that sum to anything. A sum may be off by 2^-8, which is what
  probabilities rounded to bfloat16 need; they are taken as they are.
"""

from __future__ import annotations

import numpy as np

from reprise.metrics.bins import BINS, above_first_bin, bin_count, bin_edges, bin_sums, top_label
from reprise.metrics.checks import SUM_TOLERANCE, check_labels, check_probabilities, float_matrix, row_blocks
from reprise.metrics.reliability import ReliabilityCurve, confidence_histogram, reliability_curve

__all__ = [
    "BINS",
    "SUM_TOLERANCE",
    "ReliabilityCurve",
    "above_first_bin",
    "adaptive_calibration_error",
    "bin_edges",
    "brier",
    "check_labels",
    "check_probabilities",
    "classwise_calibration_error",
    "confidence_histogram",
    "error_rate",
    "expected_calibration_error",
    "float_matrix",
    "maximum_calibration_error",
    "negative_log_likelihood",
    "reliability_curve",
    "row_blocks",
    "top_label",
]


def expected_calibration_error(
    probabilities: np.ndarray, labels: np.ndarray, bins: int = BINS, check: bool = True
) -> float:
    """Mean gap between accuracy and confidence over equal-width bins, weighted by the share of examples (claim 32).

    Args:
        probabilities: (n, k) floats, k >= 2, rows summing to 1.
        labels: (n,) integers in 0 .. k - 1.
        bins: number of equal-width bins (lo, hi] on [0, 1].
        check: False leaves out the passes that look for negative, NaN or unnormalised rows (trusted input).

    Returns:
        A number in [0, 1]; 0 is perfectly calibrated.

    Raises:
        ValueError: for input that has no calibration error, naming the row.
    """
    counts, gaps = _binned_gaps(probabilities, labels, bins, check)
    return float(gaps.sum() / counts.sum())


def maximum_calibration_error(
    probabilities: np.ndarray, labels: np.ndarray, bins: int = BINS, check: bool = True
) -> float:
    """The largest gap between accuracy and confidence over the bins that hold an example (claim 32).

    Arguments, range and errors as for `expected_calibration_error`. Very sensitive to bins with few examples.
    """
    counts, gaps = _binned_gaps(probabilities, labels, bins, check)
    return float(np.max(gaps[counts > 0] / counts[counts > 0]))


def adaptive_calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = BINS) -> float:
    """`expected_calibration_error` over bins of equal numbers of examples (Nguyen and O'Connor, EMNLP 2015).

    Edges are the quantiles of the confidences (linear interpolation) and bins (lo, hi], so equal confidences are never
    split and the order of the examples does not matter. netcal has this as ``ECE(equal_intervals=False)``; what netcal
    calls ACE is the plain mean over bins instead.
    """
    confidence, correct = top_label(probabilities, labels)
    edges = np.quantile(confidence.astype(float), np.linspace(0, 1, bin_count(bins) + 1))
    index = np.searchsorted(edges[1:-1], confidence, side="left")
    gaps = bin_sums(index, correct - confidence.astype(float), bins)
    return float(np.abs(gaps).sum() / len(confidence))


def classwise_calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = BINS) -> float:
    """`expected_calibration_error` of every class's own probability, averaged over classes (Kull et al., NeurIPS 2019).

    A probability of exactly 0 belongs to the first bin. Range [0, 1]; small by construction where classes are many.
    """
    probabilities, labels = check_probabilities(probabilities, labels)
    n, k = probabilities.shape
    edges = bin_edges(bins, probabilities.dtype)
    gaps = np.zeros((k, bins))
    totals = np.zeros(k)
    for rows in row_blocks(n, k):
        block = probabilities[rows]
        classes, index, values = above_first_bin(block, edges)
        gaps += np.bincount(classes * bins + index, weights=values, minlength=k * bins).reshape(k, bins)
        totals += block.sum(axis=0, dtype=float)
    gaps[:, 0] = totals - gaps[:, 1:].sum(axis=1)
    own = probabilities[np.arange(n), labels]
    index = np.searchsorted(edges[1:-1], own, side="left")
    gaps -= np.bincount(labels * bins + index, minlength=k * bins).reshape(k, bins)
    return float(np.abs(gaps).sum() / (n * k))


def brier(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Brier's score: squared distance to the one-hot truth, summed over classes, averaged over examples.

    Returns:
        A number in [0, 2], 0 is best; for two classes it is twice the binary score (Brier, 1950).
    """
    probabilities, labels = check_probabilities(probabilities, labels)
    n, k = probabilities.shape
    total = 0.0
    for rows in row_blocks(n, k):
        distance = probabilities[rows].astype(float)
        distance[np.arange(len(distance)), labels[rows]] -= 1
        total += float(np.vdot(distance, distance))
    return total / n


def negative_log_likelihood(probabilities: np.ndarray, labels: np.ndarray, floor: float = 0.0) -> float:
    """Mean of -log P(true class), in nats.

    Args:
        probabilities: (n, k), rows summing to 1.
        labels: (n,) integers in 0 .. k - 1.
        floor: smallest probability that is believed. With 0 one impossible truth makes the score infinite, which is
            right but hides all else; scikit-learn's ``log_loss`` uses 2.2e-16.
    """
    probabilities, labels = check_probabilities(probabilities, labels)
    own = probabilities[np.arange(len(labels)), labels].astype(float)
    with np.errstate(divide="ignore"):
        return float(np.abs(np.log(np.clip(own, floor, 1.0)).mean()))  # abs: no -0.0


def error_rate(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Share of examples whose first largest probability is not the label's, in [0, 1]."""
    return float(1 - top_label(probabilities, labels)[1].mean())


def _binned_gaps(
    probabilities: np.ndarray, labels: np.ndarray, bins: int, check: bool
) -> tuple[np.ndarray, np.ndarray]:
    confidence, correct = top_label(probabilities, labels, check)
    index = np.searchsorted(bin_edges(bins, confidence.dtype)[1:-1], confidence, side="left")
    return np.bincount(index, minlength=bins), np.abs(bin_sums(index, correct - confidence.astype(float), bins))
