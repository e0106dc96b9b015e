"""Activations with their slopes, losses with their minimisers, and exact line fits (claims 143-151, S3).

Every function works elementwise on arrays and is written so that it neither overflows nor loses digits. Where the
source's formula does one or the other when typed in as it stands, a function named ``*_as_written`` shows it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Array = np.ndarray
Loss = Callable[[Array, Array], Array]  # truth, prediction -> one loss an example
GRID = np.linspace(-6, 6, 401)  # where curves are drawn and compared
MARGIN = 0.5  # ε of the hinge loss in the examples; the source leaves it open
MARGINS = (0.05, 0.1, 0.2, MARGIN, 1.0)  # from a sixth of the examples' noise to three times as much


def sigmoid(x: Array) -> Array:
    """1 / (1 + e^-x), in (0, 1). Uses e^-|x|, which cannot overflow."""
    small = np.exp(-np.abs(x))
    return np.where(np.asarray(x) >= 0, 1.0, small) / (1.0 + small)


def sigmoid_slope(x: Array) -> Array:
    """σ(x) σ(-x): at most 1/4, at 0. The usual σ(1 - σ) cancels for large x; this does not."""
    return sigmoid(x) * sigmoid(-np.asarray(x))


def tanh_as_written(x: Array) -> Array:
    """S3: 2 / (1 + e^-2x) - 1. True on paper; near 0 it subtracts two numbers near 1 and loses the small one."""
    with np.errstate(over="ignore"):
        return 2 / (1 + np.exp(-2 * np.asarray(x, dtype=float))) - 1


def tanh_slope(x: Array) -> Array:
    """1 - tanh² x = 4 e^-2|x| / (1 + e^-2|x|)²: at most 1, at 0."""
    small = np.exp(-2 * np.abs(x))
    return 4 * small / (1 + small) ** 2


def relu(x: Array) -> Array:
    """max(0, x)."""
    return np.maximum(0.0, x)


def relu_slope(x: Array) -> Array:
    """1 where x > 0, else 0 (at 0 itself any value from 0 to 1 is a subgradient; frameworks take 0)."""
    return (np.asarray(x) > 0).astype(float)


def leaky_relu(x: Array, slope: float = 0.01) -> Array:
    """x where x > 0, else ``slope`` times x. With a learned slope: PReLU (He et al. 2015), for any slope."""
    return np.where(np.asarray(x) > 0, x, slope * np.asarray(x))


def leaky_relu_slope(x: Array, slope: float = 0.01) -> Array:
    """1 where x > 0, else ``slope``."""
    return np.where(np.asarray(x) > 0, 1.0, slope)


def prelu_as_written(x: Array, slope: float) -> Array:
    """S3: max(slope x, x). The same as ``leaky_relu`` while slope ≤ 1; a learned slope may exceed 1."""
    return np.maximum(slope * np.asarray(x), x)


def elu(x: Array, alpha: float = 1.0) -> Array:
    """x where x > 0, else alpha (e^x - 1), which levels off at -alpha."""
    return np.where(np.asarray(x) > 0, x, alpha * np.expm1(np.minimum(x, 0.0)))


def elu_slope(x: Array, alpha: float = 1.0) -> Array:
    """1 where x > 0, else alpha e^x."""
    return np.where(np.asarray(x) > 0, 1.0, alpha * np.exp(np.minimum(x, 0.0)))


@dataclass(frozen=True)
class Activation:
    """A curve, its slope and the formula in sympy's words (an independent oracle)."""

    name: str
    curve: Callable[[Array], Array]
    slope: Callable[[Array], Array]
    formula: str


