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
        values, truth, weights = _collapsed(scores, positive)
        starts = np.flatnonzero(np.append(True, values[1:] > values[:-1]))
        values, weights = values[starts], np.add.reduceat(weights, starts)
        mean = np.add.reduceat(truth, starts, dtype=float) / weights
        result = isotonic_regression(mean, weights=weights)
        first, last = result.blocks[:-1], result.blocks[1:] - 1
        knots = np.unique(np.concatenate([first, last]))
        return Steps(values[knots].astype(float), np.clip(result.x[knots], 0, 1))

    def _apply_column(self, fitted: Steps, scores: np.ndarray) -> np.ndarray:
        flat = fitted.at[np.searchsorted(fitted.value, fitted.value[0], side="right") - 1]
        result = np.full(len(scores), fitted.value[0])
        above = np.flatnonzero(scores > flat)  # with many classes most scores are on the first step
        result[above] = np.interp(scores[above], fitted.at, fitted.value)
        return result


def _collapsed(scores: np.ndarray, positive: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rising scores, their truth and weights, with runs of negatives that cannot end a block as one heavy point.

    A block of the regression begins at a positive and ends at the score just below the next block's. So only the
    neighbourhoods of positives need their order: the scores are cut into buckets by exponent and five bits of mantissa,
    and a bucket is sorted if it holds a positive, is the next filled one below, or is the first or last of all. With a
    thousand classes that is a tenth of the scores.
    """
    integer = np.uint32 if scores.dtype == np.float32 else np.uint64
    bits = np.ascontiguousarray(scores).view(integer)
    shift = integer(18 if scores.dtype == np.float32 else 47)
    bucket = (bits >> shift).astype(np.intp)
    counts = np.bincount(bucket)
    filled = np.flatnonzero(counts)
    wanted = np.zeros(len(filled), bool)
    wanted[[0, -1]] = True
    holding = np.searchsorted(filled, np.unique(bucket[positive]))
    wanted[holding] = wanted[np.maximum(holding - 1, 0)] = True
    if wanted.all():
        values, truth = sort_with_truth(scores, positive)
        return values, truth, np.ones(len(values))
    whole = np.zeros(len(counts), bool)
    whole[filled[wanted]] = True
    kept = np.flatnonzero(whole[bucket])
    heavy = filled[~wanted]
    points = np.concatenate([scores[kept], (heavy.astype(integer) << shift).view(scores.dtype)])
    values, truth = sort_with_truth(points, np.append(positive[kept], np.zeros(len(heavy), bool)))
    place = (values.view(integer) >> shift).astype(np.intp)
    return values, truth, np.where(whole[place], 1.0, counts[place])


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
