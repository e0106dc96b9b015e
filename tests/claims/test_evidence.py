"""Findings judge themselves by where their interval lies, and evidence is written whole or not at all."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprise.claims.evidence import Evidence, Expect, Figure, Finding, above, below, between, equals, read_evidence
from reprise.statistics import Effect, exact, paired_effect, seeds_effect

finite = st.floats(-1e6, 1e6)


def effect(low: float, high: float) -> Effect:
    return Effect((low + high) / 2, low, high, 10)


@pytest.mark.parametrize(
    ("expect", "low", "high", "verdict"),
    [
        (above(0), 0.1, 0.3, "reproduced"),
        (above(0), -0.3, -0.1, "contradicted"),
        (above(0), -0.1, 0.3, "inconclusive"),
        (above(0), 0.0, 0.0, "contradicted"),  # equal is not above
        (below(0), -0.3, -0.1, "reproduced"),
        (below(0), 0.0, 0.2, "contradicted"),
        (between(-1, 1), -1, 1, "reproduced"),
        (between(-1, 1), 0.5, 1.5, "inconclusive"),
        (between(-1, 1), 1.1, 1.5, "contradicted"),
        (equals(28), 28, 28, "reproduced"),
        (equals(28), 29, 29, "contradicted"),
        (equals(1, 1e-6), 1 + 5e-7, 1 + 5e-7, "reproduced"),
        (above(0), math.nan, math.nan, "inconclusive"),
        (above(0), -math.inf, math.inf, "inconclusive"),
    ],
)
def test_verdict_follows_from_where_the_interval_lies(expect, low, high, verdict):
    assert expect.judge(effect(low, high)) == verdict


@given(finite, finite, finite, finite)
def test_above_and_below_never_both_hold(bound, a, b, c):
    low, high = min(a, b), max(a, b)
    verdicts = {above(bound).judge(effect(low, high)), below(bound).judge(effect(low, high))}
    assert verdicts != {"reproduced"}
    band = between(min(bound, c), max(bound, c))
    assert band.judge(effect(band.low, band.high)) == "reproduced"


def test_a_finding_needs_a_claim_and_an_expectation():
    with pytest.raises(ValueError, match="begin at 1"):
        Finding(0, "x", exact(1), above(0))
    with pytest.raises(ValueError, match="must say what it expects"):
        Finding(1, "x", exact(1))
    assert Finding(1, "x", exact(1), kind="context").verdict == "untested"


def test_seeds_needed_only_for_what_more_seeds_could_settle():
    unsettled = Finding(1, "x", seeds_effect(np.array([0.02, -0.01, 0.03])), above(0))
    assert unsettled.verdict == "inconclusive"
    assert unsettled.seeds_needed > 3
    assert unsettled.remedy == f"About {unsettled.seeds_needed} seeds would resolve it."
    assert Finding(1, "x", exact(1), above(0)).seeds_needed is None
    assert Finding(1, "x", exact(1), above(0)).remedy == ""


def test_where_the_examples_leave_too_much_open_no_number_of_seeds_is_named():
    subjects = np.array([0.5, -0.3, 0.4, -0.2])  # alike in every seed
    few = Finding(1, "x", paired_effect(subjects + np.array([[0.0], [0.01], [-0.01]])), above(0))
    assert few.verdict == "inconclusive"
    assert few.seeds_needed is None
    assert "examples tested leave ±" in few.remedy


def test_a_band_is_resolved_when_both_ends_that_the_interval_covers_are():
    wide = Finding(1, "x", seeds_effect(np.array([0.2, -0.3, 0.31])), between(-0.1, 0.1))
    one = Finding(1, "x", seeds_effect(np.array([0.2, -0.3, 0.31])), above(-0.1))
    other = Finding(1, "x", seeds_effect(np.array([0.2, -0.3, 0.31])), below(0.1))
    assert wide.seeds_needed == max(one.seeds_needed, other.seeds_needed)


def test_expectations_read_as_bands():
    texts = [str(expect) for expect in (above(0), below(2), between(1, 2), equals(3), Expect())]
    assert texts == ["> 0", "< 2", "1 to 2", "= 3", "no expectation"]


def study(**changes) -> Evidence:
    fields = {
        "data": "d",
        "findings": [Finding(1, "x", exact(1), above(0))],
    }
    return Evidence(**(fields | changes))


def test_what_may_not_be_judged_is_inconclusive_and_says_why(tmp_path):
    sure = Effect(1.0, 0.9, 1.1, 10, seeds=3, seed_spread=0.1)
    barred = Finding(1, "m", sure, above(0), note="levels", undecided="baseline near chance")
    assert Finding(1, "m", sure, above(0)).verdict == "reproduced"
    assert (barred.verdict, barred.seeds_needed, barred.remedy) == ("inconclusive", None, "")
    assert Finding(1, "m", sure, kind="context", undecided="whatever").verdict == "untested"
    Evidence("d", [barred]).write(tmp_path, source="generated", scale="small", study="s")
    assert read_evidence(tmp_path)["findings"][0]["note"] == "levels; not judged: baseline near chance"


def test_evidence_without_findings_or_with_undrawn_figures_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no findings"):
        study(findings=[]).write(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"curve\.svg: named but never drawn"):
        study(figures=[Figure("curve", "t", "a")]).write(tmp_path)
    assert not (tmp_path / "evidence.json").exists()


def test_evidence_round_trips_with_verdicts_and_without_infinities(tmp_path):
    numbers = Effect(np.float64(0.5), -math.inf, math.inf, np.int64(3))
    study(findings=[Finding(2, "x", numbers, above(0))], cost={"steps": np.int64(4)}).write(tmp_path, scale="small")
    first = (tmp_path / "evidence.json").read_bytes()
    read = read_evidence(tmp_path)
    assert read["findings"][0]["verdict"] == "inconclusive"
    assert read["findings"][0]["effect"]["low"] is None
    assert (read["findings"][0]["effect"]["n"], read["cost"]["steps"]) == (3, 4)
    assert read["provenance"] == {"scale": "small"}
    study(findings=[Finding(2, "x", numbers, above(0))], cost={"steps": np.int64(4)}).write(tmp_path, scale="small")
    assert (tmp_path / "evidence.json").read_bytes() == first