ACTIVATIONS = (
    Activation("sigmoid", sigmoid, sigmoid_slope, "1 / (1 + exp(-x))"),
    Activation("tanh", np.tanh, tanh_slope, "2 / (1 + exp(-2*x)) - 1"),
    Activation("ReLU", relu, relu_slope, "Piecewise((x, x > 0), (0, True))"),
    Activation("leaky ReLU", leaky_relu, leaky_relu_slope, "Piecewise((x, x > 0), (x / 100, True))"),
    Activation(
        "PReLU, α = ¼",
        lambda x: leaky_relu(x, 0.25),
        lambda x: leaky_relu_slope(x, 0.25),
        "Piecewise((x, x > 0), (x / 4, True))",
    ),
    Activation("ELU, α = 1", elu, elu_slope, "Piecewise((x, x > 0), (exp(x) - 1, True))"),
)


def cost(loss: Loss, truth: Array, predicted: Array) -> float:
    """J: the mean of a loss over the examples (axis 0).

    Raises:
        ValueError: no examples, or arrays of different shapes.
    """
    truth, predicted = np.asarray(truth, dtype=float), np.asarray(predicted, dtype=float)
    if truth.shape != predicted.shape or truth.size == 0:
        raise ValueError(f"truth {truth.shape} and predicted {predicted.shape} must have one shape and not be empty")
    return float(np.mean(loss(truth, predicted)))


def absolute(truth: Array, predicted: Array) -> Array:
    """L1 loss |y - ŷ|: J is least at the median."""
    return np.abs(np.subtract(truth, predicted))


def squared(truth: Array, predicted: Array) -> Array:
    """L2 loss (y - ŷ)²: J is least at the mean."""
    return np.subtract(truth, predicted) ** 2


def epsilon_hinge(truth: Array, predicted: Array, margin: float = 1.0) -> Array:
    """max(0, |y - ŷ| - m): the ε-insensitive loss of support vector regression; at m = 0 the L1 loss."""
    if margin < 0:
        raise ValueError(f"margin must not be negative, found {margin}")
    return np.maximum(0.0, absolute(truth, predicted) - margin)


def binary_cross_entropy(truth: Array, logits: Array) -> Array:
    """-y log σ(z) - (1-y) log(1 - σ(z)) from the logit z: log(1 + e^z) - yz, finite for every finite z."""
    return np.logaddexp(0.0, logits) - np.multiply(truth, logits)


