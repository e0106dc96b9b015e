"""Vector and matrix scaling: softmax(W x + b), W diagonal or full (claim 40; Guo et al., section 4.2).

``x`` are the logits less a typical logit of their class, less their row's mean: the softmax does not see a row's mean,
W z would. The NLL is convex in (W, b), and the fit begins at the temperature's optimum and never goes up, so that the
NLL of the held-out data is not above temperature scaling's.

Logits that are masked (-1e9 for a class that a row cannot have), or that one row has far from all others, would drown
the differences that count in the row's mean. So a logit that lies `REACH` temperatures below its row's largest, where
temperature scaling gives exactly 0, is an *impossible class*: its probability is 0, its x is 0, and it is left out of
its row's mean. A class that is impossible in every row of the fit is a constant in the mean, as it is in exact
arithmetic, and stays impossible.

There is no penalty, as in the paper. Where the held-out data can be separated by an affine map (always so with fewer
examples than classes, often with a hundred classes), the NLL has no minimum: the iteration stops where the NLL can fall
by no more than the tolerance, very sure of itself, and matrix scaling overfits as it does in the paper. ``ridge``
prevents that.
"""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from reprise.calibration.affine_fit import Problem, minimise
from reprise.calibration.base import REACH, Calibrator, softmax
from reprise.calibration.temperature import TemperatureScaling
from reprise.metrics.calibration import negative_log_likelihood, row_blocks

_ROWS = 1024  # rows that a class's typical logit is the median of
_NEAR = 50.0  # scaled logits this near 0 need no care: no class is impossible, and single precision will do
_ROUNDING = 1e-6  # nats: more, and rounding may hide the way down


class AffineScaling(Calibrator):
    """What vector and matrix scaling share; they differ in whether W is full."""

    _full: bool
    weights: np.ndarray
    bias: np.ndarray
    centre: np.ndarray
    converged: bool

    def __init__(self, ridge: float = 0.0, tolerance: float = 1e-8, max_iterations: int = 500):
        """Settings.

        Args:
            ridge: weight of (|W - I|^2 + |b|^2) / 2 beside the mean NLL; 0 is the paper's method.
            tolerance: nats, > 0: the fit ends when a Newton step can lower the mean NLL by no more.
            max_iterations: the fit ends, with ``converged`` False and a warning, after this many.
        """
        if not ridge >= 0 or not tolerance > 0 or max_iterations < 1:
            raise ValueError(f"ridge={ridge}, tolerance={tolerance}, max_iterations={max_iterations}: out of range")
        self.ridge, self.tolerance, self.max_iterations = ridge, tolerance, max_iterations

    def _fit(self, logits: np.ndarray, labels: np.ndarray) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # no temperature optimum: any start will do
            self._beta = 1 / TemperatureScaling().fit(logits, labels).temperature
        frame = self._frame = Frame.of(logits, labels, 1 / self._beta, centred=not self.ridge)
        x, impossible = np.empty(logits.shape), np.zeros((0, 0), bool)
        for rows in row_blocks(*logits.shape):
            x[rows], gone = frame.inputs(logits[rows])
            if gone is not None:
                impossible = impossible if len(impossible) else np.zeros(logits.shape, bool)
                impossible[rows] = gone
        problem = Problem(x, labels, self._full, self.ridge, frame.shift, impossible)
        start = self._beta * problem.identity
        # hundreds of small products: threads wait for each other, and their number would change the last digits
        with threadpool_limits(limits=1, user_api="blas"):
            solution, self.converged = minimise(problem, start, self.tolerance, self.max_iterations)
        self.centre, (self.weights, self.bias) = frame.centre, problem.unpack(solution)
        largest = max(float(np.abs(self.weights).max()), self._beta)
        self._near = 0.0 if frame.gone.any() else _NEAR / largest
        self._temperature_alone = False
        if not self._is_near(logits):
            self.converged &= bool(np.finfo(float).eps * largest * np.abs(x).max() <= _ROUNDING)
            self._temperature_alone = self._worse_than_temperature(logits, labels)
        if self._temperature_alone:
            self.converged, (self.weights, self.bias) = False, problem.unpack(start)
        if not self.converged:
            warnings.warn(
                f"{type(self).__name__} has not converged in {self.max_iterations} iterations; its NLL is no higher "
                "than temperature scaling's, but may not be the lowest",
                RuntimeWarning,
                stacklevel=3,
            )

    def _transform(self, logits: np.ndarray) -> np.ndarray:
        if self._temperature_alone:
            return softmax(logits, self._beta)
        if self._is_near(logits):
            shift = self.weights @ self._frame.shift if self._full else self.weights * self._frame.shift
            centred = logits - logits.mean(axis=1, keepdims=True)
            weights, bias = self.weights.astype(logits.dtype), (self.bias - shift).astype(logits.dtype)
            return softmax((centred @ weights.T if self._full else centred * weights) + bias)
        result, revived = np.empty_like(logits, order="C"), np.zeros(logits.shape[1], bool)
        for rows in row_blocks(*logits.shape):
            x, gone = self._frame.inputs(logits[rows])
            scores = (x @ self.weights.T if self._full else x * self.weights) + self.bias
            if gone is not None:
                scores[gone] = -np.inf
                revived |= self._frame.revived(logits[rows])
            result[rows] = softmax(scores)
        if revived.any():
            warnings.warn(
                f"class {int(revived.argmax())} was impossible in every row of the fit: its probability is 0 here too",
                RuntimeWarning,
                stacklevel=3,
            )
        return result

    def _is_near(self, logits: np.ndarray) -> bool:
        return bool(logits.max() <= self._near and logits.min() >= -self._near)

    def _worse_than_temperature(self, logits: np.ndarray, labels: np.ndarray) -> bool:
        """Whether sums of numbers as large as these lose so many digits that temperature scaling is better."""
        floor = float(np.finfo(logits.dtype).tiny)
        ours = negative_log_likelihood(self._transform(logits), labels, floor)
        return not ours <= negative_log_likelihood(softmax(logits, self._beta), labels, floor)


