"""Vector and matrix scaling: softmax(W z + b), W diagonal or full (claim 40; Guo et al., section 4.2).

The NLL is convex in (W, b). Up to 300 numbers, a damped Newton iteration with the exact Hessian finds the minimum in a
few steps; beyond that L-BFGS with the analytic gradient. Both begin at the temperature's optimum, so the NLL of the
held-out data is never above temperature scaling's.

There is no penalty, as in the paper. Where the held-out data can be separated by an affine map (always so with fewer
examples than classes, often with a hundred classes), the NLL has no minimum: the iteration stops where the gradient is
below the tolerance, very sure of itself, and matrix scaling overfits as it does in the paper. ``ridge`` prevents that.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from reprise.calibration.base import Calibrator, softmax
from reprise.calibration.temperature import TemperatureScaling

_NEWTON_SIZE = 300  # numbers up to which a dense Hessian is cheaper than L-BFGS's extra steps
_CHUNK = 8192  # rows whose probabilities are held at once


class _AffineScaling(Calibrator):
    """Shared fit: subclasses say how (weights, bias) become W z + b and how gradients come back."""

    def __init__(self, ridge: float = 0.0, tolerance: float = 1e-7, max_iterations: int = 500):
        """Settings.

        Args:
            ridge: weight of (|W - I|^2 + |b|^2) / 2 beside the mean NLL; 0 is the paper's method.
            tolerance: the fit ends when no component of the gradient of the mean NLL is larger (logits scaled to 1).
            max_iterations: the fit ends, with ``converged`` False, after this many.
        """
        if not ridge >= 0 or not tolerance > 0 or max_iterations < 1:
            raise ValueError(f"ridge={ridge}, tolerance={tolerance}, max_iterations={max_iterations}: out of range")
        self.ridge, self.tolerance, self.max_iterations = ridge, tolerance, max_iterations

    def _fit(self, logits: np.ndarray, labels: np.ndarray) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # no temperature optimum: any start will do
            scale = 1 / TemperatureScaling().fit(logits, labels).temperature
        centred = logits - logits.mean(axis=1, keepdims=True)  # softmax does not see a row's mean; W z would
        size = float(np.abs(centred).max()) or 1.0
        problem = _Problem(centred / logits.dtype.type(size), labels, self._full, self.ridge, size)
        start = problem.identity * scale * size
        solve = _newton if len(start) <= _NEWTON_SIZE else _lbfgs
        # hundreds of small products: threads wait for each other, and their number would change the last digits
        with threadpool_limits(limits=1, user_api="blas"):
            solution, self.converged = solve(problem, start, self.tolerance, self.max_iterations)
        self.weights, self.bias = problem.unpack(solution)
        self.weights = self.weights / size

    def _transform(self, logits: np.ndarray) -> np.ndarray:
        centred = logits - logits.mean(axis=1, keepdims=True)
        weights, bias = self.weights.astype(logits.dtype), self.bias.astype(logits.dtype)
        return softmax((centred @ weights.T if self._full else centred * weights) + bias)

    _full: bool


class VectorScaling(_AffineScaling):
    """softmax(w * z + b): a weight and a bias for each class. May change predictions.

    The logits are centred in each row first (the softmax does not see a row's mean, w * z would).

    Attributes:
        weights: (k,) after `fit`.
        bias: (k,) sums to 0.
        converged: whether the gradient fell below the tolerance.
    """

    _full = False


class MatrixScaling(_AffineScaling):
    """softmax(W z + b): a full matrix, k * k + k numbers. Overfits where classes are many (claim 40).

    Attributes:
        weights: (k, k) after `fit`.
        bias: (k,) sums to 0.
        converged: whether the gradient fell below the tolerance.
    """

    _full = True


class _Problem:
    """Mean NLL of softmax(W z + b) with ridge; the parameters are W (flat, scaled by ``size``) and b in one vector."""

    def __init__(self, logits: np.ndarray, labels: np.ndarray, full: bool, ridge: float, size: float):
        self.logits, self.labels, self.full = logits, labels, full
        self.n, self.k = logits.shape
        self.identity = np.append((np.eye(self.k) if full else np.ones(self.k)).ravel(), np.zeros(self.k))
        self.penalty = np.where(np.arange(len(self.identity)) < len(self.identity) - self.k, ridge / size**2, ridge)
        self.centre = self.identity * size

    def unpack(self, parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        weights, bias = parameters[: -self.k], parameters[-self.k :]
        return (weights.reshape(self.k, self.k) if self.full else weights), bias - bias.mean()

    def value_and_gradient(self, parameters: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient, _ = self._evaluate(parameters, hessian=False)
        return value, gradient

    def derivatives(self, parameters: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        value, gradient, hessian = self._evaluate(parameters, hessian=True)
        return value, gradient, hessian

    def _evaluate(self, parameters: np.ndarray, hessian: bool) -> tuple[float, np.ndarray, np.ndarray]:
        weights, bias = self.unpack(parameters)
        value, gradient = 0.0, np.zeros(len(parameters))
        curvature = np.zeros((len(parameters),) * 2) if hessian else np.zeros(0)
        for start in range(0, self.n, _CHUNK):
            z, y = self.logits[start : start + _CHUNK].astype(float), self.labels[start : start + _CHUNK]
            p = (z @ weights.T if self.full else z * weights) + bias
            p -= p.max(axis=1, keepdims=True)
            own = (np.arange(len(y)), y)
            value -= float(p[own].sum())
            np.exp(p, out=p)
            total = p.sum(axis=1, keepdims=True)
            value += float(np.log(total).sum())
            p /= total
            if hessian:
                curvature += self._curvature(z, p)
            p[own] -= 1
            first = (p.T @ z if self.full else np.einsum("ij,ij->j", p, z)).ravel()
            gradient += np.concatenate([first, p.sum(axis=0)])
        away = parameters - self.centre
        value = value / self.n + 0.5 * float(away @ (self.penalty * away))
        if hessian:
            curvature = curvature / self.n + np.diag(self.penalty)
        return value, gradient / self.n + self.penalty * away, curvature

    def _curvature(self, z: np.ndarray, p: np.ndarray) -> np.ndarray:
        """Sum over rows of J^T (diag(p) - p p^T) J for the Jacobian J of W z + b."""
        n, k = z.shape
        if not self.full:
            scaled = np.concatenate([p * z, p], axis=1)
            blocks = [(p * z * z).sum(axis=0), (p * z).sum(axis=0), p.sum(axis=0)]
            diagonal = np.block([[np.diag(blocks[0]), np.diag(blocks[1])], [np.diag(blocks[1]), np.diag(blocks[2])]])
            return diagonal - scaled.T @ scaled
        extended = np.concatenate([z, np.ones((n, 1))], axis=1)  # bias as a last input: rows (class, input)
        outer = (p[:, :, None] * extended[:, None, :]).reshape(n, -1)
        result = -(outer.T @ outer)
        m = k + 1
        for c in range(k):
            result[c * m : (c + 1) * m, c * m : (c + 1) * m] += (extended * p[:, c : c + 1]).T @ extended
        order = np.arange(k * m).reshape(k, m)
        order = np.append(order[:, :k].ravel(), order[:, k])
        return result[np.ix_(order, order)]


def _newton(problem: _Problem, start: np.ndarray, tolerance: float, iterations: int) -> tuple[np.ndarray, bool]:
    """Levenberg's damping: grows when a step does not lower the value, shrinks to nothing near the optimum."""
    x, damping = start, 1e-6
    value, gradient, hessian = problem.derivatives(x)
    for _ in range(iterations):
        if np.abs(gradient).max() <= tolerance:
            return x, True
        lifted = hessian + damping * (np.trace(hessian) / len(x) + 1e-12) * np.eye(len(x))
        step = np.linalg.solve(lifted, -gradient)
        new_value, new_gradient, new_hessian = problem.derivatives(x + step)
        if new_value <= value:
            x, value, gradient, hessian = x + step, new_value, new_gradient, new_hessian
            damping = max(damping / 10, 1e-12)
        else:
            damping *= 10
            if damping > 1e12:  # rounding hides any further descent
                return x, bool(np.abs(gradient).max() <= 100 * tolerance)
    return x, bool(np.abs(gradient).max() <= tolerance)


def _lbfgs(problem: _Problem, start: np.ndarray, tolerance: float, iterations: int) -> tuple[np.ndarray, bool]:
    function: Callable[[np.ndarray], tuple[float, np.ndarray]] = problem.value_and_gradient
    options = {"maxiter": iterations, "maxfun": 2 * iterations, "gtol": tolerance, "ftol": 0.0, "maxcor": 20}
    result = minimize(function, start, jac=True, method="L-BFGS-B", options=options)
    return result.x, bool(np.abs(result.jac).max() <= 10 * tolerance)
