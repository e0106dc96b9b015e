"""Numbers read well and never claim more digits than the interval supports."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reprise.report.numbers import effect_text, expected_text, level_text, number


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "not a number"),
        (math.nan, "not a number"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
        (0, "0"),
        (-0.0, "0"),
        (28, "28"),
        (1250858, "1,250,858"),
        (0.82734, "0.8273"),
        (-0.5, "−0.5"),
        (0.9999, "0.9999"),
        (0.99999, "1"),
        (3.2e-8, "3.2×10⁻⁸"),
        (-8.88e-16, "−8.88×10⁻¹⁶"),
        (1234567.8, "1.23×10⁶"),
        (True, "yes"),
        ("text", "text"),
    ],
)
def test_number(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "interval", "unit", "texts"),
    [
        (0.82734, [0.8121, 0.8424], "dice", ("0.827\u00a0dice", "[0.812, 0.842]")),
        (28, [28, 28], "", ("28", "exact")),
        (-0.98999250, [-0.98999250, -0.98999250], "", ("−0.989993", "exact")),
        (0.1, [None, None], "", ("0.1", "[−∞, ∞]")),
        (0.1, [0.05, None], "", ("0.1", "[0.05, ∞]")),
        (None, [None, None], "s", ("not a number", "")),
        (-0.00001, [-0.01, 0.0098], "", ("0.0000", "[−0.0100, 0.0098]")),
        (5635.0, [5600.0, 5670.0], "", ("5,635", "[5,600, 5,670]")),
    ],
)
def test_effect_and_interval_share_their_digits(value, interval, unit, texts):
    assert effect_text(value, interval, unit) == texts


@pytest.mark.parametrize(
    ("effect", "text"),
    [
        ({"level": 0.05, "together": 1}, ""),
        ({}, ""),  # an older ledger
        ({"level": 0.0125}, "at 98.75 %"),
        (
            {"together": 2, "strict_low": 0.05, "strict_high": 0.35},
            "to contradict, as one of 2, at 97.5 %: [0.05, 0.35]",
        ),
        (
            {"level": 0.0125, "together": 2, "strict_low": 0.002, "strict_high": 0.398},
            "at 98.75 %; to contradict, as one of 2, at 99.38 %: [0.00, 0.40]",
        ),
        ({"low": 0.2, "high": 0.2, "together": 2, "strict_low": 0.2, "strict_high": 0.2}, ""),  # exact
        ({"low": None, "level": 0.0125}, ""),
    ],
)
def test_an_interval_that_is_not_95_percent_says_so_and_by_which_one_of_several_contradicts(effect, text):
    assert level_text({"value": 0.2, "low": 0.1, "high": 0.3} | effect) == text


@given(st.floats(-1e12, 1e12), st.floats(0, 1e6), st.floats(0, 1e6))
@example(0.0, 0.0, 5e-324)
def test_any_effect_has_a_text(value, below, above):
    value_text, interval_text = effect_text(value, [value - below, value + above])
    assert value_text
    assert interval_text
    assert "-" not in value_text + interval_text


@pytest.mark.parametrize(
    ("low", "high", "closed", "text"),
    [
        (0, None, False, "> 0"),
        (0.984, None, True, "≥ 0.984"),
        (None, 1e-6, False, "< 1×10⁻⁶"),
        (0.5, 0.6, True, "0.5 to 0.6"),
        (28, 28, True, "= 28"),
        (-1e-6, 1e-6, True, "0 ± 1×10⁻⁶"),
        (2 - 1e-9, 2 + 1e-9, True, "2 ± 1×10⁻⁹"),
        (-0.9899925 - 1e-7, -0.9899925 + 1e-7, True, "−0.9899925 ± 1×10⁻⁷"),
        (None, None, False, "no expectation"),
    ],
)
def test_expectation(low, high, closed, text):
    assert expected_text({"low": low, "high": high, "closed": closed}) == text
