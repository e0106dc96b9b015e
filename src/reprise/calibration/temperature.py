"""Temperature scaling: one number T for all classes, softmax(z / T) (claim 41; Guo et al., section 4.2)."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np

from reprise.calibration.base import Calibrator, softmax
from reprise.metrics.calibration import row_blocks

SLACK = 1e-6  # nats from the infimum of the NLL that count as reached where no temperature reaches it
_STEP = 1e-5  # relative; Newton squares the error, so the step below this one is the last
_ROWS = 4096  # rows of the first approximation


class TemperatureScaling(Calibrator):
    """Divides the logits by the temperature that minimises the NLL of held-out data.

    The NLL is convex in 1 / T, so a Newton iteration inside a bracket finds the optimum from anywhere; it starts on a
    few thousand rows and ends on all. The reference recipe (LBFGS, learning rate 0.01, 50 steps) stops short of it.

    A prediction never changes: T is positive and finite, and where rounding makes two classes equal, the one with the
    larger logit stays ahead by one unit in the last place.

    Two kinds of held-out data have no best temperature, and are settled like this, with a warning:

    * every prediction is right: the NLL falls for ever as T goes to 0;
    * the logits are no better than chance: it falls for ever as T goes to infinity.

    T is then the one nearest to the logits' own spread whose NLL is within 1e-6 nats of the infimum. Where the NLL does
    not depend on T (all logits of every row equal, or within 1e-19 in single precision) T = 1.

    Attributes:
        temperature: T > 0; above 1 for overconfident networks. float, after `fit`.
        attained: whether `temperature` is the minimiser (True) or stands for a limit as above.
    """

    temperature: float
    attained: bool

    def _fit(self, logits: np.ndarray, labels: np.ndarray) -> None:
        beta, self.attained = _best_inverse_temperature(logits, labels)
        self.temperature = 1 / beta
        if not self.attained:
            kind = "every held-out prediction is right" if beta * _spread(logits) > 1 else "no better than chance"
            warnings.warn(
                f"temperature scaling has no optimum ({kind}); T = {self.temperature:.4g} is within {SLACK} nats of "
                "the infimum",
                RuntimeWarning,
                stacklevel=3,
            )

    def _transform(self, logits: np.ndarray) -> np.ndarray:
        largest = float(np.finfo(logits.dtype).max)  # beyond it a row's largest logit would be 0 times infinity
        probabilities = softmax(logits, min(1 / self.temperature, largest))
        predicted = logits.argmax(axis=1)
        moved = np.flatnonzero(probabilities.argmax(axis=1) != predicted)  # rounded to a tie with an earlier class
        if len(moved):
            top = probabilities[moved].max(axis=1)
            probabilities[moved, predicted[moved]] = np.nextafter(top, top.dtype.type(2))
        return probabilities


class _Point(NamedTuple):
    """The NLL at an inverse temperature beta, with derivatives in log(beta)."""

    nll: float
    slope: float
    variance: float  # second derivative in beta, times beta squared: > 0


class _Objective:
    """Mean NLL of softmax(beta * z); rows are taken relative to their largest logit."""

    def __init__(self, logits: np.ndarray, labels: np.ndarray):
        self.logits = logits
        self.top = logits.max(axis=1, keepdims=True)
        self.own = logits[np.arange(len(labels)), labels].astype(float) - self.top[:, 0]  # <= 0

    def __call__(self, beta: float) -> _Point:
        n, k = self.logits.shape
        factor = self.logits.dtype.type(beta)
        scratch = np.empty((2, next(iter(row_blocks(n, k))).stop, k), self.logits.dtype)
        nll = slope = variance = 0.0
        for rows in row_blocks(n, k):
            z, e = scratch[:, : rows.stop - rows.start]
            np.subtract(self.logits[rows], self.top[rows], out=z)
            z *= factor
            np.exp(z, out=e)
            total = e.sum(axis=1, dtype=e.dtype).astype(float)
            e *= z
            first = e.sum(axis=1, dtype=e.dtype) / total
            second = np.einsum("ij,ij->i", e, z) / total
            own = beta * self.own[rows]
            nll += float((np.log(total) - own).sum())
            slope += float((first - own).sum())
            variance += float(np.maximum(second - first * first, 0).sum())
        return _Point(nll / n, slope / n, variance / n)

    def slope_at_zero(self) -> float:
        """Derivative in beta as beta falls to 0: below 0 exactly when a finite temperature beats the uniform guess."""
        return float((self.logits.mean(axis=1, dtype=float) - self.top[:, 0] - self.own).mean())


def _best_inverse_temperature(logits: np.ndarray, labels: np.ndarray) -> tuple[float, bool]:
    """1 / T, and whether it is the minimiser. Exact tests decide whether there is one."""
    objective, spread = _Objective(logits, labels), _spread(logits)
    if spread < np.sqrt(np.finfo(logits.dtype).tiny):  # 1 / T would leave the range of the logits' type
        return 1.0, True
    if not objective.own.any():
        ties = (logits == objective.top).sum(axis=1)
        return _nearest_within_slack(objective, float(np.log(ties).mean()), 1 / spread, 2.0), False
    if objective.slope_at_zero() >= 0:
        return _nearest_within_slack(objective, float(np.log(logits.shape[1])), 1 / spread, 0.5), False
    start = 1 / spread
    if len(logits) > 2 * _ROWS:
        rows = slice(None, None, len(logits) // _ROWS)
        few = _Objective(np.ascontiguousarray(logits[rows]), labels[rows])
        if few.own.any() and few.slope_at_zero() < 0:
            start = _newton(few, start)
    return _newton(objective, start), True


def _newton(objective: _Objective, start: float) -> float:
    """Minimiser in beta > 0 by Newton's method in a bracket that only shrinks; needs a minimum to exist."""
    beta, low, high = start, 0.0, np.inf
    for _ in range(200):
        point = objective(beta)
        low, high = (beta, high) if point.slope < 0 else (low, beta)
        step = -point.slope / point.variance if point.variance > 0 else np.inf
        if abs(step) < _STEP:
            return beta * (1 + step)
        proposed = beta * (1 + step)
        if not low < proposed < high or not beta / 8 < proposed < beta * 8:
            proposed = _inside(low, high, beta, point.slope)
        if proposed in (low, high):  # the bracket is two neighbouring numbers
            return proposed
        beta = proposed
    return beta


