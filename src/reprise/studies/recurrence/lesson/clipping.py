"""Gradients that explode: rescaling them, and a loss surface with a wall in it (claim 138)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reprise.studies.recurrence.lesson.cells import sigmoid


def clip_by_norm(gradients: Sequence[np.ndarray], threshold: float) -> tuple[list[np.ndarray], float]:
    """Rescales gradients to the norm ``threshold`` where their common L2 norm exceeds it (claim 138).

    Args:
        gradients: arrays of any shapes; the norm is that of all their numbers together, which keeps the direction.
        threshold: above 0.

    Returns:
        The gradients, rescaled or untouched, and their norm before.

    Raises:
        ValueError: the threshold is not positive, or a gradient is not finite: no rescaling repairs that.
    """
    if not threshold > 0:
        raise ValueError(f"threshold {threshold}: expected a positive norm")
    norm = float(np.sqrt(sum(float((gradient**2).sum()) for gradient in gradients)))
    if not np.isfinite(norm):
        raise ValueError("the gradient's norm is not finite; clipping cannot repair it")
    scale = threshold / norm if norm > threshold else 1.0
    return [gradient * scale for gradient in gradients], norm


def single_unit(w: np.ndarray, b: np.ndarray, steps: int, goal: float = 0.7) -> tuple[np.ndarray, np.ndarray]:
    """A network of one unit, s_t = sigmoid(w s_{t-1} + b) from s_0 = 1/2, and its loss (s_T - goal)^2.

    Small enough to see its whole loss surface: flat ground with a wall in it (Pascanu, Mikolov and Bengio, 2013).

    Args:
        w, b: arrays of one shape.
        steps: T.
        goal: where the last state should be.

    Returns:
        The loss, and its gradient stacked as (2, ...) for w and b, by backpropagation through time.
    """
    states = [np.full(np.shape(w), 0.5)]
    for _ in range(steps):
        states.append(sigmoid(w * states[-1] + b))
    error = states[-1] - goal
    d, gradient = 2 * error, np.zeros((2, *np.shape(w)))
    for before, after in zip(states[-2::-1], states[:0:-1], strict=True):
        d = d * after * (1 - after)
        gradient += d * np.array([before, np.ones_like(before)])
        d = d * w
    return error**2, gradient
