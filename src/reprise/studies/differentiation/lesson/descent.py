"""Gradient descent in its two parts: computing gradients and applying them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reprise.studies.differentiation.lesson.automatic import reverse_jacobian
from reprise.studies.differentiation.lesson.operations import Function


class GradientDescent:
    """An optimizer in the shape that S1 describes: ``minimise`` is ``compute_gradients``, then ``apply_gradients``."""

    def __init__(self, learning_rate: float) -> None:
        if not learning_rate > 0:
            raise ValueError(f"learning_rate must be positive, found {learning_rate}")
        self.learning_rate = learning_rate

    def compute_gradients(
        self, loss: Function, variables: np.ndarray, subset: Sequence[int] | None = None
    ) -> list[tuple[float, int]]:
        """(gradient, index) for all variables, or only for a subset of them."""
        gradient = reverse_jacobian(loss, variables)[0]
        return [(float(gradient[i]), i) for i in (range(len(variables)) if subset is None else subset)]

    def apply_gradients(self, pairs: Sequence[tuple[float, int]], variables: np.ndarray) -> np.ndarray:
        """A new array, one step down; variables that no pair names keep every bit."""
        moved = np.array(variables, dtype=float)
        for gradient, index in pairs:
            moved[index] -= self.learning_rate * gradient
        return moved

    def minimise(self, loss: Function, variables: np.ndarray, subset: Sequence[int] | None = None) -> np.ndarray:
        """One step, both parts at once."""
        return self.apply_gradients(self.compute_gradients(loss, variables, subset), variables)