def binary_cross_entropy_as_written(truth: Array, probability: Array) -> Array:
    """S3's formula on ŷ itself: at ŷ = 0 or 1 it meets log 0 (infinity), or 0 · log 0 (not a number)."""
    truth, probability = np.asarray(truth, dtype=float), np.asarray(probability, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return -truth * np.log(probability) - (1 - truth) * np.log(1 - probability)


def log_softmax(logits: Array) -> Array:
    """Log probabilities over the last axis; the largest logit is subtracted first, so nothing overflows."""
    shifted = np.asarray(logits, dtype=float) - np.max(logits, axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def cross_entropy(truth: Array, logits: Array) -> Array:
    """-Σ_c y_c log softmax(z)_c: (n, k) targets (one-hot or soft) and logits -> (n,)."""
    return -(np.asarray(truth) * log_softmax(logits)).sum(axis=-1)


def cross_entropy_as_written(truth: Array, probability: Array) -> Array:
    """S3's formula on ŷ itself, (n, k) each -> (n,): at ŷ = 0 it meets log 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return -(np.asarray(truth) * np.log(np.asarray(probability, dtype=float))).sum(axis=-1)


def multilabel(truth: Array, logits: Array) -> Array:
    """Several labels for one example: the sum of a binary cross-entropy for each, (n, k) -> (n,)."""
    return binary_cross_entropy(truth, logits).sum(axis=-1)


def multiclass_hinge(label: Array, scores: Array, margin: float = 1.0) -> Array:
    """Σ over the wrong classes of max(0, s_c - s_label + m) (Weston and Watkins 1999).

    Args:
        label: (n,) whole numbers from 0.
        scores: (n, k).
        margin: how far the right score must lead.

    Returns:
        (n,) losses.
    """
    scores, label = np.atleast_2d(scores).astype(float), np.atleast_1d(label)
    if label.shape != scores.shape[:1] or label.min() < 0 or label.max() >= scores.shape[1]:
        raise ValueError(f"label {label.shape}, {label.min()} to {label.max()}, does not fit scores {scores.shape}")
    right = np.take_along_axis(scores, label[:, None], axis=1)
    terms = np.maximum(0.0, scores - right + margin)
    np.put_along_axis(terms, label[:, None], 0.0, axis=1)
    return terms.sum(axis=1)


def least_squares_line(x: Array, y: Array) -> tuple[float, float]:
    """(slope, intercept) of least squared loss."""
    slope = float(np.cov(x, y, bias=True)[0, 1] / np.var(x))
    return slope, float(np.mean(y) - slope * np.mean(x))


def robust_line(x: Array, y: Array, margin: float = 0.0) -> tuple[float, float]:
    """(slope, intercept) of least ε-hinge loss; with margin 0 of least L1 loss. Exact.

    J is a convex, piecewise linear function of the two parameters, so some minimiser is a corner, where two points have
    residuals of exactly ± margin. All such lines are tried: 4 n(n-1)/2 of them, vectorised.

    Args:
        x: (n,) at least two different values.
        y: (n,).
        margin: ε ≥ 0.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if x.shape != y.shape or x.ndim != 1 or len(np.unique(x)) < 2:
        raise ValueError(f"expected x and y of one length with two different x, found {x.shape} and {y.shape}")
    first, second = np.triu_indices(len(x), 1)
    apart = x[first] != x[second]
    first, second = first[apart], second[apart]
    best = (np.inf, 0.0, 0.0)
    for a, b in {(s * margin, t * margin) for s in (-1, 1) for t in (-1, 1)}:
        slopes = (y[second] + b - y[first] - a) / (x[second] - x[first])
        intercepts = y[first] + a - slopes * x[first]
        costs = epsilon_hinge(y, slopes[:, None] * x + intercepts[:, None], margin).sum(axis=1)
        i = int(costs.argmin())
        best = min(best, (float(costs[i]), float(slopes[i]), float(intercepts[i])))
    return best[1], best[2]


def descend_by_example(
    inputs: Array, targets: Array, start: Array, learning_rate: float, tolerance: float, goal: Array
) -> Array:
    """Weights (steps + 1, k) of a linear unit trained on one example after another, until within tolerance of goal.

    Each step is ``learning_rate * error * a`` (the delta rule); with all a > 0 every weight moves the same way.
    """
    weights = [np.array(start, dtype=float)]
    for a, y in zip(inputs, targets, strict=True):
        now = weights[-1]
        if np.linalg.norm(now - goal) <= tolerance or np.abs(now).max() > 1e6:
            break
        weights.append(now - learning_rate * (now @ a - y) * a)
    return np.array(weights)


def detour(path: np.ndarray) -> float:
    """Length of a path over the distance between its ends."""
    return float(np.linalg.norm(np.diff(path, axis=0), axis=1).sum() / np.linalg.norm(path[-1] - path[0]))


def train_units(
    inputs: Array, targets: Array, weights: Array, slope: float, learning_rate: float, steps: int
) -> tuple[Array, Array]:
    """Full-batch descent of single units ŷ = leaky_relu(w·a) on squared loss; slope 0 is ReLU.

    Args:
        inputs: (n, k), shared by all units.
        targets: (n, units).
        weights: (units, k) at the start.
        slope: of the negative side.
        learning_rate: > 0.
        steps: how many.

    Returns:
        Final weights (units, k) and each unit's mean loss before every step and at the end, (steps + 1, units).
    """
    w, losses = np.array(weights, dtype=float), []
    for _ in range(steps):
        z = inputs @ w.T
        error = leaky_relu(z, slope) - targets
        losses.append((error**2).mean(axis=0))
        w = w - learning_rate * (2 * error * leaky_relu_slope(z, slope)).T @ inputs / len(inputs)
    losses.append(((leaky_relu(inputs @ w.T, slope) - targets) ** 2).mean(axis=0))
    return w, np.array(losses)
