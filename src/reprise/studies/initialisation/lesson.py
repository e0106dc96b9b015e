"""How large the first weights should be, what optimizers assume, and where random landscapes have minima.

Claims 159-161, 163 and 164 (S3). A deep network multiplies: whatever one layer does to the size of a signal, twenty
layers do twenty times over. S3 derives Var(Wx) = n Var(W) Var(x) and concludes W ~ N(0, 1/√n) (a deviation), "suppose
that g is ReLU"; the derivation then forgets g. ReLU discards half of the second moment, so ReLU layers need a variance
of 2/n (He et al. 2015).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Layer:
    """An activation by name, with its slope written in terms of the activation's output."""

    curve: Callable[[Array], Array]
    slope_from_output: Callable[[Array], Array]


LAYERS = {
    "linear": Layer(lambda z: z, np.ones_like),
    "tanh": Layer(np.tanh, lambda h: 1 - h * h),
    "ReLU": Layer(lambda z: np.maximum(0.0, z), lambda h: (h > 0).astype(h.dtype)),
}


def xavier_deviation(inputs: int) -> float:
    """1/√n: keeps Var(Wx) = Var(x) for inputs of mean 0 (Glorot and Bengio 2010 average n over both sides)."""
    return float(inputs**-0.5)


def he_deviation(inputs: int) -> float:
    """√(2/n): keeps the second moment through a ReLU layer (He et al. 2015)."""
    return float((2 / inputs) ** 0.5)


@dataclass(frozen=True)
class Signal:
    """What came through a deep network, layer by layer.

    Attributes:
        moments: (depth,) mean square of the pre-activations z.
        variances: (depth,) variance of the activations h.
        saturated: (depth,) share of activations with |h| > 0.99.
        gradients: (depth,) root mean square of the gradient by z, for a random gradient of size 1 at the end.
        by_weights: (depth,) root mean square of the gradient by the weights, mean over the examples.
    """

    moments: Array
    variances: Array
    saturated: Array
    gradients: Array
    by_weights: Array


def through_layers(activation: str, deviation: float, weights: Array, inputs: Array, upstream: Array) -> Signal:
    """Sends a signal forward through a deep network and a gradient back.

    Args:
        activation: a key of ``LAYERS``.
        deviation: scales the weights; one draw of ``weights`` thus serves every scheme.
        weights: (depth, width, width) standard normal numbers.
        inputs: (examples, width).
        upstream: (examples, width) gradient of some loss by the last layer's output.

    Raises:
        ValueError: unknown activation, shapes that do not fit, or a deviation that is not positive.
    """
    if activation not in LAYERS:
        raise ValueError(f"unknown activation {activation!r}: expected one of {', '.join(LAYERS)}")
    if weights.ndim != 3 or weights.shape[1:] != (inputs.shape[1],) * 2 or upstream.shape != inputs.shape:
        raise ValueError(f"weights {weights.shape}, inputs {inputs.shape} and upstream {upstream.shape} do not fit")
    if not deviation > 0:
        raise ValueError(f"deviation must be positive, found {deviation}")
    layer, h = LAYERS[activation], inputs
    outputs, moments, gradients, by_weights, heard = [], [], [], [], []
    for w in weights:
        heard.append(h)
        z = deviation * (h @ w)
        h = layer.curve(z)
        moments.append(np.mean(z * z))
        outputs.append(h)
    gradient = upstream
    for w, out, into in zip(weights[::-1], outputs[::-1], heard[::-1], strict=True):
        by_z = gradient * layer.slope_from_output(out)
        gradients.append(np.sqrt(np.mean(by_z * by_z)))
        by_weights.append(np.sqrt(np.mean(np.square(into.T @ by_z / len(into)))))
        gradient = deviation * (by_z @ w.T)
    return Signal(
        np.array(moments),
        np.array([out.var() for out in outputs]),
        np.array([(np.abs(out) > 0.99).mean() for out in outputs]),
        np.array(gradients[::-1]),
        np.array(by_weights[::-1]),
    )


def expected_moments(activation: str, gain: float, depth: int, nodes: int = 101) -> Array:
    """(depth,) second moments of z that infinitely wide layers would have: q' = gain E[g(√q ξ)²], ξ ~ N(0, 1).

    ``gain`` is n Var(W). The expectation is taken by Gauss-Hermite quadrature. (For ReLU it is q/2 exactly.)
    """
    points, weights = np.polynomial.hermite_e.hermegauss(nodes)
    weights = weights / weights.sum()
    moments = [gain]
    for _ in range(depth - 1):
        h = LAYERS[activation].curve(np.sqrt(moments[-1]) * points)
        moments.append(float(gain * (weights @ (h * h))))
    return np.array(moments)


def variance_of_sum(n: int, mean_w: float, var_w: float, mean_x: float, var_x: float) -> float:
    """Var(Σ w_i x_i) of n independent products: n (E[x]² Var w + E[w]² Var x + Var w Var x).

    With both means 0 only n Var(w) Var(x) is left, S3's identity. After a ReLU the mean of x is not 0.
    """
    return n * (mean_x**2 * var_w + mean_w**2 * var_x + var_w * var_x)


def smallest_eigenvalues(dimension: int, samples: int, rng: np.random.Generator) -> Array:
    """(samples,) least eigenvalues of random symmetric Gaussian matrices (the GOE: variance 1 on the diagonal, ½ off).

    A critical point is a minimum where the Hessian's least eigenvalue is positive.
    """
    if dimension < 1 or samples < 1:
        raise ValueError(f"dimension {dimension} and samples {samples} must be at least 1")
    a = rng.normal(size=(samples, dimension, dimension))
    return np.linalg.eigvalsh((a + a.transpose(0, 2, 1)) / 2)[:, 0]


# Probability that all eigenvalues are positive: exact for small dimensions; for large ones it falls as e^(-θN²),
# θ = ln(3)/4 (Dean and Majumdar 2006).
ALL_POSITIVE = {1: 1 / 2, 2: (2 - 2**0.5) / 4, 3: 1 / 4 - 2**0.5 / (2 * np.pi)}
DECAY = np.log(3) / 4


def momentum_path(
    slope: Callable[[Array], Array], start: Array, steps: int, learning_rate: float, momentum: float = 0.9
) -> Array:
    """(steps + 1, k): v ← m v + g, θ ← θ - η v. With m = 0.9 a steady gradient is followed ten times as far."""
    theta, velocity = np.array(start, dtype=float), 0.0
    path = [theta]
    for _ in range(steps):
        velocity = momentum * velocity + slope(path[-1])
        path.append(path[-1] - learning_rate * velocity)
    return np.array(path)


def adam_path(
    slope: Callable[[Array], Array],
    start: Array,
    steps: int,
    learning_rate: float = 0.001,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
) -> Array:
    """(steps + 1, k): Adam (Kingma and Ba 2015). Means of g and g², freed of their start at 0; θ moves by their ratio.

    Because of the ratio the first step has length η in every coordinate, whatever the gradient's scale.
    """
    first, second = 0.0, 0.0
    path = [np.array(start, dtype=float)]
    for t in range(1, steps + 1):
        g = slope(path[-1])
        first = beta1 * first + (1 - beta1) * g
        second = beta2 * second + (1 - beta2) * g * g
        unbiased, scale = first / (1 - beta1**t), np.sqrt(second / (1 - beta2**t))
        path.append(path[-1] - learning_rate * unbiased / (scale + epsilon))
    return np.array(path)
