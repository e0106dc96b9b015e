"""The formula for the gradient, and what becomes of its products of Jacobians over many steps (claims 135-137)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from reprise.studies.recurrence.lesson.cells import Weights, sigmoid


def bptt_terms(weights: Weights, inputs: np.ndarray, states: np.ndarray, d_state: np.ndarray) -> np.ndarray:
    """The terms of the formula for W, written out with its products of Jacobians (claim 135).

    dL_t/dW = sum over k = t .. 0 of (dL_t/ds_t) (ds_t/ds_k) (ds_k/dW), where the last factor takes s_{k-1} as fixed
    and ds_t/ds_k is the product of the Jacobians J_i = diag(1 - s_i^2) U for i = k + 1 .. t.

    Args:
        weights: of a plain cell.
        inputs: (t + 1, d), one sequence up to the step t of the loss.
        states: (t + 1, h), what the cell made of them.
        d_state: (h,) dL_t/ds_t.

    Returns:
        (t + 1, h, d): term k at index k. Their sum is the gradient; leaving out small k truncates it.
    """
    terms = np.empty((len(states), *weights.W.shape))
    product = np.eye(len(d_state))  # ds_t/ds_k, for k = t at first
    for k in reversed(range(len(states))):
        slope = 1 - states[k] ** 2
        terms[k] = np.outer((d_state @ product) * slope, inputs[k])
        product = product @ (slope[:, None] * weights.U)
    return terms


ACTIVATIONS: dict[str, tuple[Callable[[np.ndarray], np.ndarray], Callable[[np.ndarray], np.ndarray]]] = {
    # the function, and its derivative as a function of its value
    "sigmoid": (sigmoid, lambda s: s * (1 - s)),
    "tanh": (np.tanh, lambda s: 1 - s**2),
    "ReLU": (lambda x: np.maximum(x, 0), lambda s: (s > 0).astype(float)),
    "linear": (lambda x: x, np.ones_like),
}


def jacobian_gains(U: np.ndarray, drive: np.ndarray, activation: str) -> np.ndarray:
    """How strongly a state depends on the first one: the gain of ds_t/ds_0 (claims 136 and 137).

    The gain is the Frobenius norm over the root of h: by how much a disturbance of the first state in a random
    direction has grown or shrunk. It is 1 for the identity.

    Args:
        U: (..., h, h) recurrent weights.
        drive: (time, ..., h) what inputs and bias add at each step, W x_t + b.
        activation: a key of ``ACTIVATIONS``.

    Returns:
        (time, ...): the gain of the product of 1, 2, ... Jacobians.

    Raises:
        ValueError: unknown activation.
    """
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation {activation!r}: expected one of {', '.join(ACTIVATIONS)}")
    g, slope = ACTIVATIONS[activation]
    state = np.zeros_like(drive[0])
    product = np.broadcast_to(np.eye(U.shape[-1]), U.shape)
    gains = []
    for added in drive:
        state = g((U @ state[..., None])[..., 0] + added)
        product = slope(state)[..., None] * (U @ product)
        gains.append(np.sqrt((product**2).sum(axis=(-2, -1)) / U.shape[-1]))
    return np.array(gains)


def growth_rate(gains: np.ndarray) -> np.ndarray:
    """(networks,): growth of the log gain per step over the last two thirds of (steps, networks); below 0 vanishes."""
    start = len(gains) // 3
    logs = np.log(np.maximum(gains[[start, -1]], 1e-300))
    return (logs[1] - logs[0]) / (len(gains) - 1 - start)


def recurrent_matrix(rng: np.random.Generator, count: int, hidden: int, radius: float) -> np.ndarray:
    """(count, hidden, hidden) Gaussian matrices whose largest eigenvalue has the modulus ``radius``."""
    matrices = rng.normal(size=(count, hidden, hidden))
    largest = np.abs(np.linalg.eigvals(matrices)).max(axis=-1)
    return matrices * (radius / largest)[:, None, None]
