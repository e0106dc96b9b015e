"""Scores of segmentations as pure functions: dice by Kaggle's convention, intersection over union, confusion scores.

Long, Shelhamer and Darrell (2015) define the four confusion scores (claim 173); Kaggle's nerve competition counts a
pair of empty masks as 1 (claim 80).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from reprise.arrays import squeeze_hint


def dice(truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Dice of each pair of masks: ``2 |A and B| / (|A| + |B|)``; 1 where both are empty.

    Args:
        truth: (n, h, w) bool.
        predicted: (n, h, w) bool.

    Returns:
        (n,) in [0, 1].

    Raises:
        ValueError: shapes differ or are not (n, h, w), or values are not boolean.
    """
    overlap, total = _overlap_and_total(truth, predicted)
    return np.divide(2 * overlap, total, out=np.ones(len(overlap)), where=total > 0)


def intersection_over_union(truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """``|A and B| / |A or B|`` of each pair of masks, (n,) in [0, 1]; 1 where both are empty. Arguments as ``dice``."""
    overlap, total = _overlap_and_total(truth, predicted)
    union = total - overlap
    return np.divide(overlap, union, out=np.ones(len(overlap)), where=union > 0)


def soft_dice(truth: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Dice with sums in place of counts: no threshold is chosen. 1 where both sums are 0.

    Args:
        truth: (n, h, w) in [0, 1].
        probability: (n, h, w) in [0, 1].

    Raises:
        ValueError: shapes differ, or values lie outside [0, 1].
    """
    truth, probability = np.asarray(truth, np.float64), np.asarray(probability, np.float64)
    _check_shapes(truth, probability)
    for name, values in (("truth", truth), ("probability", probability)):
        if not ((values >= 0) & (values <= 1)).all():
            low, high = values.min(), values.max()
            hint = "; divide bytes by 255" if low >= 0 and 1 < high <= 255 else ""
            raise ValueError(f"{name}: values must lie in [0, 1]; found {low:g} to {high:g}{hint}")
    total = (truth + probability).sum(axis=(1, 2))
    overlap = 2 * (truth * probability).sum(axis=(1, 2))
    return np.divide(overlap, total, out=np.ones(len(total)), where=total > 0)


def confusion_matrix(truth: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Counts of pixels by true (row) and predicted (column) class.

    Args:
        truth: any shape, integers or bool; negative and too large values (void) are left out.
        predicted: the same shape, in 0 .. classes - 1.
        classes: number of classes.

    Returns:
        (classes, classes) int64.

    Raises:
        ValueError: shapes differ, or a prediction is no class.

    Warns:
        UserWarning: of two classes the truth has 0 and, in place of 1, 255, which counts as void.
    """
    truth, predicted = np.asarray(truth), np.asarray(predicted)
    if truth.shape != predicted.shape:
        hint = _pair_hint(truth.shape, predicted.shape)
        raise ValueError(f"truth has shape {truth.shape}, predicted {predicted.shape}{hint}")
    for name, values in (("truth", truth), ("predicted", predicted)):
        if values.dtype.kind not in "biu":
            raise ValueError(f"{name}: classes are integers, found {values.dtype}")
    if predicted.size and not (predicted.min() >= 0 and predicted.max() < classes):
        raise ValueError(
            f"predicted: found classes {predicted.min()} to {predicted.max()}, expected 0 to {classes - 1}"
        )
    known = (truth >= 0) & (truth < classes)
    if classes == 2 and not known.all() and np.isin(truth, (0, 255)).all():
        warnings.warn(
            "truth: 255 counts as void, and no pixel is of class 1; if 255 is class 1, give truth == 255", stacklevel=2
        )
    cell = truth[known].astype(np.int64) * classes + predicted[known].astype(np.int64)
    return np.bincount(cell, minlength=classes * classes).reshape(classes, classes)


@dataclass(frozen=True)
class ConfusionScores:
    """The four scores of the FCN paper; averages run over the classes that occur."""

    pixel_accuracy: float
    mean_accuracy: float
    mean_iu: float
    frequency_weighted_iu: float


def confusion_scores(confusion: np.ndarray) -> ConfusionScores:
    """Pixel accuracy, mean accuracy, mean IU and frequency-weighted IU.

    As in the paper's own code, a class that is nowhere in the truth has no accuracy (0 / 0) and is left out of that
    mean; of the mean IU only if it is nowhere in the predictions either: one that is only predicted has an IU of 0.

    Args:
        confusion: (k, k) counts, rows truth.

    Raises:
        ValueError: not square, negative, or empty.
    """
    confusion = np.asarray(confusion)
    if not _is_square(confusion.shape):
        hint = squeeze_hint("confusion", confusion.shape, _is_square)
        raise ValueError(f"expected a square matrix, found shape {confusion.shape}{hint}")
    if confusion.size == 0 or not ((confusion >= 0) & np.isfinite(confusion)).all() or confusion.sum() == 0:
        raise ValueError("a confusion matrix holds counts, at least one of them above 0")
    right = np.diag(confusion).astype(np.float64)
    true, predicted = confusion.sum(axis=1), confusion.sum(axis=0)
    there = true > 0
    union = true + predicted - right
    iu = np.divide(right, union, out=np.zeros_like(right), where=union > 0)
    return ConfusionScores(
        pixel_accuracy=float(right.sum() / confusion.sum()),
        mean_accuracy=float((right[there] / true[there]).mean()),
        mean_iu=float(iu[union > 0].mean()),
        frequency_weighted_iu=float((true * iu).sum() / true.sum()),
    )


def precision_recall(truth: np.ndarray, predicted: np.ndarray) -> tuple[float, float]:
    """Precision and recall of a yes/no answer, each NaN where it divides by zero.

    Args:
        truth: (n,) bool.
        predicted: (n,) bool.

    Raises:
        ValueError: shapes differ or values are not boolean.
    """
    truth, predicted = np.asarray(truth), np.asarray(predicted)
    if truth.shape != predicted.shape or truth.ndim != 1 or truth.dtype != bool or predicted.dtype != bool:
        found = f"{truth.dtype} {truth.shape}, {predicted.dtype} {predicted.shape}"
        raise ValueError(f"expected two boolean vectors, found {found}{_pair_hint(truth.shape, predicted.shape, 1)}")
    hits = float((truth & predicted).sum())
    said, there = float(predicted.sum()), float(truth.sum())
    return hits / said if said else float("nan"), hits / there if there else float("nan")


def _check_shapes(truth: np.ndarray, predicted: np.ndarray) -> None:
    if truth.shape != predicted.shape or truth.ndim != 3:
        hint = _pair_hint(truth.shape, predicted.shape, 3)
        raise ValueError(f"expected two arrays (n, h, w), found shapes {truth.shape} and {predicted.shape}{hint}")


def _pair_hint(truth: tuple[int, ...], predicted: tuple[int, ...], dimensions: int | None = None) -> str:
    """What makes two shapes one: dropping axes of length 1 of either, or of both, or adding one to single masks."""
    if truth == predicted and len(truth) == 2 and dimensions == 3:
        return "; a single pair is truth[None], predicted[None]"

    def fits(shape: tuple[int, ...]) -> bool:
        return len(shape) == dimensions if dimensions else shape in (truth, predicted)

    return squeeze_hint("truth", truth, fits) + squeeze_hint("predicted", predicted, fits)


def _is_square(shape: tuple[int, ...]) -> bool:
    return len(shape) == 2 and shape[0] == shape[1]


def _overlap_and_total(truth: np.ndarray, predicted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    truth, predicted = np.asarray(truth), np.asarray(predicted)
    _check_shapes(truth, predicted)
    for name, values in (("truth", truth), ("predicted", predicted)):
        if values.dtype != bool:
            raise ValueError(f"{name}: expected boolean masks, found {values.dtype}; compare with a threshold first")
    overlap = np.array([np.count_nonzero(a & b) for a, b in zip(truth, predicted, strict=True)], np.int64)
    total = np.array(
        [np.count_nonzero(a) + np.count_nonzero(b) for a, b in zip(truth, predicted, strict=True)], np.int64
    )
    return overlap, total
