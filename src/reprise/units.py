"""What a mean can be at all, by what it is measured in.

Few seeds or groups give intervals that reach beyond what is possible, and they are cut there. The true mean cannot lie
in what is cut off, so that an interval covers it exactly as often as before.
"""

from __future__ import annotations

import numpy as np

Range = tuple[float, float]
ANY: Range = (-np.inf, np.inf)
SHARE: Range = (0.0, 1.0)
SHARES_APART: Range = (-1.0, 1.0)  # differences of two shares
CORRELATION: Range = (-1.0, 1.0)
NOT_NEGATIVE: Range = (0.0, np.inf)  # sizes, and ratios of sizes
SHARES = (
    "accuracy", "probability", "dice", "precision", "recall", "average precision", "AUROC", "ECE", "gate",
    "squared cosine", "share",
)  # fmt: skip
UNBOUNDED = ("share of variance", "share of Faster R-CNN's")  # an error can exceed the variance, a cost another's
ROUNDING = 1e-6  # by which a mean of numbers of single precision may miss an end


def possible_in(unit: str) -> Range:
    """What a mean in ``unit`` can be.

    The unit does not tell a share from a difference of two, so it is what holds for either; who knows that it is a
    share says so (``SHARE``), and who measures no share in such a unit says what it can be.
    """
    share = unit in SHARES or (unit.startswith("share of ") and unit not in UNBOUNDED)
    return SHARES_APART if share else ANY


def within(possible: Range | None, value: float, unit: str) -> Range:
    """``possible``, or what the unit says, for an interval around ``value``.

    Raises:
        ValueError: the value lies outside, so that the unit or the range is wrong.
    """
    low, high = possible_in(unit) if possible is None else possible
    if not low - ROUNDING <= value <= high + ROUNDING:
        raise ValueError(f"a mean of {value:g} {unit}: declared to lie between {low:g} and {high:g}")
    return low, high
