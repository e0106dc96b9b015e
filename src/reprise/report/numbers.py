"""Numbers as text, the same in the terminal, in Markdown and in HTML."""

from __future__ import annotations

import math
from typing import Any

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: Any, digits: int = 4) -> str:
    """A number with ``digits`` significant digits, a true minus sign and grouped thousands; other values as text.

    Args:
        value: None (what JSON makes of NaN) becomes "not a number".
        digits: significant digits of a fraction; whole numbers are written in full.
    """
    if value is None:
        return "not a number"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, int | float):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "not a number" if math.isnan(value) else "∞" if value > 0 else "−∞"
    size = abs(value)
    if float(value).is_integer() and size < 1e15:
        text = f"{int(value):,}"
    elif 1e-3 <= size < 1e6:
        text = f"{value:,.{max(0, digits - 1 - math.floor(math.log10(size)))}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    else:
        mantissa, exponent = f"{value:.{min(digits, 3) - 1}e}".split("e")
        text = f"{mantissa.rstrip('0').rstrip('.')}×10{str(int(exponent)).translate(_SUPERSCRIPT)}"
    return text.replace("-", "−")


def effect_text(value: float | None, interval: list[float | None] | None, unit: str = "") -> tuple[str, str]:
    """A measured value and its interval, both to the digits that the interval supports.

    Args:
        value: None where it is not a number.
        interval: ``[low, high]``; an end that is None is unbounded, equal ends mean that it is exact.
        unit: follows the value, held to it by a no-break space.

    Returns:
        ``("0.827 dice", "[0.812, 0.842]")``, or ``("28", "exact")``.
    """
    suffix = f"\u00a0{unit}" if unit else ""
    low, high = interval or (None, None)
    if value is None:
        return "not a number", ""
    if low is not None and low == high:
        return number(value, 6) + suffix, "exact"
    if low is None or high is None:
        ends = ["−∞" if low is None else number(low), "∞" if high is None else number(high)]
        return number(value) + suffix, f"[{', '.join(ends)}]"
    half = (high - low) / 2  # 0 between two neighbouring numbers
    places = 1 - math.floor(math.log10(half)) if half > 0 else 99
    if not 0 <= places <= 5 or max(abs(low), abs(high)) >= 1e6:
        return number(value) + suffix, f"[{number(low)}, {number(high)}]"
    fixed = [f"{_unsigned(x, places):,.{places}f}".replace("-", "−") for x in (value, low, high)]
    return fixed[0] + suffix, f"[{fixed[1]}, {fixed[2]}]"


def level_text(effect: dict[str, Any]) -> str:
    """How sure an interval is, where that is not 95 %, and the wider one by which several effects contradict a claim.

    Args:
        effect: as a ledger has it; those of older ledgers have neither level nor strict ends.

    Returns:
        ``at 98.75 %; to contradict, as one of 2, at 99.38 %: [0.002, 0.053]``, or empty.
    """
    level, together = effect.get("level", 0.05), effect.get("together", 1)
    low, high = effect["low"], effect["high"]
    if low is None or high is None or low == high:
        return ""
    said = [] if level == 0.05 else [f"at {_percent(level)}"]
    if together > 1:
        ends = effect_text(effect["value"], [effect["strict_low"], effect["strict_high"]])[1]
        said.append(f"to contradict, as one of {together}, at {_percent(level / together)}: {ends}")
    return "; ".join(said)


def _percent(level: float) -> str:
    return f"{100 * (1 - level):.4g} %"


def expected_text(band: dict[str, Any]) -> str:
    """The band that a claim names: ``> 0``, ``≥ 0.984``, ``0.5 to 0.6``, or ``2 ± 1×10⁻⁹`` where it is narrow.

    Args:
        band: ``low`` and ``high`` (None where open) and ``closed``, whether the ends belong to it.
    """
    low, high, closed = band["low"], band["high"], band.get("closed", False)
    if low is None and high is None:
        return "no expectation"
    if high is None:
        return f"{'≥' if closed else '>'} {number(low)}"
    if low is None:
        return f"{'≤' if closed else '<'} {number(high)}"
    if low == high:
        return f"= {number(low, 6)}"
    middle, half = (low + high) / 2, (high - low) / 2
    if middle == 0:
        return f"0 ± {number(half)}"
    if half < 1e-3 * abs(middle):
        return f"{number(float(f'{middle:.8g}'), 8)} ± {number(float(f'{half:.3g}'))}"
    return f"{number(low)} to {number(high)}"


def _unsigned(value: float, places: int) -> float:
    """Without the sign of a value that rounds to zero."""
    return 0.0 if round(value, places) == 0 else value