class VectorScaling(AffineScaling):
    """softmax(w * x + b): a weight and a bias for each class. May change predictions.

    The logits are centred in each row first (the softmax does not see a row's mean, w * z would).

    Attributes:
        weights: (k,) after `fit`.
        bias: (k,) sums to 0.
        centre: (k,) typical logits; x is z - centre less its row's mean.
        converged: whether the NLL is within about the tolerance of its infimum; a warning says when it may not be.
    """

    _full = False


class MatrixScaling(AffineScaling):
    """softmax(W x + b): a full matrix, k * k + k numbers. Overfits where classes are many (claim 40).

    Attributes:
        weights: (k, k) after `fit`.
        bias: (k,) sums to 0.
        centre: (k,) typical logits; x is z - centre less its row's mean.
        converged: whether the NLL is within about the tolerance of its infimum; a warning says when it may not be.
    """

    _full = True


class Frame(NamedTuple):
    """How logits become inputs x, decided by the data of the fit.

    Attributes:
        reach: a logit further below its row's largest is an impossible class; never a label's own.
        gone: (k,) classes that are impossible in every row of the fit.
        centre: (k,) what is subtracted from the logits before their row's mean.
    """

    reach: float
    gone: np.ndarray
    centre: np.ndarray

    @classmethod
    def of(cls, logits: np.ndarray, labels: np.ndarray, temperature: float, centred: bool) -> Frame:
        """The frame of the data of a fit.

        Args:
            logits: (n, k).
            labels: (n,); one that lies deeper than `REACH` temperatures extends the reach.
            temperature: that fits them.
            centred: whether all classes have a centre, or those alone that are impossible in every row.
        """
        largest = logits.max(axis=1).astype(float)
        own = logits[np.arange(len(labels)), labels].astype(float)
        reach = max(REACH * temperature, float((largest - own).max()))
        gone = np.ones(logits.shape[1], bool)
        for rows in row_blocks(*logits.shape):
            gone &= (logits[rows] < (largest[rows] - reach)[:, None]).all(axis=0)
        few = slice(None, None, -(-len(logits) // _ROWS))
        some = logits[few].astype(float)
        masked = (some < (largest[few] - reach)[:, None]) & ~gone
        some[:, ~gone & masked.all(axis=0)] = np.median(largest)  # a class that these rows do not have
        centre = np.median(some, axis=0)
        for column in np.flatnonzero(masked.any(axis=0) & ~masked.all(axis=0)):
            centre[column] = np.median(some[~masked[:, column], column])
        return cls(reach, gone, centre if centred else np.where(gone, centre, 0.0))

    @property
    def shift(self) -> np.ndarray:
        """(k,) the bias with which W = I gives the softmax of the logits; impossible classes need none."""
        return np.where(self.gone, 0.0, self.centre - self.centre[~self.gone].mean())

    def inputs(self, logits: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """(n, k) float64 inputs, and where a class is impossible (n, k), None for nowhere."""
        z = logits.astype(float)
        gone = z - z.max(axis=1, keepdims=True) < -self.reach
        gone |= self.gone
        x = z - self.centre
        if not gone.any():
            x -= x.max(axis=1, keepdims=True)
            x -= x.mean(axis=1, keepdims=True)
            return x, None
        masked = gone & (~self.gone | (np.abs(x) > self.reach))  # or a constant class that is not itself
        x[masked] = 0
        x -= x.max(axis=1, keepdims=True)
        x -= x.sum(axis=1, keepdims=True, where=~masked) / (~masked).sum(axis=1, keepdims=True)
        x[masked] = 0
        return x, gone

    def revived(self, logits: np.ndarray) -> np.ndarray:
        """(k,) classes that were impossible in the fit and are not in these rows."""
        if not self.gone.any():
            return self.gone
        return self.gone & (logits >= logits.max(axis=1, keepdims=True).astype(float) - self.reach).any(axis=0)
