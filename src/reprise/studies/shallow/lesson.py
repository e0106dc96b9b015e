"""A shallow network: one hidden layer, written out in full (claim 141, S3).

z = x W + b, h = tanh z, output = h v + c. Without the hidden layer the separator is a line; with it the output is a sum
of soft steps, one along each hidden unit's line, and a sum of steps can bend around anything. The network is *vanilla*:
values only flow forward, no layer feeds an earlier one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special
from threadpoolctl import threadpool_limits

Array = np.ndarray


def gaussians(count: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Two clouds, which a line separates (almost)."""
    labels = np.arange(count) % 2
    return rng.normal(scale=0.6, size=(count, 2)) + np.where(labels[:, None] == 1, 1.0, -1.0), labels


def circle(count: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """A disc inside a ring."""
    labels = np.arange(count) % 2
    radius = np.where(labels == 1, rng.uniform(0, 0.9, count), rng.uniform(1.1, 2, count))
    angle = rng.uniform(0, 2 * np.pi, count)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]), labels


def exclusive_or(count: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Four quarters in a chequered pattern: label 1 where the signs of x and y differ."""
    x = rng.uniform(0.1, 2, size=(count, 2)) * rng.choice([-1, 1], size=(count, 2))
    return x, (x[:, 0] * x[:, 1] < 0).astype(int)


def spiral(count: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Two arms wound once around each other."""
    labels = np.arange(count) % 2
    turn = np.sqrt(rng.uniform(0.02, 1, count))
    angle = 2 * np.pi * turn + np.pi * labels
    arms = 2 * turn[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    return arms + rng.normal(scale=0.08, size=arms.shape), labels


SETS: dict[str, Callable[[int, np.random.Generator], tuple[Array, Array]]] = {
    "two clouds": gaussians,
    "circle": circle,
    "exclusive or": exclusive_or,
    "spiral": spiral,
}


@dataclass(frozen=True)
class Network:
    """Weights W (d, hidden), b (hidden,), v (hidden,), c; one output."""

    W: Array
    b: Array
    v: Array
    c: float

    def __call__(self, x: Array) -> Array:
        """(n, d) -> (n,): logits, or the prediction itself in regression (no activation at the output)."""
        return np.tanh(x @ self.W + self.b) @ self.v + self.c


def unpack(theta: Array, inputs: int, hidden: int) -> Network:
    """A flat vector of (inputs + 2) hidden + 1 parameters, as a network."""
    expected = (inputs + 2) * hidden + 1
    if theta.shape != (expected,):
        raise ValueError(f"theta has shape {theta.shape}: {inputs} inputs and {hidden} hidden units need {expected}")
    cuts = np.cumsum([inputs * hidden, hidden, hidden])
    W, b, v, c = np.split(theta, cuts)
    return Network(W.reshape(inputs, hidden), b, v, float(c[0]))


def loss_and_gradient(
    theta: Array, x: Array, y: Array, hidden: int, decay: float = 0.0, regression: bool = False
) -> tuple[float, Array]:
    """Mean cross-entropy (labels 0, 1) or mean squared error / 2, plus decay ‖θ‖²/2, with the gradient by θ.

    Both losses have the same gradient by the output: prediction minus truth. From there the chain rule runs backwards,
    line by line the mirror image of the forward pass.
    """
    net = unpack(theta, x.shape[1], hidden)
    h = np.tanh(x @ net.W + net.b)
    output = h @ net.v + net.c
    if regression:
        loss, error = np.mean((output - y) ** 2) / 2, (output - y) / len(x)
    else:
        loss, error = np.mean(np.logaddexp(0, output) - y * output), (special.expit(output) - y) / len(x)
    by_z = np.outer(error, net.v) * (1 - h * h)
    gradient = np.concatenate([(x.T @ by_z).ravel(), by_z.sum(axis=0), h.T @ error, [error.sum()]])
    return float(loss + decay * theta @ theta / 2), gradient + decay * theta


def fit(
    x: Array,
    y: Array,
    hidden: int,
    rng: np.random.Generator,
    decay: float = 1e-4,
    regression: bool = False,
    iterations: int = 10_000,
) -> Network:
    """Trains by L-BFGS from weights N(0, 1/inputs) and random offsets, until it rests.

    A few hundred iterations bring every gradient below 1e-8, where no last bit of a sum counts any more: stopped
    sooner, another processor's sums end at other weights.

    Args:
        x: (n, d).
        y: (n,) labels 0 and 1, or numbers for regression.
        hidden: units, at least 1.
        rng: draws the first weights.
        decay: strength of the L2 penalty.
        regression: squared error instead of cross-entropy.
        iterations: of the optimizer, at most.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if x.ndim != 2 or y.shape != x.shape[:1] or not len(x) or hidden < 1:
        raise ValueError(f"x {x.shape}, y {y.shape}, hidden {hidden}: expected (n, d), (n,) and at least one unit")
    if not regression and not np.isin(y, (0, 1)).all():
        raise ValueError(f"labels must be 0 or 1, found {np.unique(y)[:5]}")
    d = x.shape[1]
    start = np.concatenate(
        [
            rng.normal(scale=d**-0.5, size=d * hidden),
            rng.normal(size=hidden),
            rng.normal(scale=hidden**-0.5, size=hidden),
            [0],
        ]
    )
    with threadpool_limits(1, user_api="blas"):  # matrices this small only make threads wait for each other
        solved = optimize.minimize(
            loss_and_gradient,
            start,
            (x, y, hidden, decay, regression),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": iterations, "maxfun": 10 * iterations, "ftol": 0, "gtol": 1e-9},
        )
    return unpack(solved.x, d, hidden)


def best_line(x: Array, labels: Array) -> float:
    """Accuracy of the best of all lines in the plane, chosen on these very points: any offset, angles one degree apart.

    Args:
        x: (n, 2).
        labels: (n,) 0 or 1.
    """
    angle = np.radians(np.arange(180))
    order = np.argsort(
        x @ np.stack([np.cos(angle), np.sin(angle)]), axis=0
    )  # (n, 180) points by their side, each angle
    behind = np.cumsum(np.where(labels[order] == 1, 1, -1), axis=0)  # ones minus noughts behind a line
    ones = np.count_nonzero(labels == 1)
    right = max(ones - behind.min(), len(labels) - ones + behind.max(), ones, len(labels) - ones)
    return float(right / len(labels))


def accuracy(net: Callable[[Array], Array], x: Array, labels: Array) -> float:
    """Share of examples on the right side of output 0."""
    return float(np.mean((net(x) > 0) == (labels == 1)))
