"""What is said to someone whose array has another shape than a function expects."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

Shape = tuple[int, ...]


def squeeze_hint(name: str, shape: Shape, fits: Callable[[Shape], bool]) -> str:
    """How to drop axes of length 1 where that is all that is wrong with a shape.

    Args:
        name: of the argument, as the caller knows it.
        shape: what was found.
        fits: whether a shape is what is expected.

    Returns:
        "" or the end of a message, with the fewest axes that have to go.
    """
    single = [axis for axis, length in enumerate(shape) if length == 1]
    for count in range(1, len(single) + 1):
        for axes in combinations(single, count):
            left = tuple(length for axis, length in enumerate(shape) if axis not in axes)
            if fits(left):
                axis = axes[0] if count == 1 else axes
                return f"; np.squeeze({name}, axis={axis}) has shape {left}"
    return ""
