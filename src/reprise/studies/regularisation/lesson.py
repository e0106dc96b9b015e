"""Penalties on the weights, what they do to a minimum, and scaling of features (claims 155-158, S3)."""

from __future__ import annotations

import numpy as np
from scipy import optimize, special

Array = np.ndarray


def ridge_minimiser(target: float, strength: float) -> float:
    """argmin (θ - t)² + λθ² = t / (1 + λ): always smaller, never 0."""
    _not_negative("strength", strength)
    return target / (1 + strength)


def lasso_minimiser(target: float, strength: float) -> float:
    """argmin (θ - t)² + λ|θ| = sign(t) max(0, |t| - λ/2): exactly 0 from λ = 2|t| on (soft thresholding)."""
    _not_negative("strength", strength)
    return float(np.sign(target) * max(0.0, abs(target) - strength / 2))


def penalised(theta: Array, target: float, strength: float, p: float) -> Array:
    """(θ - t)² + λ|θ|^p: the data's cost of one coordinate with its penalty."""
    return (np.asarray(theta) - target) ** 2 + strength * np.abs(theta) ** p


def penalised_as_written(theta: Array, target: float, strength: float, p: float) -> Array:
    """S3: (θ - t)² + λθ^p, without absolute value: for odd p > 2 it falls without bound as θ -> -∞."""
    return (np.asarray(theta) - target) ** 2 + strength * np.asarray(theta) ** p


def lp_minimiser(target: float, strength: float, p: float) -> float:
    """argmin (θ - t)² + λ|θ|^p for any p > 0, the global one.

    The minimiser lies between 0 and t. For p < 1 the cost has two valleys, one of them at 0 itself, so a grid comes
    first, then a bracketing search around its best point, and 0 is compared last.

    Raises:
        ValueError: p ≤ 0 or a negative strength.
    """
    _not_negative("strength", strength)
    if not p > 0:
        raise ValueError(f"p must be positive, found {p}")
    size = abs(target)
    if size == 0:
        return 0.0
    grid = np.linspace(0, size, 1001)
    best = int(penalised(grid, size, strength, p).argmin())
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, 1000)]
    found = float(
        optimize.minimize_scalar(
            penalised, bounds=(low, high), args=(size, strength, p), method="bounded", options={"xatol": 1e-12}
        ).x
    )
    return float(np.sign(target)) * min((0.0, found, size), key=lambda theta: penalised(theta, size, strength, p))


def elastic_net(
    X: Array, y: Array, alpha: float, l1_ratio: float, tolerance: float = 1e-12, sweeps: int = 100_000
) -> Array:
    """Weights (k,) of least ‖y - Xw‖² / 2n + α ρ ‖w‖₁ + α (1-ρ) ‖w‖² / 2, by coordinate descent.

    One weight at a time, with the others held, the cost is the one-dimensional problem above: soft thresholding by the
    L1 part, shrinking by the L2 part (Friedman, Hastie and Tibshirani 2010). ρ = 1 is the lasso, ρ = 0 is ridge.

    Args:
        X: (n, k), no intercept column; centre the data for an intercept.
        y: (n,).
        alpha: strength ≥ 0.
        l1_ratio: ρ in [0, 1].
        tolerance: stop when no weight moved more in a sweep.
        sweeps: at most so many.

    Raises:
        ValueError: shapes that do not fit, settings out of range, or no convergence.
    """
    X, y = np.asarray(X, dtype=float), np.asarray(y, dtype=float)
    if X.ndim != 2 or y.shape != X.shape[:1] or not X.size:
        raise ValueError(f"X {X.shape} and y {y.shape} do not fit: expected (n, k) and (n,)")
    _not_negative("alpha", alpha)
    if not 0 <= l1_ratio <= 1:
        raise ValueError(f"l1_ratio must lie in [0, 1], found {l1_ratio}")
    n, k = X.shape
    gram, moment = X.T @ X / n, X.T @ y / n
    w = np.zeros(k)
    for _ in range(sweeps):
        largest = 0.0
        for j in range(k):
            if gram[j, j] == 0:
                continue  # a column of zeros explains nothing and keeps weight 0
            pull = moment[j] - gram[j] @ w + gram[j, j] * w[j]
            new = np.sign(pull) * max(0.0, abs(pull) - alpha * l1_ratio) / (gram[j, j] + alpha * (1 - l1_ratio))
            largest, w[j] = max(largest, abs(new - w[j])), new
        if largest <= tolerance:
            return w
    raise ValueError(f"elastic_net: weights still moved by {largest:.1e} after {sweeps} sweeps; raise alpha or sweeps")


