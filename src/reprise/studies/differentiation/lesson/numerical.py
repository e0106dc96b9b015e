"""Numerical differentiation: difference quotients, and the check of a registered gradient by them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reprise.studies.differentiation.lesson.operations import Function, Operation, count, finite_point, outputs_of

FORWARD_STEP = float(np.sqrt(np.finfo(float).eps))  # truncation ~ h, rounding ~ eps/h: balanced at sqrt(eps)
CENTRAL_STEP = float(np.cbrt(np.finfo(float).eps))  # truncation ~ h^2, rounding ~ eps/h: balanced at eps^(1/3)


def values(function: Function, x: Sequence[float]) -> np.ndarray:
    """The outputs (m,) of the function at x (n,)."""
    count("evaluations")
    return np.array(outputs_of(function(finite_point(x))), dtype=float)


def numerical_jacobian(
    function: Function, x: Sequence[float], step: float | None = None, central: bool = True
) -> np.ndarray:
    """Difference quotients: 2n evaluations (central, error ~ step²) or n + 1 (forward, error ~ step).

    Args:
        function: list of n numbers -> one number or a list of m.
        x: (n,) where to differentiate.
        step: absolute; default ``CENTRAL_STEP`` or ``FORWARD_STEP`` times max(1, |x_i|).
        central: (f(x+h) - f(x-h)) / 2h, or else (f(x+h) - f(x)) / h.

    Returns:
        (m, n) derivatives.
    """
    point = finite_point(x)
    if step is not None and not step > 0:
        raise ValueError(f"step must be positive, found {step}")
    start = None if central else values(function, point)
    columns = []
    for i, at in enumerate(point):
        wished = step or (CENTRAL_STEP if central else FORWARD_STEP) * max(1.0, abs(at))
        above, below = at + wished, at - wished
        high = values(function, [*point[:i], above, *point[i + 1 :]])
        low = values(function, [*point[:i], below, *point[i + 1 :]]) if central else start
        columns.append((high - low) / (above - (below if central else at)))  # the step as rounded, not as wished
    return np.stack(columns, axis=1)


def gradcheck(operation: Operation, points: np.ndarray) -> float:
    """Largest error of a registered one-input gradient against central differences, relative to max(1, |slope|)."""
    worst = 0.0
    for x in np.asarray(points, dtype=float).ravel():
        numeric = float(numerical_jacobian(lambda v: operation(v[0]), [x])[0, 0])
        worst = max(worst, abs(operation.gradient(1.0, float(x))[0] - numeric) / max(1.0, abs(numeric)))
    return worst
