"""Claim 92: exponents judged by what the source says of each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reprise.evaluation import declarations
from reprise.studies.puzzles import kleiber
from reprise.studies.puzzles.lesson.kleiber import Slope

DECLARED = declarations("puzzles")[92]


@pytest.fixture(scope="module")
def found():
    return kleiber.fit(500)


def exponent(value, half=0.01):
    return Slope(value, value - half, value + half, 422, 20)


def verdict(found, text):
    return next(finding.verdict for finding in kleiber.findings(DECLARED, found) if text in finding.measures)


@pytest.mark.parametrize(
    ("value", "half", "expected"),
    [
        (0.75, 0.01, "reproduced"),
        (0.70, 0.005, "contradicted"),
        (2 / 3, 0.01, "contradicted"),
        (0.72, 0.05, "inconclusive"),
    ],
)
def test_the_law_must_lie_nearer_to_three_quarters_than_to_two_thirds(found, value, half, expected):
    made_up = replace(found, metabolism=exponent(value, half))
    assert verdict(made_up, "basal metabolic rate") == expected
    assert kleiber.findings(DECLARED, made_up)[0].published == "3/4"


@pytest.mark.parametrize(("value", "expected"), [(-0.25, "reproduced"), (1.0, "contradicted")])
def test_the_heart_rate_must_fall_with_mass(found, value, expected):
    assert verdict(replace(found, rate=exponent(value)), "resting heart rate") == expected


def test_heartbeats_in_proportion_to_mass_are_a_slip_beside_the_law(found):
    (slip,) = [f for f in kleiber.findings(DECLARED, found) if f.kind == "slip"]
    assert (slip.verdict, slip.defect) == ("contradicted", 13)
    assert f"{found.rate.value:.2f}" in slip.note
    assert verdict(replace(found, lifetime=exponent(1.0)), "against 'heartbeat") == "reproduced"


def test_two_exponents_judged_at_once_have_a_stricter_interval(found):
    for slope in (found.rate, found.lifetime):
        assert slope.together == 2
        assert slope.strict_low < slope.low < slope.value < slope.high < slope.strict_high
    assert (found.metabolism.strict_low, found.metabolism.strict_high) == found.metabolism[1:3]


@pytest.mark.parametrize(("value", "expected"), [(0.0, "reproduced"), (0.25, "contradicted"), (0.12, "inconclusive")])
def test_a_constant_depends_on_mass_less_than_half_as_much_as_the_heart_rate(found, value, expected):
    assert verdict(replace(found, lifetime=exponent(value)), "lifetime (record age)") == expected


def test_orders_are_resampled_and_each_counts_once_in_the_second_fit(found):
    orders = found.mammals.order.nunique()
    assert found.metabolism.groups == found.by_order.points == orders
    assert found.metabolism.points == 422
    assert found.rate.points == found.lifetime.points == len(found.hearts) == 10


def test_the_fit_agrees_with_scipys_and_a_wrong_one_does_not(found):
    assert verdict(found, "SciPy") == "reproduced"
    assert verdict(replace(found, metabolism=exponent(found.metabolism.value + 1e-6)), "SciPy") == "contradicted"


def test_the_table_shows_beats_in_billions(found):
    beats = np.array([row[5] for row in kleiber.table(found).rows])
    np.testing.assert_allclose(beats * 1e9, found.hearts.lifetime_beats, atol=5e6)
