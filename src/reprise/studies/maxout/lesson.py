"""The source's function as it stands there, maxout by its definition, and the best convex fit that it allows."""

from __future__ import annotations

import numpy as np


def listing(inputs: np.ndarray, num_units: int, axis: int | None = None) -> np.ndarray:
    """The source's ``maxout``, line by line, NumPy in TensorFlow's place."""
    shape = list(inputs.shape)
    if axis is None:
        axis = -1
    num_channels = shape[axis]
    if num_channels % num_units:
        raise ValueError(f"number of features({num_channels}) is not a multiple of num_units({num_units})")
    shape[axis] = -1
    shape += [num_channels // num_units]
    return np.max(np.reshape(inputs, shape), -1)


def definition(inputs: np.ndarray, units: int, axis: int = -1) -> np.ndarray:
    """Goodfellow et al. (2013): unit i is the largest of its own k neighbouring channels; in loops."""
    moved = np.moveaxis(inputs, axis, -1)
    pieces = moved.shape[-1] // units
    found = np.empty((*moved.shape[:-1], units))
    for place in np.ndindex(*moved.shape[:-1]):
        for unit in range(units):
            found[place][unit] = max(moved[place][unit * pieces : (unit + 1) * pieces])
    return np.moveaxis(found, -1, axis)


def square_pieces(pieces: int) -> tuple[np.ndarray, np.ndarray]:
    """Slopes and intercepts, (pieces,) each, of the linear functions whose maximum is nearest to x² on [-1, 1].

    On each of ``pieces`` intervals of width h = 2 / pieces the tangent in the middle, raised by half of what it falls
    short at the ends, h² / 4: the largest error is then h² / 8 = 1 / (2 pieces²), and no other choice has less
    (Chebyshev: the error takes that value with alternating signs at the ends and middles of all intervals).
    """
    middles = -1 + (2 * np.arange(pieces) + 1) / pieces
    return 2 * middles, 1 / (2 * pieces**2) - middles**2
