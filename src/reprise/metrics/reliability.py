"""Reliability diagrams and confidence histograms as numbers, with bootstrap bands (claim 31)."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from reprise.metrics.bins import BINS, bin_edges, bin_sums, top_label


@dataclass(frozen=True)
class ReliabilityCurve:
    """A reliability diagram and confidence histogram as numbers; NaN stands in bins without examples.

    Attributes:
        edges: (bins + 1,) from 0 to 1.
        counts: (bins,) examples in each (lo, hi].
        confidence: (bins,) mean confidence.
        accuracy: (bins,) share that is right.
        accuracy_low, accuracy_high: (bins,) band of the accuracy.
        share: (bins,) of all examples: the confidence histogram.
        share_low, share_high: (bins,) bootstrap band of the share.
        expected, maximum: expected and maximum calibration error of these bins.
    """

    edges: np.ndarray
    counts: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray
    accuracy_low: np.ndarray
    accuracy_high: np.ndarray
    share: np.ndarray
    share_low: np.ndarray
    share_high: np.ndarray
    expected: float
    maximum: float


def reliability_curve(
    probabilities: np.ndarray,
    labels: np.ndarray,
    bins: int = BINS,
    replicates: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> ReliabilityCurve:
    """Accuracy by confidence, and the confidence histogram, with percentile bootstrap bands (claim 31).

    Examples are independent draws, so resampling them is one multinomial draw of (bin, right or wrong) counts: exact,
    and no slower for a million examples. A bin that is all right or all wrong stays so in every sample, and its band
    would have no width where least is known: there it is Wilson's interval.

    Args:
        probabilities: (n, k), rows summing to 1.
        labels: (n,) integers in 0 .. k - 1.
        bins: equal-width bins (lo, hi].
        replicates: bootstrap replicates, at least 1.
        level: coverage of the bands, in (0, 1).
        seed: of the bootstrap.
    """
    if replicates < 1 or not 0 < level < 1:
        raise ValueError(f"replicates={replicates}, level={level}: need at least one replicate and 0 < level < 1")
    confidence, correct = top_label(probabilities, labels)
    edges = bin_edges(bins, confidence.dtype)
    index = np.searchsorted(edges[1:-1], confidence, side="left")
    n, counts, right = len(index), np.bincount(index, minlength=bins), bin_sums(index, correct, bins)
    sums = bin_sums(index, confidence, bins)
    draws = np.random.default_rng(seed).multinomial(n, np.append(right, counts - right) / n, size=replicates)
    drawn = draws[:, :bins] + draws[:, bins:]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_confidence, accuracy = sums / counts, right / counts
        accuracy_draws = draws[:, :bins] / drawn
    tails = [(1 - level) / 2, (1 + level) / 2]
    band = np.full((2, bins), np.nan)
    band[:, counts > 0] = np.nanquantile(accuracy_draws[:, counts > 0], tails, axis=0)
    z = NormalDist().inv_cdf(tails[1])
    wilson = z**2 / (counts + z**2)  # its width where all examples are alike
    band[1] = np.where((counts > 0) & (right == 0), wilson, band[1])
    band[0] = np.where((counts > 0) & (right == counts), 1 - wilson, band[0])
    share_low, share_high = np.quantile(drawn / n, tails, axis=0)
    gaps = np.abs(right - sums)
    maximum = float(np.max(gaps[counts > 0] / counts[counts > 0]))
    return ReliabilityCurve(
        *(edges.astype(float), counts, mean_confidence, accuracy, band[0], band[1]),
        *(counts / n, share_low, share_high, float(gaps.sum() / n), maximum),
    )


def confidence_histogram(
    probabilities: np.ndarray,
    labels: np.ndarray,
    bins: int = BINS,
    replicates: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Edges (bins + 1,), share of examples (bins,), and the share's band: the histogram of `reliability_curve`."""
    curve = reliability_curve(probabilities, labels, bins, replicates, level, seed)
    return curve.edges, curve.share, curve.share_low, curve.share_high
