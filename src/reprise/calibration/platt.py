"""Platt scaling: a sigmoid a s + b of a class's log-odds, one class against the rest (claim 39)."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
from scipy.special import expit

from reprise.calibration.base import REACH, OneVersusRest
from reprise.calibration.temperature import TemperatureScaling
from reprise.metrics.calibration import row_blocks

_ROWS = 4096  # rows that the temperature is fitted on


class Sigmoid(NamedTuple):
    """P(class) = 1 / (1 + exp(-(slope * log-odds + intercept)))."""

    slope: float
    intercept: float


class PlattScaling(OneVersusRest):
    """A logistic regression on the log-odds z_c - log(sum of exp(z_j) over the other classes); for two, z_1 - z_0.

    The log-odds do not change when a number is added to all logits of a row, single logits do. With more than two
    classes the k sigmoids are divided by their sum, as scikit-learn's ``CalibratedClassifierCV`` does; the paper itself
    uses Platt scaling for two classes and extends it to vector and matrix scaling.

    An example that lies more than `REACH` temperatures on its own label's side (a masked class, say, with a logit of
    -1e9) is left out of the fit: with smooth targets it would never count as right, however flat the sigmoid.

    Attributes:
        columns: one `Sigmoid` a class (class 1 alone for two classes), after `fit`.
    """

    def __init__(self, smooth: bool = True):
        """Settings.

        Args:
            smooth: fit to Platt's targets (n1 + 1) / (n1 + 2) and 1 / (n0 + 2) in place of 1 and 0, as Platt (1999) and
                scikit-learn do; the optimum then always exists. False is plain maximum likelihood, which is what Guo et
                al. write; where a class can be separated, its slope grows until the gradient vanishes in rounding.
        """
        self.smooth = smooth

    def _scores(self, logits: np.ndarray) -> np.ndarray:
        return log_odds(logits)

    def _fit(self, logits: np.ndarray, labels: np.ndarray) -> None:
        rows = slice(None, None, -(-len(logits) // _ROWS))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # no temperature optimum: any will do
            few = np.ascontiguousarray(logits[rows])
            self._reach = REACH * TemperatureScaling().fit(few, labels[rows]).temperature
        super()._fit(logits, labels)

    def _fit_column(self, scores: np.ndarray, positive: np.ndarray) -> Sigmoid:
        if np.abs(scores).max() > self._reach:
            undecided = np.where(positive, scores <= self._reach, scores >= -self._reach)
            scores, positive = scores[undecided], positive[undecided]
            if not len(scores):
                return Sigmoid(1.0, 0.0)
        ones = int(positive.sum())
        zeros = len(positive) - ones
        low, high = (1 / (zeros + 2), (ones + 1) / (ones + 2)) if self.smooth else (0.0, 1.0)
        scores = scores.astype(float)
        centre, size = scores.mean(), scores.std()
        if size <= 1e-12 * max(1.0, abs(centre)):  # one score for all: only the intercept can be known
            scores, size = np.zeros(len(scores)), 1.0
        else:
            scores = (scores - centre) / size
        slope, intercept = _newton(scores, np.where(positive, high, low), np.log((ones + 1) / (zeros + 1)))
        return Sigmoid(slope / size, intercept - slope * centre / size)

    def _apply_column(self, fitted: Sigmoid, scores: np.ndarray) -> np.ndarray:
        return expit(fitted.slope * scores.astype(float) + fitted.intercept)


def log_odds(logits: np.ndarray) -> np.ndarray:
    """log(p / (1 - p)) of the softmax p of (n, k) logits, exact where p rounds to 0 or 1."""
    result = np.empty_like(logits, order="C")
    for rows in row_blocks(*logits.shape):
        z = logits[rows]
        own = np.arange(len(z)), z.argmax(axis=1)
        top = z[own]
        shifted = z - top[:, None]
        exponentials = np.exp(shifted)
        exponentials[own] = 0
        rest = exponentials.sum(axis=1)
        total = 1 + rest
        block = result[rows]
        block[:] = shifted - np.log(total[:, None] - exponentials)
        shifted[own] = -np.inf
        second = shifted.max(axis=1)
        block[own] = -second - np.log(np.exp(shifted - second[:, None]).sum(axis=1))
    return result


def _newton(x: np.ndarray, target: np.ndarray, intercept: float) -> tuple[float, float]:
    """Minimises the mean of log(1 + exp(s)) - target * s, s = a x + b: Newton with step halving (Lin et al., 2007)."""
    parameters = np.array([0.0, intercept])
    value, p = _loss(x, target, parameters)
    for _ in range(100):
        error, weight = p - target, p * (1 - p)
        gradient = np.array([error @ x, error.sum()]) / len(x)
        if np.abs(gradient).max() < 1e-12:
            break
        wx = weight * x
        off = wx.sum()
        hessian = np.array([[wx @ x, off], [off, weight.sum()]]) / len(x) + 1e-14 * np.eye(2)
        step = np.linalg.solve(hessian, -gradient)
        for _ in range(40):
            new_value, p = _loss(x, target, parameters + step)
            if new_value <= value:
                break
            step /= 2
        parameters = parameters + step
        if value - new_value <= 1e-15 * max(value, 1e-300) and np.abs(step).max() < 1e-9:
            break
        value = new_value
    return float(parameters[0]), float(parameters[1])


def _loss(x: np.ndarray, target: np.ndarray, parameters: np.ndarray) -> tuple[float, np.ndarray]:
    s = parameters[0] * x + parameters[1]
    decay = np.exp(-np.abs(s))
    p = np.where(s >= 0, 1, decay) / (1 + decay)
    return float((np.maximum(s, 0) + np.log1p(decay) - target * s).mean()), p
