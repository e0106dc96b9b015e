"""A confusion matrix that is accumulated picture by picture, in one pass over the pixels, with a label that is ignored.

``reprise.metrics.segmentation.confusion_matrix`` takes whatever is no class for void; here one label is, and any other
is an error that is named: a mistaken palette must not pass for a score.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from reprise.metrics.segmentation import ConfusionScores, confusion_scores

IGNORE = 255
_BLOCK = 1 << 16  # pixels counted at a time: their pairs of labels stay in the second-level cache


class Confusion:
    """Counts of pixels by true (row) and predicted (column) class.

    Args:
        classes: number of classes, 1 to 256.
        ignore: true label of pixels that are left out; None leaves none out.

    Attributes:
        matrix: (classes, classes) int64.
        ignored: pixels left out.

    Raises:
        ValueError: so many classes are not possible, or the ignored label is one of them.
    """

    def __init__(self, classes: int, ignore: int | None = IGNORE) -> None:
        if not 1 <= classes <= 256:
            raise ValueError(f"classes: found {classes}, expected 1 to 256")
        if ignore is not None and 0 <= ignore < classes:
            raise ValueError(f"ignore: {ignore} is one of the {classes} classes; choose a label beyond them")
        self.classes, self.ignore = classes, ignore
        self.matrix = np.zeros((classes, classes), np.int64)
        self.ignored = 0

    def add(self, truth: np.ndarray, predicted: np.ndarray) -> Confusion:
        """Adds the pixels of two label maps of one shape.

        Args:
            truth: integers in 0 .. classes - 1, or the ignored label.
            predicted: integers in 0 .. classes - 1; anything where the truth is ignored.

        Returns:
            Itself.

        Raises:
            ValueError: shapes differ, labels are no integers, or one is no class. Nothing is added then.
        """
        truth, predicted = np.asarray(truth), np.asarray(predicted)
        if truth.shape != predicted.shape:
            raise ValueError(f"truth has shape {truth.shape}, predicted {predicted.shape}")
        for name, values in (("truth", truth), ("predicted", predicted)):
            if values.dtype.kind not in "biu":
                raise ValueError(f"{name}: labels are integers, found {values.dtype}")
        small = all(values.dtype.itemsize == 1 and values.dtype.kind != "i" for values in (truth, predicted))
        matrix, ignored = (self._bytes if small else self._integers)(truth.ravel(), predicted.ravel())
        self.matrix += matrix
        self.ignored += ignored
        return self

    def _bytes(self, truth: np.ndarray, predicted: np.ndarray) -> tuple[np.ndarray, int]:
        """Counts all 65,536 pairs of bytes at once, and looks afterwards which of them there may be."""
        table = np.zeros(1 << 16, np.int64)
        for start in range(0, truth.size, _BLOCK):
            pair = truth[start : start + _BLOCK].astype(np.uint16)
            pair <<= 8
            pair |= predicted[start : start + _BLOCK]
            table += np.bincount(pair, minlength=1 << 16)
        table = table.reshape(256, 256)
        ignored = 0
        if self.ignore is not None and 0 <= self.ignore < 256:
            ignored = int(table[self.ignore].sum())
            table[self.ignore] = 0
        self._refuse("truth", np.flatnonzero(table.any(axis=1)))
        self._refuse("predicted", np.flatnonzero(table.any(axis=0)))
        return table[: self.classes, : self.classes], ignored

    def _integers(self, truth: np.ndarray, predicted: np.ndarray) -> tuple[np.ndarray, int]:
        known = np.ones(truth.shape, bool) if self.ignore is None else truth != self.ignore
        true, said = truth[known], predicted[known]
        for name, values in (("truth", true), ("predicted", said)):
            self._refuse(name, np.unique(values[(values < 0) | (values >= self.classes)]))
        cell = true.astype(np.int64) * self.classes + said.astype(np.int64)
        matrix = np.bincount(cell, minlength=self.classes**2).reshape(self.classes, self.classes)
        return matrix, int(truth.size - true.size)

    def _refuse(self, name: str, labels: np.ndarray) -> None:
        wrong = [int(label) for label in labels if not 0 <= label < self.classes]
        if wrong:
            more = f" and {len(wrong) - 4} more" if len(wrong) > 4 else ""
            hint = "" if self.ignore is None or name == "predicted" else f", or {self.ignore} to be left out"
            found = ", ".join(map(str, wrong[:4]))
            raise ValueError(f"{name}: found label {found}{more}; expected 0 to {self.classes - 1}{hint}")

    @property
    def scores(self) -> ConfusionScores:
        """Pixel accuracy, mean accuracy, mean IU and frequency-weighted IU.

        Raises:
            ValueError: no pixel has been counted.
        """
        return confusion_scores(self.matrix)

    @property
    def iu(self) -> np.ndarray:
        """(classes,) intersection over union of each class; NaN where it is neither in the truth nor predicted."""
        return class_iu(self.matrix)


def confusion_of(
    pairs: Iterable[tuple[np.ndarray, np.ndarray]], classes: int, ignore: int | None = IGNORE
) -> Confusion:
    """The confusion of many pairs (truth, predicted), which need not be of one size."""
    found = Confusion(classes, ignore)
    for truth, predicted in pairs:
        found.add(truth, predicted)
    return found


def class_iu(matrix: np.ndarray) -> np.ndarray:
    """(..., k, k) counts -> (..., k) intersection over union by class, NaN where a class does not occur at all."""
    return _ratio(matrix, 1, -1)


def class_dice(matrix: np.ndarray) -> np.ndarray:
    """(..., k, k) counts -> (..., k) dice by class, NaN where a class does not occur at all."""
    return _ratio(matrix, 2, 0)


def _ratio(matrix: np.ndarray, times: int, less: int) -> np.ndarray:
    right = np.diagonal(matrix, axis1=-2, axis2=-1).astype(float)
    total = matrix.sum(axis=-1) + matrix.sum(axis=-2) + less * right
    return np.divide(times * right, total, out=np.full(right.shape, np.nan), where=total > 0)
