"""Bins of confidence, (lo, hi], and the winner's confidence and correctness that fall into them."""

from __future__ import annotations

import numpy as np

from reprise.metrics.checks import SUM_TOLERANCE, check_labels, check_probabilities, float_matrix, row_blocks

BINS = 15


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


def bin_edges(bins: int, dtype: np.dtype | type = np.float64) -> np.ndarray:
    """(bins + 1,) edges i / bins, each rounded to ``dtype``: see the module's text."""
    return (np.arange(bin_count(bins) + 1) / bins).astype(dtype)


def above_first_bin(block: np.ndarray, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Column, bin and value of all numbers beyond the first bin of a block (rows, k) of probabilities.

    A row that sums to 1 has fewer than ``bins`` of them whatever k is, so this costs one comparison a number.
    """
    flat = np.flatnonzero(block > edges[1])
    values = block.ravel()[flat]
    return flat % block.shape[1], np.searchsorted(edges[1:-1], values, side="left"), values


def bin_sums(index: np.ndarray, values: np.ndarray, bins: int) -> np.ndarray:
    """Sum of the values (n,) in each bin, from the bin that each belongs to."""
    return np.bincount(index, weights=values, minlength=bins)


def bin_count(bins: int) -> int:
    """The number of bins, or a ValueError."""
    if isinstance(bins, bool) or not isinstance(bins, int | np.integer) or bins < 1:
        raise ValueError(f"bins={bins!r}: expected a whole number of at least 1")
    return int(bins)