def _inside(low: float, high: float, beta: float, slope: float) -> float:
    """The geometric middle of the bracket, or eight times further on its open side."""
    if slope < 0:
        return min(beta * 8, np.sqrt(beta * high)) if np.isfinite(high) else beta * 8
    return max(beta / 8, np.sqrt(beta * low)) if low > 0 else beta / 8


def _nearest_within_slack(objective: _Objective, infimum: float, start: float, factor: float) -> float:
    """Walks from ``start`` by ``factor`` until the NLL is within the slack of its infimum, then narrows the last.

    The NLL is monotone in beta wherever this is called.
    """
    inside = start
    while objective(inside).nll - infimum > SLACK:
        inside *= factor
        if not 1e-250 < inside < 1e250:
            return inside
    if inside == start:
        return start
    outside = inside / factor
    for _ in range(8):
        middle = np.sqrt(inside * outside)
        inside, outside = (middle, outside) if objective(middle).nll - infimum <= SLACK else (inside, middle)
    return float(inside)


def _spread(logits: np.ndarray) -> float:
    """Root mean square of the logits about their row's mean: the scale that a temperature is measured against."""
    total = 0.0
    for rows in row_blocks(*logits.shape):
        centred = logits[rows].astype(float)
        centred -= centred.mean(axis=1, keepdims=True)
        total += float(np.vdot(centred, centred))
    return float(np.sqrt(total / logits.size))
