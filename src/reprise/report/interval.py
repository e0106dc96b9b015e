"""A finding as a small picture: the band that the claim names, the measured value, and its interval."""

from __future__ import annotations

import math
from typing import Any

WIDTH, HEIGHT, MARGIN = 220, 22, 9


def interval_svg(effect: dict[str, Any], expect: dict[str, Any] | None, verdict: str, label: str) -> str:
    """An inline SVG without ids, coloured by the page's style sheet.

    Args:
        effect: ``value``, ``low`` and ``high``; None where unbounded or not a number.
        expect: ``low`` and ``high`` of the band; None for an open end. None for no band at all.
        verdict: names the colour's class.
        label: what the picture says, for those who do not see it; escaped here.

    Returns:
        The SVG element, or an empty string where there is nothing to see: the value is not a number, or it is exact
        and there is no band but the value itself.
    """
    value, low, high = effect.get("value"), effect.get("low"), effect.get("high")
    band_low, band_high = (expect.get("low"), expect.get("high")) if expect else (None, None)
    banded = band_low is not None or band_high is not None
    if value is None or (low == value == high and (not banded or band_low == value == band_high)):
        return ""
    ends = [end for end in (value, low, high, band_low, band_high) if end is not None]
    scale = _Scale(ends)
    parts = []
    if banded:
        left = scale(band_low) if band_low is not None else 0.0
        right = scale(band_high) if band_high is not None else float(WIDTH)
        point = right - left < 3.0  # a band of (almost) one value must still be seen
        left, width = (left - 1.5, 3.0) if point else (left, right - left)
        kind = "band point" if point else "band"
        parts.append(f'<rect class="{kind}" x="{left:.1f}" y="2" width="{width:.1f}" height="{HEIGHT - 4}" rx="2"/>')
    middle = HEIGHT / 2
    parts.append(f'<line class="rule" x1="0" x2="{WIDTH}" y1="{middle}" y2="{middle}"/>')
    if scale.shows_zero:
        parts.append(f'<line class="zero" x1="{scale(0):.1f}" x2="{scale(0):.1f}" y1="1" y2="{HEIGHT - 1}"/>')
    start = scale(low) if low is not None else 0.0
    stop = scale(high) if high is not None else float(WIDTH)
    parts.append(f'<line class="span" x1="{start:.1f}" x2="{stop:.1f}" y1="{middle}" y2="{middle}"/>')
    parts.append(f'<circle class="dot" cx="{scale(value):.1f}" cy="{middle}" r="4"/>')
    return (
        f'<svg class="interval {verdict}" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" aria-label="{_attribute(label)}">{"".join(parts)}</svg>'
    )


class _Scale:
    """From values to pixels: linear over what must be seen, with a margin."""

    def __init__(self, ends: list[float]) -> None:
        low, high = min(ends), max(ends)
        if 0 < low < 0.6 * high:  # zero is near enough to be worth seeing
            low = 0.0
        elif 0 > high > 0.6 * low:
            high = 0.0
        room = high - low or abs(high) or 1.0
        if not math.isfinite(room):
            low, high, room = low / 4, high / 4, (high / 4 - low / 4)
        self.low, self.high = (low, high) if high > low else (low - room / 2, high + room / 2)
        self.shows_zero = self.low <= 0 <= self.high

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return MARGIN + min(max(share, 0.0), 1.0) * (WIDTH - 2 * MARGIN)


def _attribute(text: str) -> str:
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;")):
        text = text.replace(character, entity)
    return text
