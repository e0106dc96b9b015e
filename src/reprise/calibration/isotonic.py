"""Isotonic regression of a class's probability, one class against the rest (claim 37; Zadrozny and Elkan, 2002)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import isotonic_regression

from reprise.calibration.base import OneVersusRest


class Steps(NamedTuple):
    """Knots of a rising function; straight lines between them, constant beyond the first and last."""

    at: np.ndarray
    value: np.ndarray


class IsotonicCalibration(OneVersusRest):
    """The rising function of the probability with the least squared error to the 0/1 truth, by pool-adjacent-violators.

    Between the blocks of equal value it is interpolated linearly, and it is constant outside the range of the fit: the
    conventions of scikit-learn's ``IsotonicRegression(out_of_bounds="clip")``, to which it is equal. Equal
    probabilities are one point with their mean truth; scikit-learn also merges those closer than 1e-15 (1e-6 in single
    precision), which loses the order of the smallest ones.

    It ties examples, so it may change predictions, and it gives probabilities of exactly 0 and 1.

    Attributes:
        columns: one `Steps` a class (class 1 alone for two classes), after `fit`.
    """

    def _fit_column(self, scores: np.ndarray, positive: np.ndarray) -> Steps:
        values, truth = sort_with_truth(scores, positive)
        starts = np.flatnonzero(np.append(True, values[1:] > values[:-1]))
        values, weights = values[starts], np.diff(np.append(starts, len(truth)))
        mean = np.add.reduceat(truth, starts, dtype=float) / weights
        result = isotonic_regression(mean, weights=weights)
        first, last = result.blocks[:-1], result.blocks[1:] - 1
        knots = np.unique(np.concatenate([first, last]))
        return Steps(values[knots].astype(float), np.clip(result.x[knots], 0, 1))

    def _apply_column(self, fitted: Steps, scores: np.ndarray) -> np.ndarray:
        return np.interp(scores, fitted.at, fitted.value)


def sort_with_truth(scores: np.ndarray, positive: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rising scores (n,) and the truth (n,) as 0/1 in that order.

    Non-negative floats are ordered like their bits. The truth rides along as one more bit, so a plain (vectorised) sort
    does the work of an argsort and two gathers.

    Args:
        scores: (n,) float32 or float64 in [0, 1].
        positive: (n,) booleans.
    """
    integer = np.uint32 if scores.dtype == np.float32 else np.uint64
    keys = np.ascontiguousarray(scores).view(integer) << integer(1)  # at most 1.0: the two highest bits are free
    keys |= positive.astype(integer)
    keys.sort()
    return (keys >> integer(1)).view(scores.dtype), (keys & integer(1)).astype(np.uint8)
