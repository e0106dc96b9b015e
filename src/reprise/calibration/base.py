"""What all calibration methods share: checked input, a stable softmax, and one-against-rest with renormalisation."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from typing import Any, Self

import numpy as np

from reprise.metrics.checks import check_labels, float_matrix, look_like_probabilities, row_blocks

REACH = 1000.0  # temperatures: what lies further below a row's largest is impossible; exp(-746) is 0 in any precision
PROBABILITIES = (
    "logits: every row is non-negative and sums to 1 (or 100): these look like probabilities; give what was before the "
    "softmax, or their logarithm"
)
_LARGEST = 1e30  # squares and differences of larger logits overflow in single precision


class Calibrator(ABC):
    """A map from logits to probabilities that is fitted on held-out examples."""

    classes: int = 0  # of the fit; 0 before it

    def fit(self, logits: np.ndarray, labels: np.ndarray) -> Self:
        """Fits on held-out data.

        Args:
            logits: (n, k) finite numbers before the softmax, n >= 1, k >= 2.
            labels: (n,) integers in 0 .. k - 1.

        Returns:
            The calibrator itself.

        Raises:
            ValueError: for wrong shapes, NaN, infinities or labels out of range, naming the row.

        Warns:
            UserWarning: the logits look like probabilities.
        """
        logits = check_logits(logits)
        _warn_of_probabilities(logits)
        labels = check_labels(labels, *logits.shape)
        self._fit(logits, labels)
        self.classes = logits.shape[1]
        return self

    def transform(self, logits: np.ndarray) -> np.ndarray:
        """Calibrated probabilities.

        Args:
            logits: (n, k) finite numbers, k as in the fit.

        Returns:
            (n, k) probabilities in the type of the logits (float32 or float64), rows summing to 1.

        Raises:
            ValueError: for wrong shapes, NaN or infinities, naming the row.
            RuntimeError: before `fit`.

        Warns:
            UserWarning: the logits look like probabilities.
        """
        logits = self._checked(logits)
        _warn_of_probabilities(logits)
        return self._transform(logits)

    def _checked(self, logits: np.ndarray) -> np.ndarray:
        """The logits if they can be transformed by what was fitted."""
        if not self.classes:
            raise RuntimeError(f"{type(self).__name__}: call fit(logits, labels) first")
        logits = check_logits(logits)
        if logits.shape[1] != self.classes:
            raise ValueError(
                f"logits: {logits.shape[1]} classes, but {type(self).__name__} was fitted on {self.classes}"
            )
        return logits

    @abstractmethod
    def _fit(self, logits: np.ndarray, labels: np.ndarray) -> None: ...

    @abstractmethod
    def _transform(self, logits: np.ndarray) -> np.ndarray: ...


class OneVersusRest(Calibrator):
    """One binary calibrator a class on its own score; the k results are divided by their sum (Guo et al., section 4.2).

    Two classes need one calibrator: that of class 1, and its complement. Where every class gets 0 the row becomes
    uniform, as in scikit-learn; netcal divides 0 by 0 there.
    """

    _width = 32  # columns that are copied and fitted together

    def _fit(self, logits: np.ndarray, labels: np.ndarray) -> None:
        scores = self._scores(logits)
        self.columns: list[Any] = []
        for start in range(*self._column_range(scores.shape[1])):
            block = np.ascontiguousarray(scores[:, start : start + self._width].T)
            self.columns += [self._fit_column(column, labels == start + i) for i, column in enumerate(block)]

    def _transform(self, logits: np.ndarray) -> np.ndarray:
        scores = self._scores(logits)
        k = scores.shape[1]
        for start in range(*self._column_range(k)):
            block = np.ascontiguousarray(scores[:, start : start + self._width].T)
            for column, fitted in zip(block, self.columns[max(0, start - (k == 2)) :], strict=False):
                column[:] = self._apply_column(fitted, column)
            scores[:, start : start + self._width] = block.T
        if k == 2:
            scores[:, 0] = 1 - scores[:, 1]
            return scores
        return normalise_rows(scores)

    def _column_range(self, k: int) -> tuple[int, int, int]:
        return (1, 2, self._width) if k == 2 else (0, k, self._width)

    def _scores(self, logits: np.ndarray) -> np.ndarray:
        """(n, k) fresh array of the numbers that are calibrated; the softmax unless a method says otherwise."""
        return softmax(logits)

    @abstractmethod
    def _fit_column(self, scores: np.ndarray, positive: np.ndarray) -> Any:
        """What `_apply_column` needs, from (n,) scores and (n,) booleans."""

    @abstractmethod
    def _apply_column(self, fitted: Any, scores: np.ndarray) -> np.ndarray:
        """(n,) probabilities for (n,) scores."""


def check_logits(logits: np.ndarray) -> np.ndarray:
    """(n, k) finite logits as float32 or float64, or a ValueError that names the row and what it holds."""
    logits = float_matrix("logits", logits, "for one sigmoid logit z, stack 0 and z")
    for rows in row_blocks(*logits.shape):
        block = logits[rows]
        if not (block.max() <= _LARGEST and block.min() >= -_LARGEST):
            row, column = (int(i) for i in np.argwhere(~(np.abs(block) <= _LARGEST))[0])
            found = block[row, column]
            hint = "; give a class that is impossible -1e9" if found < 0 else ""
            place = f"row {rows.start + row}, column {column}"
            raise ValueError(f"logits: {place} is {found}, expected a finite number within 1e30{hint}")
    return logits


def _warn_of_probabilities(logits: np.ndarray) -> None:
    if look_like_probabilities(logits):
        warnings.warn(PROBABILITIES, UserWarning, stacklevel=3)


def softmax(logits: np.ndarray, scale: float = 1.0) -> np.ndarray:
    """Rows of exp(scale * z) divided by their sum, without overflow; (n, k) in the logits' type.

    Args:
        logits: (n, k) finite numbers.
        scale: inverse temperature, > 0.
    """
    result = np.empty_like(logits, order="C")
    factor = logits.dtype.type(scale)
    for rows in row_blocks(*logits.shape):
        block = result[rows]
        np.subtract(logits[rows], logits[rows].max(axis=1, keepdims=True), out=block)
        if scale != 1:
            block *= factor
        np.exp(block, out=block)
        block /= block.sum(axis=1, keepdims=True)
    return result


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Log-probabilities (n, k) of (n, k) logits, exact where the softmax itself is 0 or 1 in floating point."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def normalise_rows(scores: np.ndarray) -> np.ndarray:
    """Divides non-negative rows by their sum, in place; rows of zeros become uniform."""
    for rows in row_blocks(*scores.shape):
        block = scores[rows]
        sums = block.sum(axis=1, keepdims=True)
        if not sums.all():
            block[sums[:, 0] == 0] = 1
            sums[sums == 0] = block.shape[1]
        block /= sums
    return scores
