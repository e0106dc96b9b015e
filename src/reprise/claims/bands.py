"""The band in which a claim puts what is measured, and whether an interval lies in it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from reprise.statistics import Effect

Verdict = Literal["reproduced", "contradicted", "inconclusive", "untested"]
DIGITS = r"(?:[1-9]\d{0,2}(?:,\d{3})+(?:\.\d*)?|\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"  # 1,000 is a thousand, 0,5 nothing
NUMBER = rf"[+-]?{DIGITS}"


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
        return f"{_number((self.low + self.high) / 2)} ± {(self.high - self.low) / 2:.2g}"

    def judge(self, effect: Effect, strictly: bool = False) -> Verdict:
        """``reproduced`` where the whole interval lies in the band, ``contradicted`` where none of it does.

        Lying outside is asked of the stricter interval, which holds for all comparisons of a claim at once. Lying
        inside is not, where all of them must: that they do by chance is no likelier than that one does.

        Args:
            effect: the measurement.
            strictly: lying inside is asked of the stricter interval too, for comparisons that are read one by one.
        """
        ends = (effect.low, effect.high, effect.strict_low, effect.strict_high)
        if any(math.isnan(end) for end in ends):
            return "inconclusive"
        inside = (effect.strict_low, effect.strict_high) if strictly else (effect.low, effect.high)
        if self._reaches_above(inside[0]) and self._reaches_below(inside[1]):
            return "reproduced"
        inside_somewhere = self._reaches_above(effect.strict_high) and self._reaches_below(effect.strict_low)
        return "inconclusive" if inside_somewhere else "contradicted"

    def _reaches_above(self, point: float) -> bool:
        """Whether it does not lie below the band; nothing lies below a band without a lower end."""
        return self.low == -math.inf or point > self.low or (self.closed and point == self.low)

    def _reaches_below(self, point: float) -> bool:
        return self.high == math.inf or point < self.high or (self.closed and point == self.high)


def parse_band(text: str) -> Expect:
    """``> 0``, ``>= 0.5``, ``< 1e-6``, ``<= 0``, ``-0.01 to 0.01``, ``= 56``, ``2 +- 1e-9`` (or ``2 ± 1e-9``).

    Raises:
        ValueError: it is none of these, or its ends are the wrong way round.
    """
    plain = text.strip().replace("−", "-").replace("≥", ">=").replace("≤", "<=").replace("±", "+-")
    if match := re.fullmatch(rf"(>=|<=|>|<|=)\s*({NUMBER})", plain):
        value = _read(match[2], text)
        ends = {"=": (value, value), "<": (-math.inf, value)}.get(match[1][0], (value, math.inf))
        return Expect(*ends, closed=match[1] not in "<>")
    if match := re.fullmatch(rf"({NUMBER})\s*to\s*({NUMBER})", plain):
        low, high = _read(match[1], text), _read(match[2], text)
        if low > high:
            raise ValueError(f"band {text!r}: {low:g} is above {high:g}")
        return Expect(low, high, closed=True)
    if match := re.fullmatch(rf"({NUMBER})\s*\+-\s*({DIGITS})", plain):
        middle, width = _read(match[1], text), _read(match[2], text)
        return Expect(middle - width, middle + width, closed=True)
    raise ValueError(f"band {text!r}: expected '> 0', '>= 0.5', '-0.01 to 0.01', '= 56' or '2 ± 1e-9'")


def _read(digits: str, text: str) -> float:
    value = float(digits.replace(",", ""))
    if not math.isfinite(value):
        raise ValueError(f"band {text!r}: {digits} is too large to be a number")
    return value


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
