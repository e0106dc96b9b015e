"""The band in which a claim puts what is measured, and whether an interval lies in it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from reprise.statistics import Effect

Verdict = Literal["reproduced", "contradicted", "inconclusive", "untested"]
NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"


@dataclass(frozen=True)
class Expect:
    """The band in which the claim puts the effect. ``closed`` bands contain their ends."""

    low: float = -math.inf
    high: float = math.inf
    closed: bool = False

    def __str__(self) -> str:
        if math.isinf(self.low) and math.isinf(self.high):
            return "no expectation"
        if math.isinf(self.high):
            return f"{'≥' if self.closed else '>'} {_number(self.low)}"
        if math.isinf(self.low):
            return f"{'≤' if self.closed else '<'} {_number(self.high)}"
        if self.low == self.high:
            return f"= {_number(self.low)}"
        low, high = _number(self.low), _number(self.high)
        if low != high:
            return f"{low} to {high}"
        return f"{_number((self.low + self.high) / 2)} ± {(self.high - self.low) / 2:.1g}"

    def judge(self, effect: Effect) -> Verdict:
        """``reproduced`` where the whole interval lies in the band, ``contradicted`` where none of it does.

        Lying outside is asked of the stricter interval, which holds for all comparisons of a claim at once.
        """
        ends = (effect.low, effect.high, effect.strict_low, effect.strict_high)
        if any(math.isnan(end) for end in ends):
            return "inconclusive"
        if self.closed:
            inside = effect.low >= self.low and effect.high <= self.high
            outside = effect.strict_high < self.low or effect.strict_low > self.high
        else:
            inside = effect.low > self.low and effect.high < self.high
            outside = effect.strict_high <= self.low or effect.strict_low >= self.high
        return "reproduced" if inside else "contradicted" if outside else "inconclusive"


def parse_band(text: str) -> Expect:
    """``> 0``, ``>= 0.5``, ``< 1e-6``, ``<= 0``, ``-0.01 to 0.01``, ``= 56``, ``2 +- 1e-9`` (or ``2 ± 1e-9``).

    Raises:
        ValueError: it is none of these, or its ends are the wrong way round.
    """
    text = text.strip().replace("−", "-").replace("≥", ">=").replace("≤", "<=").replace("±", "+-").replace(",", "")
    if match := re.fullmatch(rf"(>=|<=|>|<|=)\s*({NUMBER})", text):
        sign, value = match[1], float(match[2])
        return {
            ">": Expect(low=value),
            ">=": Expect(low=value, closed=True),
            "<": Expect(high=value),
            "<=": Expect(high=value, closed=True),
            "=": Expect(value, value, closed=True),
        }[sign]
    if match := re.fullmatch(rf"({NUMBER})\s*to\s*({NUMBER})", text):
        low, high = float(match[1]), float(match[2])
        if low > high:
            raise ValueError(f"band {text!r}: {low:g} is above {high:g}")
        return Expect(low, high, closed=True)
    if match := re.fullmatch(rf"({NUMBER})\s*\+-\s*({NUMBER})", text):
        middle, width = float(match[1]), abs(float(match[2]))
        return Expect(middle - width, middle + width, closed=True)
    raise ValueError(f"band {text!r}: expected '> 0', '>= 0.5', '-0.01 to 0.01', '= 56' or '2 ± 1e-9'")


def _number(value: float) -> str:
    """Counts in full, measurements to six digits."""
    return f"{value:,.0f}" if float(value).is_integer() and abs(value) < 1e15 else f"{value:g}"


def above(bound: float) -> Expect:
    """The effect is larger than ``bound``."""
    return Expect(low=bound)


def below(bound: float) -> Expect:
    """The effect is smaller than ``bound``."""
    return Expect(high=bound)


def between(low: float, high: float) -> Expect:
    """The effect lies in ``[low, high]``; for "no effect", the band that counts as none."""
    return Expect(low, high, closed=True)


def equals(value: float, tolerance: float = 0.0) -> Expect:
    """The effect is ``value``, to within ``tolerance``."""
    return Expect(value - tolerance, value + tolerance, closed=True)
