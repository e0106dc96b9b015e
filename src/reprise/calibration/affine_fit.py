"""The minimum of an affine scaling's NLL: Newton with the exact Hessian for few numbers, L-BFGS for many.

Both work in coordinates in which the Hessian's diagonal is 1, so that neither the logits' scale nor a class whose
logits lie far out decides where they stop. "Converged" is said in nats, of the NLL itself.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize

NEWTON_SIZE = 300  # numbers up to which a dense Hessian is cheaper than L-BFGS's extra steps
_CHUNK = 8192  # rows whose probabilities are held at once
_SMALL_DAMPING = 1e-6  # of the Hessian's diagonal: with more, a step says nothing about the distance to the minimum


class Problem:
    """Mean NLL of softmax(W x + b) with ridge; the parameters are W (flat) and b in one vector."""

    def __init__(
        self,
        inputs: np.ndarray,
        labels: np.ndarray,
        full: bool,
        ridge: float,
        centre: np.ndarray,
        impossible: np.ndarray,
    ):
        """Takes the data.

        Args:
            inputs: (n, k) x in double precision: in single precision, rows that sum to 0 but for rounding would be one
                more direction to fit.
            labels: (n,) class indices, none of them impossible.
            full: whether W is a matrix, or a vector.
            ridge: weight of the squared distance to W = I, b = centre, halved.
            centre: (k,) the b with which W = I gives the softmax of the logits.
            impossible: (n, k) booleans, probabilities of exactly 0; (0, 0) where there are none.
        """
        self.inputs, self.labels, self.full, self.ridge, self.impossible = inputs, labels, full, ridge, impossible
        self.n, self.k = inputs.shape
        self.identity = np.append((np.eye(self.k) if full else np.ones(self.k)).ravel(), centre)

    def unpack(self, parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """W and b, which sums to 0."""
        weights, bias = parameters[: -self.k], parameters[-self.k :]
        return (weights.reshape(self.k, self.k) if self.full else weights), bias - bias.mean()

    def value_and_gradient(self, parameters: np.ndarray) -> tuple[float, np.ndarray]:
        """The NLL and its gradient."""
        value, gradient, _ = self._evaluate(parameters, None)
        return value, gradient

    def derivatives(self, parameters: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """The NLL, its gradient and its Hessian."""
        value, gradient, hessian = self._evaluate(parameters, "full")
        hessian[np.diag_indices(len(hessian))] += self.ridge
        return value, gradient, hessian

    def diagonal(self, parameters: np.ndarray) -> np.ndarray:
        """The Hessian's diagonal."""
        return self._evaluate(parameters, "diagonal")[2] + self.ridge

    def _evaluate(self, parameters: np.ndarray, second: str | None) -> tuple[float, np.ndarray, np.ndarray]:
        weights, bias = self.unpack(parameters)
        size = len(parameters)
        value, gradient = 0.0, np.zeros(size)
        curvature = np.zeros((size, size) if second == "full" else size)
        for start in range(0, self.n, _CHUNK):
            rows = slice(start, start + _CHUNK)
            x, y = self.inputs[rows], self.labels[rows]
            p = (x @ weights.T if self.full else x * weights) + bias
            if len(self.impossible):
                p[self.impossible[rows]] = -np.inf
            p -= p.max(axis=1, keepdims=True)
            own = (np.arange(len(y)), y)
            value -= float(p[own].sum())
            np.exp(p, out=p)
            total = p.sum(axis=1, keepdims=True)
            value += float(np.log(total).sum())
            p /= total
            if second == "full":
                curvature += self._curvature(x, p)
            elif second == "diagonal":
                q = p * (1 - p)
                first = (q.T @ (x * x) if self.full else np.einsum("ij,ij->j", q, x * x)).ravel()
                curvature += np.concatenate([first, q.sum(axis=0)])
            p[own] -= 1
            first = (p.T @ x if self.full else np.einsum("ij,ij->j", p, x)).ravel()
            gradient += np.concatenate([first, p.sum(axis=0)])
        away = parameters - self.identity
        value = value / self.n + 0.5 * self.ridge * float(away @ away)
        return value, gradient / self.n + self.ridge * away, curvature / self.n

    def _curvature(self, x: np.ndarray, p: np.ndarray) -> np.ndarray:
        """Sum over rows of J^T (diag(p) - p p^T) J for the Jacobian J of W x + b."""
        n, k = x.shape
        if not self.full:
            scaled = np.concatenate([p * x, p], axis=1)
            blocks = [(p * x * x).sum(axis=0), (p * x).sum(axis=0), p.sum(axis=0)]
            diagonal = np.block([[np.diag(blocks[0]), np.diag(blocks[1])], [np.diag(blocks[1]), np.diag(blocks[2])]])
            return diagonal - scaled.T @ scaled
        extended = np.concatenate([x, np.ones((n, 1))], axis=1)  # bias as a last input: rows (class, input)
        outer = (p[:, :, None] * extended[:, None, :]).reshape(n, -1)
        result = -(outer.T @ outer)
        m = k + 1
        for c in range(k):
            result[c * m : (c + 1) * m, c * m : (c + 1) * m] += (extended * p[:, c : c + 1]).T @ extended
        order = np.arange(k * m).reshape(k, m)
        order = np.append(order[:, :k].ravel(), order[:, k])
        return result[np.ix_(order, order)]


