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
  into a bin and returns a number; netcal bins rows that sum to anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

BINS = 15
SUM_TOLERANCE = 1e-3  # half precision sums of a thousand classes are this far off; logits are further
_BLOCK = 1 << 17  # numbers in a block of rows: the passes over one block stay in the second-level cache


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
    edges = np.quantile(confidence.astype(float), np.linspace(0, 1, _bin_count(bins) + 1))
    index = np.searchsorted(edges[1:-1], confidence, side="left")
    gaps = _sums(index, correct - confidence.astype(float), bins)
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
    n, counts, right = len(index), np.bincount(index, minlength=bins), _sums(index, correct, bins)
    sums = _sums(index, confidence, bins)
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


def top_label(probabilities: np.ndarray, labels: np.ndarray, check: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Confidence (n,) in the probabilities' type and correctness (n,) booleans; ties go to the first class."""
    probabilities = float_matrix("probabilities", probabilities, "for P(class 1) alone, stack 1 - p and p", "fiub")
    n, k = probabilities.shape
    labels = check_labels(labels, n, k)
    predicted, sums, ones = np.empty(n, np.intp), np.ones(n, probabilities.dtype), np.ones(k, probabilities.dtype)
    # As unsigned integers, negative numbers and NaN are above all others: the search for the largest finds them
    searched = probabilities.view(f"u{probabilities.itemsize}") if check else probabilities
    for rows in row_blocks(n, k):
        searched[rows].argmax(axis=1, out=predicted[rows])
        if check:
            np.matmul(probabilities[rows], ones, out=sums[rows])
    confidence = probabilities[np.arange(n), predicted]
    if not check:
        np.clip(confidence, 0, 1, out=confidence)
    elif not (confidence.min() > 0 and np.abs(sums - 1).max() <= SUM_TOLERANCE):
        check_probabilities(probabilities, labels)
        return top_label(probabilities, labels, check=False)  # nothing wrong but a zero with a minus sign
    return np.minimum(confidence, confidence.dtype.type(1)), predicted == labels


def check_probabilities(probabilities: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n, k) probabilities as floats and (n,) labels as integers, or a ValueError that names the row."""
    probabilities = float_matrix("probabilities", probabilities, "for P(class 1) alone, stack 1 - p and p", "fiub")
    labels = check_labels(labels, *probabilities.shape)
    ones = np.ones(probabilities.shape[1], probabilities.dtype)
    for rows in row_blocks(*probabilities.shape):
        _check_block(probabilities[rows], rows.start, ones)
    return probabilities, labels


def float_matrix(name: str, values: np.ndarray, hint: str, kinds: str = "fiu") -> np.ndarray:
    """(n, k) values as float32 or float64, or a ValueError; ``hint`` is for who has one number for two classes."""
    values = np.asarray(values)
    if values.ndim != 2 or values.shape[0] == 0 or values.shape[1] < 2:
        raise ValueError(f"{name}: shape {values.shape}, expected (n, k): at least one row and two classes ({hint})")
    if values.dtype.kind not in kinds:
        raise ValueError(f"{name}: type {values.dtype}, expected floats")
    if values.dtype in (np.float32, np.float64):
        return values
    return values.astype(np.float32 if values.dtype == np.float16 else np.float64)


def check_labels(labels: np.ndarray, n: int, k: int) -> np.ndarray:
    """(n,) labels in 0 .. k - 1 as intp, or a ValueError that names the row and what it holds."""
    labels = np.asarray(labels)
    if labels.shape != (n,):
        hint = "; take the argmax of one-hot rows" if labels.ndim == 2 else ""
        raise ValueError(f"labels: shape {labels.shape}, expected ({n},), one class index a row{hint}")
    if labels.dtype.kind not in "iub":
        raise ValueError(f"labels: type {labels.dtype}, expected integers (class indices 0 .. {k - 1})")
    if labels.min() < 0 or labels.max() >= k:
        row = int(np.flatnonzero((labels < 0) | (labels >= k))[0])
        raise ValueError(f"labels: row {row} is {labels[row]}, expected 0 .. {k - 1}")
    return labels.astype(np.intp, copy=False)


def bin_edges(bins: int, dtype: np.dtype | type = np.float64) -> np.ndarray:
    """(bins + 1,) edges i / bins, each rounded to ``dtype``: see the module's text."""
    return (np.arange(_bin_count(bins) + 1) / bins).astype(dtype)


def above_first_bin(block: np.ndarray, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Column, bin and value of all numbers beyond the first bin of a block (rows, k) of probabilities.

    A row that sums to 1 has fewer than ``bins`` of them whatever k is, so this costs one comparison a number.
    """
    flat = np.flatnonzero(block > edges[1])
    values = block.ravel()[flat]
    return flat % block.shape[1], np.searchsorted(edges[1:-1], values, side="left"), values


def row_blocks(n: int, k: int) -> Iterator[slice]:
    """Slices that cover n rows of k numbers in pieces which stay in the cache."""
    step = max(1, _BLOCK // k)
    return (slice(start, min(start + step, n)) for start in range(0, n, step))


def _binned_gaps(
    probabilities: np.ndarray, labels: np.ndarray, bins: int, check: bool
) -> tuple[np.ndarray, np.ndarray]:
    confidence, correct = top_label(probabilities, labels, check)
    index = np.searchsorted(bin_edges(bins, confidence.dtype)[1:-1], confidence, side="left")
    return np.bincount(index, minlength=bins), np.abs(_sums(index, correct - confidence.astype(float), bins))


def _sums(index: np.ndarray, values: np.ndarray, bins: int) -> np.ndarray:
    return np.bincount(index, weights=values, minlength=bins)


def _bin_count(bins: int) -> int:
    if isinstance(bins, bool) or not isinstance(bins, int | np.integer) or bins < 1:
        raise ValueError(f"bins={bins!r}: expected a whole number of at least 1")
    return int(bins)


def _check_block(block: np.ndarray, start: int, ones: np.ndarray) -> None:
    """Raises for the first row that is not a distribution; two passes over a block that is in the cache."""
    sums = block @ ones
    bad = ~(np.abs(sums - 1) <= SUM_TOLERANCE)  # the negation also catches NaN
    if not bad.any() and block.min() >= 0:
        return
    rows = np.flatnonzero(bad | ~(block.min(axis=1) >= 0))
    row, values = start + int(rows[0]), block[rows[0]]
    if not np.isfinite(values).all():
        column = int(np.flatnonzero(~np.isfinite(values))[0])
        raise ValueError(f"probabilities: row {row}, column {column} is {values[column]}, expected a number in [0, 1]")
    hint = "; these look like logits: apply a softmax first"
    if values.min() < 0:
        column = int(values.argmin())
        hint = hint if values.max() > 1 else ""
        raise ValueError(f"probabilities: row {row}, column {column} is {values[column]:.6g}, expected [0, 1]{hint}")
    hint = hint if values.max() > 1 else ""
    raise ValueError(f"probabilities: row {row} sums to {sums[rows[0]]:.6g}, expected 1{hint}")
