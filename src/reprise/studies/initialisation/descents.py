"""Where gradient descent comes to rest, in many small networks at once (claim 164).

Two families whose lowest loss is 0, with about as many weights. In one the task stays and the network grows: ReLU
units that learn the exclusive or of two signs. In the other nothing is to spare: ReLU units that learn what as many
others compute, over all normal inputs, in closed form (Safran and Shamir 2018).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

Array = np.ndarray
Slope = Callable[
    [Array], tuple[Array, Array]
]  # (descents, weights) -> losses (descents,), gradients (descents, weights)

XOR_INPUTS = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
XOR_TARGETS = XOR_INPUTS.prod(axis=1)
EVERY = 50  # steps between looks at which descents are at rest
REST = 1e-6  # gradient norm at rest
TOGETHER = 50  # ends whose curvature is taken at once
STUCK = 1e-3  # loss above the lowest at which a descent at rest may be stuck
NEAR = STUCK / 1000  # of the lowest loss, where a descent need not go on
SADDLE = -1e-5  # a curvature below it leads down; rounding makes some 1e-7 of what is 0


class Family(NamedTuple):
    """Networks of one size.

    ``slope``: their loss and gradient; ``start``: (generator, descents) -> first weights; ``rate``: a learning rate at
    which none of their descents diverges; ``steps``: at most so many.
    """

    slope: Slope
    start: Callable[[np.random.Generator, int], Array]
    rate: float
    steps: int


class Ends(NamedTuple):
    """Where descents ended: weights (descents, weights); the others (descents,).

    ``curvatures`` are the least of any direction, where a descent is at rest above the lowest loss; else NaN.
    """

    weights: Array
    losses: Array
    slopes: Array
    curvatures: Array

    @property
    def stuck(self) -> Array:
        """(descents,) in a minimum above the lowest loss: at rest, and no direction leads down."""
        return self.curvatures >= SADDLE

    @property
    def moving(self) -> Array:
        """(descents,) neither at rest nor near the lowest loss: one cannot say."""
        return (self.losses > STUCK) & (self.slopes > REST)


def descend(family: Family, descents: int, rng: np.random.Generator) -> Ends:
    """Plain gradient descent from random first weights, each until it is at rest."""
    weights = family.start(rng, descents)
    going = np.arange(descents)
    for _ in range(family.steps // EVERY):
        for _ in range(EVERY):
            weights[going] -= family.rate * family.slope(weights[going])[1]
        losses, gradients = family.slope(weights[going])
        going = going[(np.linalg.norm(gradients, axis=1) > REST) & (losses > NEAR)]
        if not going.size:
            break
    losses, gradients = family.slope(weights)
    slopes = np.linalg.norm(gradients, axis=1)
    curvatures = np.full(descents, np.nan)
    for end in np.array_split(np.flatnonzero((losses > STUCK) & (slopes <= REST)), descents // TOGETHER + 1):
        if end.size:
            curvatures[end] = least_curvature(family, weights[end])
    return Ends(weights, losses, slopes, curvatures)


def exclusive_or(units: int) -> Family:
    """One hidden layer with biases and a linear output: 4 units + 1 weights, mean squared error over four inputs."""
    cuts = np.cumsum([2 * units, units, units])

    def parts(weights: Array) -> list[Array]:
        into, bias, out, last = np.split(weights, cuts, axis=1)
        return [into.reshape(-1, 2, units), bias[:, None, :], out[:, :, None], last[:, :, None]]

    def slope(weights: Array) -> tuple[Array, Array]:
        into, bias, out, last = parts(weights)
        z = XOR_INPUTS @ into + bias
        h = np.maximum(z, 0)
        error = h @ out + last - XOR_TARGETS[:, None]
        by_output = error / 2  # the derivative of the mean over four of the squared error
        by_z = by_output @ out.swapaxes(1, 2) * (z > 0)
        gradients = XOR_INPUTS.T @ by_z, by_z.sum(axis=1), h.swapaxes(1, 2) @ by_output, by_output.sum(axis=1)
        flat = [gradient.reshape(len(weights), -1) for gradient in gradients]
        return (error**2).mean(axis=(1, 2)), np.concatenate(flat, axis=1)

    def start(rng: np.random.Generator, descents: int) -> Array:
        weights = rng.normal(size=(descents, 4 * units + 1))
        weights[:, cuts[0] : cuts[1]] = weights[:, cuts[2] :] = 0  # biases
        weights[:, cuts[1] : cuts[2]] /= np.sqrt(units)  # and He's size for the first layer's two inputs: 1
        return weights

    return Family(slope, start, rate=0.02 * min(1, 16 / units), steps=3000)


def students(units: int) -> Family:
    """``units`` ReLU units, summed, that learn the sum of as many orthogonal ones: units² weights.

    The loss is half the expected squared difference over standard normal inputs. With θ the angle between w and v it
    follows from E[relu(wx) relu(vx)] = |w| |v| (sin θ + (π - θ) cos θ) / 2π (Cho and Saul 2009).
    """
    teacher = np.eye(units)[None]

    def products(w: Array, v: Array) -> tuple[Array, Array]:
        """Σ of that expectation over all pairs (descents,), and its gradient by w with v held fixed."""
        lengths, others = np.linalg.norm(w, axis=2)[:, :, None], np.linalg.norm(v, axis=2)[:, None, :]
        cosine = np.clip(w @ v.swapaxes(1, 2) / (lengths * others), -1, 1)
        sine, open_angle = np.sqrt(1 - cosine**2), np.pi - np.arccos(cosine)
        expected = lengths * others * (sine + open_angle * cosine)
        gradient = (sine * others).sum(axis=2, keepdims=True) / lengths * w + open_angle @ v
        return expected.sum(axis=(1, 2)) / (2 * np.pi), gradient / (2 * np.pi)

    constant = products(teacher, teacher)[0]

    def slope(weights: Array) -> tuple[Array, Array]:
        w = weights.reshape(-1, units, units)
        own, by_own = products(w, w)
        shared, by_shared = products(w, teacher)
        return own / 2 - shared + constant / 2, (by_own - by_shared).reshape(weights.shape)

    def start(rng: np.random.Generator, descents: int) -> Array:
        return rng.normal(size=(descents, units**2)) / np.sqrt(units)

    return Family(slope, start, rate=0.5 * min(1, 8 / units), steps=12000)


def least_curvature(family: Family, weights: Array, h: float = 1e-4) -> Array:
    """(descents,) least eigenvalue of the Hessian, by central differences of the gradient."""
    eye = np.eye(weights.shape[1])
    rows = [(family.slope(weights + h * e)[1] - family.slope(weights - h * e)[1]) / (2 * h) for e in eye]
    hessian = np.stack(rows, axis=1)
    return np.linalg.eigvalsh((hessian + hessian.swapaxes(1, 2)) / 2)[:, 0]