def minimise(problem: Problem, start: np.ndarray, tolerance: float, iterations: int) -> tuple[np.ndarray, bool]:
    """The parameters of the lowest NLL, never above that at ``start``, and whether they are within ``tolerance``."""
    solve = _newton if len(start) <= NEWTON_SIZE else _lbfgs
    return solve(problem, start, tolerance, iterations)


def _newton(problem: Problem, start: np.ndarray, tolerance: float, iterations: int) -> tuple[np.ndarray, bool]:
    """Levenberg's damping: grows when a step does not lower the value, shrinks to nothing near the optimum."""
    x, damping = start, _SMALL_DAMPING
    value, gradient, hessian = problem.derivatives(x)
    for _ in range(iterations):
        scale = _root(np.diag(hessian))
        lifted = hessian / scale / scale[:, None] + damping * np.eye(len(x))
        try:
            step = np.linalg.solve(lifted, -gradient / scale) / scale
        except np.linalg.LinAlgError:  # two classes with the same logits, and too little damping for the rounding
            damping *= 10
            continue
        promised = -0.5 * float(gradient @ step)
        new_value, new_gradient, new_hessian = problem.derivatives(x + step)
        near = damping <= _SMALL_DAMPING and abs(promised) <= tolerance and abs(new_value - value) <= tolerance
        if new_value <= value:
            x, value, gradient, hessian = x + step, new_value, new_gradient, new_hessian
            damping = max(damping / 10, 1e-12)
        else:
            damping *= 10
        if near or value <= tolerance:  # a mean NLL is at least 0
            return x, True
        if damping > 1e12:  # rounding hides any further descent
            break
    return x, False


def _lbfgs(problem: Problem, start: np.ndarray, tolerance: float, iterations: int) -> tuple[np.ndarray, bool]:
    scale = _root(problem.diagonal(start))

    def scaled(x: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = problem.value_and_gradient(x / scale)
        return value, gradient / scale

    # half the squared gradient is the distance to the minimum where the scaled Hessian is the identity
    small = float(np.sqrt(2 * tolerance / len(start)))
    options = {"maxiter": iterations, "maxfun": 2 * iterations, "gtol": small, "ftol": 0.0, "maxcor": 20}
    result = minimize(scaled, start * scale, jac=True, method="L-BFGS-B", options=options)
    if not result.fun <= problem.value_and_gradient(start)[0]:  # NaN too
        return start, False
    converged = np.abs(result.jac).max() <= small or result.fun <= tolerance
    return result.x / scale, bool(converged)


def _root(diagonal: np.ndarray) -> np.ndarray:
    """Scales of the parameters: 1 where the NLL does not feel one."""
    return np.sqrt(np.where(diagonal > 1e-200, diagonal, 1.0))
