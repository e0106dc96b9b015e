"""Bands: what is written is what is judged, at the ends too, and nothing else is taken for a band."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reprise.claims.bands import Expect, above, below, between, equals, parse_band
from reprise.statistics import Effect, exact

INF, NAN = math.inf, math.nan
short = st.floats(-1e6, 1e6).map(lambda x: float(f"{x:.5g}"))  # what six digits can write


def effect(low, high, strict_low=NAN, strict_high=NAN):
    return Effect((low + high) / 2, low, high, 10, strict_low=strict_low, strict_high=strict_high)


@pytest.mark.parametrize(
    ("text", "band"),
    [
        ("> 0", above(0)),
        (">0", above(0)),
        ("  <  -1.5e-3 ", below(-0.0015)),
        (">= 0.5", Expect(low=0.5, closed=True)),
        ("≥ .5", Expect(low=0.5, closed=True)),
        ("<= 2.", Expect(high=2, closed=True)),
        ("≤ −3", Expect(high=-3, closed=True)),
        ("= 56", equals(56)),
        ("= -0", equals(0)),
        ("-0.03 to 0.03", between(-0.03, 0.03)),
        ("−0.03 to +0.03", between(-0.03, 0.03)),
        ("5 to 5", equals(5)),
        ("2 ± 1e-9", Expect(2 - 1e-9, 2 + 1e-9, closed=True)),
        ("-2 +- 0.5", between(-2.5, -1.5)),
        ("= 1,388", equals(1388)),
        ("> 1,234,567.5", above(1234567.5)),
    ],
)
def test_what_is_written_is_read(text, band):
    assert parse_band(text) == band


@pytest.mark.parametrize(
    "text",
    [
        "", "0", "> ", ">> 0", "=> 0", "== 0", "> 0 or so", "above 0", "> nan", "< inf", "-inf to 0", "0 to", "to 1",
        "0-1", "1 to 2 to 3", "> 0,5", "0,01 to 0,02", "> 1,00", "> 1,0000", "> 0,500", "2 ± -1", "2 ±", "± 1", "10 %",
        "> 1e", "> 0x10", "> 1_000", "> 0\x1b[31m", "2 ± 1 ± 1", "<> 1", "> 0\n< 1",
    ],
)  # fmt: skip
def test_what_is_no_band_is_refused_and_shown_in_one_line(text):
    with pytest.raises(ValueError, match=r"^band .*: expected '> 0', ") as caught:
        parse_band(text)
    assert str(caught.value).isprintable()
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize("text", ["> 1e999", "-1e999 to 0", "= 1e400", "0 ± 1e999", "<= -1e309"])
def test_numbers_beyond_all_numbers_are_refused(text):
    with pytest.raises(ValueError, match=r"^band '.*': .* is too large to be a number$"):
        parse_band(text)


def test_ends_the_wrong_way_round_are_refused():
    with pytest.raises(ValueError, match=r"^band '1 to -1': 1 is above -1$"):
        parse_band("1 to -1")


@given(st.sampled_from([">", ">=", "<", "<=", "="]), short)
def test_bands_with_one_number_are_read_as_they_are_shown(sign, number):
    band = parse_band(f"{sign} {number!r}")
    assert parse_band(str(band)) == band


@given(short, short)
def test_bands_with_two_ends_are_read_as_they_are_shown(one, other):
    low, high = sorted((one, other))
    assume(f"{low:g}" != f"{high:g}" or low == high)
    band = between(low, high)
    assert parse_band(str(band)) == band
    assert parse_band(f"{low!r} to {high!r}") == band


@given(st.integers(-(10**9), 10**9), st.integers(-14, -8))
def test_narrow_bands_are_shown_around_their_middle(middle, power):
    assume(10.0**power > 4 * math.ulp(float(middle)))
    band = equals(middle, 1.5 * 10.0**power)
    again = parse_band(str(band))
    assert (again.low + again.high) / 2 == pytest.approx(middle, abs=math.ulp(float(middle) or 1e-30))
    width = (band.high - band.low) / 2
    assert (again.high - again.low) / 2 == pytest.approx(width, rel=0.05, abs=2 * math.ulp(float(middle) or 1e-30))


@pytest.mark.parametrize(
    ("band", "words"),
    [
        (above(0), "> 0"),
        (Expect(low=0.5, closed=True), "≥ 0.5"),
        (below(1e-6), "< 1e-06"),
        (Expect(high=0, closed=True), "≤ 0"),
        (equals(1388), "= 1,388"),
        (between(-0.03, 0.03), "-0.03 to 0.03"),
        (equals(1, 1.5e-9), "1 ± 1.5e-09"),
        (Expect(), "no expectation"),
    ],
)
def test_bands_are_shown_in_few_words(band, words):
    assert str(band) == words


REPRODUCED, CONTRADICTED, OPEN = "reproduced", "contradicted", "inconclusive"


@pytest.mark.parametrize(
    ("band", "low", "high", "verdict"),
    [
        ("> 0", 0.1, 0.2, REPRODUCED),
        ("> 0", 0.0, 0.2, OPEN),  # an open band lacks its end
        ("> 0", -0.2, 0.0, CONTRADICTED),
        ("> 0", 0.0, 0.0, CONTRADICTED),
        ("> 0", -0.1, 0.1, OPEN),
        (">= 0", 0.0, 0.2, REPRODUCED),  # a closed one has it
        (">= 0", -0.2, 0.0, OPEN),
        (">= 0", 0.0, 0.0, REPRODUCED),
        (">= 0", -0.2, -1e-300, CONTRADICTED),
        ("< 1", 0.2, 1.0, OPEN),
        ("< 1", 1.0, 1.2, CONTRADICTED),
        ("<= 1", 0.2, 1.0, REPRODUCED),
        ("<= 1", 1.0, 1.2, OPEN),
        ("-1 to 1", -1.0, 1.0, REPRODUCED),
        ("-1 to 1", -1.1, 1.0, OPEN),
        ("-1 to 1", 1.0, 2.0, OPEN),
        ("-1 to 1", -3.0, -1.5, CONTRADICTED),
        ("-1 to 1", -3.0, 3.0, OPEN),
        ("= 56", 56.0, 56.0, REPRODUCED),
        ("= 56", 55.0, 57.0, OPEN),
        ("= 56", 57.0, 57.0, CONTRADICTED),
        ("2 ± 1e-9", 2.0, 2.0, REPRODUCED),
        ("2 ± 1e-9", 2.0 + 2e-9, 2.0 + 2e-9, CONTRADICTED),
    ],
)
def test_verdicts_at_the_ends(band, low, high, verdict):
    assert parse_band(band).judge(effect(low, high)) == verdict


@pytest.mark.parametrize(
    ("band", "low", "high", "verdict"),
    [
        ("< -9", -INF, -INF, REPRODUCED),  # log10 of nothing
        ("<= -9", -INF, -INF, REPRODUCED),
        ("> 0", -INF, -INF, CONTRADICTED),
        ("> 0", INF, INF, REPRODUCED),
        ("< 0", 1.0, INF, CONTRADICTED),
        ("> 0", 1.0, INF, REPRODUCED),
        ("> 0", -INF, INF, OPEN),
        ("-1 to 1", -INF, INF, OPEN),
        ("= 0", INF, INF, CONTRADICTED),
    ],
)
def test_a_band_without_an_end_there_reaches_to_infinity(band, low, high, verdict):
    found = exact(low) if low == high else Effect(0.0, low, high, 3)
    assert parse_band(band).judge(found) == verdict


def test_to_lie_outside_is_asked_of_the_stricter_interval_and_inside_of_the_other():
    band = above(0)
    assert band.judge(effect(-0.3, -0.1)) == CONTRADICTED
    assert band.judge(effect(-0.3, -0.1, -0.4, 0.1)) == OPEN
    assert band.judge(effect(-0.3, -0.1, -0.4, -0.05)) == CONTRADICTED
    assert band.judge(effect(0.1, 0.3, -0.1, 0.5)) == REPRODUCED
    assert between(0, 1).judge(effect(1.1, 1.3, 0.9, 1.5)) == OPEN


@pytest.mark.parametrize("name", ["low", "high"])
@pytest.mark.parametrize("band", ["> 0", "<= 0", "-1 to 1"])
def test_nothing_is_decided_by_what_is_no_number(name, band):
    ends = {"low": 0.5, "high": 0.6} | {name: NAN}
    assert parse_band(band).judge(effect(**ends)) == OPEN
    strict = {"strict_low": 0.4, "strict_high": 0.7} | {f"strict_{name}": NAN}
    assert parse_band(band).judge(effect(0.5, 0.6, **strict)) in (REPRODUCED, CONTRADICTED)  # stands for the other


@given(st.lists(st.floats(-10, 10), min_size=4, max_size=4), st.floats(-10, 10), st.floats(-10, 10), st.booleans())
def test_never_inside_and_outside_and_wider_is_less_sure(ends, one, other, closed):
    strict_low, low, high, strict_high = sorted(ends)
    band = Expect(min(one, other), max(one, other), closed)
    verdict = band.judge(effect(low, high, strict_low, strict_high))
    wider = band.judge(effect(low - 1, high + 1, strict_low - 1, strict_high + 1))
    assert wider in (verdict, OPEN)
    point = (low + high) / 2
    inside = band.low <= point <= band.high if closed else band.low < point < band.high
    if verdict != OPEN:
        assert inside == (verdict == REPRODUCED)