def ridge_polynomial(x: Array, y: Array, degree: int, strengths: Array) -> Array:
    """Legendre coefficients (strengths, degree + 1) of least mean squared error + λ ‖c‖², for x in [-1, 1]."""
    X = np.polynomial.legendre.legvander(x, degree)
    gram, moment = X.T @ X / len(x), X.T @ y / len(x)
    return np.array([np.linalg.solve(gram + s * np.eye(degree + 1), moment) for s in strengths])


def descend_quadratic(hessian: Array, start: Array, learning_rate: float, tolerance: float, limit: int) -> Array:
    """Path (steps + 1, k) of gradient descent on θᵀHθ/2 from ``start`` until ‖θ‖ ≤ tolerance ‖start‖."""
    path = [np.array(start, dtype=float)]
    goal = tolerance * np.linalg.norm(start)
    while np.linalg.norm(path[-1]) > goal and len(path) <= limit:
        path.append(path[-1] - learning_rate * hessian @ path[-1])
    return np.array(path)


def best_rate(hessian: Array) -> tuple[float, float]:
    """(2 / (L + μ), κ): the best fixed learning rate for a quadratic and its condition number L/μ.

    With it, every step keeps at most (κ - 1)/(κ + 1) of the distance, so steps grow in proportion to κ.
    """
    eigenvalues = np.linalg.eigvalsh(hessian)
    if eigenvalues[0] <= 0:
        raise ValueError(f"the Hessian is not positive definite: smallest eigenvalue {eigenvalues[0]:.3g}")
    return float(2 / (eigenvalues[0] + eigenvalues[-1])), float(eigenvalues[-1] / eigenvalues[0])


def z_score(x: Array) -> Array:
    """(x - mean) / standard deviation, column by column: mean 0, variance 1, no bounds."""
    x, spread = _columns(x, np.std)
    return (x - x.mean(axis=0)) / spread


def min_max(x: Array) -> Array:
    """(x - min) / (max - min), column by column: in [0, 1]."""
    x, spread = _columns(x, np.ptp)
    return (x - x.min(axis=0)) / spread


def logistic(x: Array) -> Array:
    """1 / (1 + e^-x): in (0, 1)."""
    return special.expit(np.asarray(x, dtype=float))


def log_normal(x: Array, mean: float, deviation: float) -> Array:
    """The distribution function of the log-normal law, Φ((ln x - μ) / σ): in [0, 1), for x ≥ 0.

    S3's integral in closed form: with u = (ln t - μ)/σ it is the integral of the normal density.
    """
    x = np.asarray(x, dtype=float)
    if not deviation > 0:
        raise ValueError(f"deviation must be positive, found {deviation}")
    if (x < 0).any():
        raise ValueError(f"log-normal values are not negative, found {x.min():g}")
    with np.errstate(divide="ignore"):
        return special.ndtr((np.log(x) - mean) / deviation)


def sigmoid_slope(x: Array) -> Array:
    """σ(x) σ(-x), the slope of 1 / (1 + e^-x): at most 1/4, at 0. Written in e^-|x|, which cannot overflow."""
    small = np.exp(-np.abs(x))
    return 1 / (1 + small) * (small / (1 + small))


def _columns(x: Array, measure: object) -> tuple[Array, Array]:
    x = np.asarray(x, dtype=float)
    if not x.size or not np.isfinite(x).all():
        raise ValueError(f"expected finite numbers, found shape {x.shape} with {int((~np.isfinite(x)).sum())} others")
    spread = measure(x, axis=0)
    if np.any(spread == 0):
        raise ValueError("a column is constant: it has no scale; drop it")
    return x, spread


def _not_negative(name: str, value: float) -> None:
    if not value >= 0:
        raise ValueError(f"{name} must not be negative, found {value}")
