"""Findings judge themselves by where their interval lies, and evidence is written whole or not at all."""

from __future__ import annotations

import math

import numpy as np
import pytest

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import (
    Evidence,
    Figure,
    Finding,
    Metric,
    above,
    below,
    between,
    decide,
    judge,
    primary,
    read_evidence,
)
from reprise.statistics import Effect, exact


def declared(claim: int = 1, **more) -> Declaration:
    fields = {"says": "it grows", "place": "S1", "measures": "Gain{}", "band": "> 0", "because": "to grow is above 0"}
    return Declaration(claim=claim, **(fields | more))


def built(claim: int = 2) -> Declaration:
    return Declaration(claim=claim, built={"names": "S1 lists it", "oracle": "another one"})


def test_a_finding_needs_a_claim_and_what_it_is_held_against():
    with pytest.raises(ValueError, match="begin at 1"):
        Finding(0, "x", exact(1), above(0), "primary")
    for kind in ("primary", "secondary", "oracle", "slip"):
        with pytest.raises(ValueError, match="must say what it is held against"):
            Finding(1, "x", exact(1), kind=kind)
    with pytest.raises(ValueError, match="must name the defect"):
        Finding(1, "x", exact(1), above(0), "slip")
    assert Finding(1, "x", exact(1)).verdict == "untested"


def test_what_decides_has_the_words_and_the_band_that_were_declared():
    found = primary(declared(measures="Gain of {}"), exact(-1), of="`wide`", note="n")
    assert (found.claim, found.measures, found.kind, str(found.expect)) == (1, "Gain of `wide`", "primary", "> 0")
    assert (found.verdict, found.note) == ("contradicted", "n")
    with pytest.raises(ValueError, match="claim 2 is only named by its source"):
        primary(built(), exact(1))


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ([], "untested"),
        ([("context", "untested"), ("oracle", "reproduced")], "untested"),
        ([("primary", "reproduced"), ("primary", "reproduced")], "reproduced"),
        ([("primary", "reproduced"), ("primary", "inconclusive")], "inconclusive"),
        ([("primary", "inconclusive"), ("primary", "contradicted")], "contradicted"),
        ([("primary", "reproduced"), ("secondary", "contradicted"), ("slip", "contradicted")], "reproduced"),
        ([("primary", "contradicted"), ("secondary", "reproduced")], "contradicted"),
        ([("primary", "reproduced"), ("oracle", "contradicted")], "inconclusive"),
        ([("primary", "contradicted"), ("oracle", "inconclusive")], "inconclusive"),
    ],
)
def test_what_was_declared_decides_and_nothing_beside_it(found, verdict):
    assert judge(found) == verdict


def test_what_may_not_be_judged_is_inconclusive_and_says_why(tmp_path):
    sure = Effect(1.0, 0.9, 1.1, 10, seeds=3, seed_spread=0.1)
    barred = primary(declared(), sure, undecided="baseline near chance", note="levels")
    assert decide([primary(declared(), sure)]) == "reproduced"
    assert decide([barred]) == "inconclusive"
    assert Finding(1, "m", sure, undecided="whatever").verdict == "untested"
    Evidence("d", [barred]).write(tmp_path, source="generated", scale="small", study="s")
    assert read_evidence(tmp_path)["findings"][0]["note"] == "levels; not judged: baseline near chance"


def study(**changes) -> Evidence:
    fields = {
        "data": "d",
        "findings": [primary(declared(), exact(1))],
    }
    return Evidence(**(fields | changes))


def test_each_declared_claim_has_one_primary_finding_and_what_is_built_none():
    one, many, other = declared(1), declared(3, each=True), built(2)
    found = [primary(one, exact(1)), primary(many, exact(1)), primary(many, exact(2)), Finding(2, "m", exact(1))]
    study(findings=found, declared={1: one, 2: other, 3: many}).check()
    for findings, message in (
        ([*found, primary(one, exact(1))], "claim 1: 2 primary findings, declared is one"),
        (found[1:], "claim 1: 0 primary findings"),
        ([*found, Finding(2, "m", exact(1), above(0), "primary")], "claim 2 is built and has a primary finding"),
        ([*found, Finding(9, "m", exact(1))], "claim 9 is measured and not declared"),
    ):
        with pytest.raises(ValueError, match=message):
            study(findings=findings, declared={1: one, 2: other, 3: many}).check()


def test_evidence_says_what_was_declared_and_what_came_of_it(tmp_path):
    one = declared(1, basis="data", smallest=1, planned={"seeds": 8, "spread": 1}, undecidable="chance")
    for source, kind in (("generated", "stand-in"), ("real", "measured")):
        study(declared={1: one, 2: built()}).write(tmp_path, source=source)
        said = read_evidence(tmp_path)["declared"]
        assert (said["1"]["digest"], said["1"]["kind"], said["1"]["verdict"]) == (one.digest, kind, "reproduced")
        assert said["1"]["power"] == one.power
        assert (said["2"]["kind"], said["2"]["power"]) == ("built", None)


@pytest.mark.parametrize(
    ("source", "undecided", "some"),
    [
        ("real", "", True),
        ("real", "2 seeds, planned are 8", True),  # they are still to come
        ("real", "training was cut off", False),
        ("real", "training was cut off; 2 seeds, planned are 8", False),
        ("generated", "training was cut off", True),  # a stand-in says what is planned for real data
    ],
)
def test_what_more_seeds_do_not_mend_leaves_no_power(tmp_path, source, undecided, some):
    plan = {"seeds": 8, "spread": 1}
    one = declared(1, basis="data", smallest=1, each=True, planned=plan, undecidable="chance")
    effect = Effect(1.0, 0.5, 1.5, 9, 2)
    pair = [primary(one, effect), primary(one, effect, undecided=undecided)]
    study(findings=pair, declared={1: one}).write(tmp_path, source=source)
    assert read_evidence(tmp_path)["declared"]["1"]["power"] == (one.power_of(2) if some else 0)
    assert 0 < one.power_of(2) < one.power


def test_evidence_without_findings_or_with_undrawn_figures_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no findings"):
        study(findings=[]).write(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"curve\.svg: named but never drawn"):
        study(figures=[Figure("curve", "t", "a")]).write(tmp_path)
    assert not (tmp_path / "evidence.json").exists()


def test_a_metric_that_dvc_takes_for_a_failure_is_refused(tmp_path):
    with pytest.raises(ValueError, match="metric error: DVC takes this name for a failure"):
        study(metrics={"error": Metric(0.5, "lower")}).write(tmp_path)


def test_evidence_round_trips_with_verdicts_and_without_infinities(tmp_path):
    numbers = Effect(np.float64(0.5), -math.inf, math.inf, np.int64(3))
    evidence = study(findings=[primary(declared(2), numbers)], cost={"steps": np.int64(4)})
    evidence.write(tmp_path, scale="small")
    first = (tmp_path / "evidence.json").read_bytes()
    read = read_evidence(tmp_path)
    assert read["findings"][0]["verdict"] == "inconclusive"
    assert read["findings"][0]["effect"]["low"] is None
    assert (read["findings"][0]["effect"]["n"], read["cost"]["steps"]) == (3, 4)
    assert read["provenance"] == {"scale": "small"}
    evidence.write(tmp_path, scale="small")
    assert (tmp_path / "evidence.json").read_bytes() == first


def test_what_another_processor_does_otherwise_is_not_stored(tmp_path):
    """Sums in another order differ in the last digits: of an effect beyond its interval, of a number beyond six."""

    def stored(noise: float) -> bytes:
        effect = Effect(0.123 + noise, 0.1 + noise, 0.15 - noise, 10, seed_spread=0.01 + noise)
        finding = Finding(1, "m", effect, between(0, 1), "secondary")
        error = Finding(1, "error", exact(1e-16 * (1 + noise)), between(0, 1), "secondary")
        study(findings=[finding, error], cost={"loss": 1.23456789 + noise}).write(tmp_path)
        return (tmp_path / "evidence.json").read_bytes()

    assert stored(0) == stored(3e-9)
    assert read_evidence(tmp_path)["findings"][1]["effect"]["value"] == 0
    assert stored(0) != stored(1e-3)


def test_settings_and_bands_are_stored_as_they_are(tmp_path):
    finding = Finding(1, "m", exact(1e-12), below(1e-10), "oracle")
    study(findings=[finding], settings={"rate": 1.23456789e-11}).write(tmp_path)
    read = read_evidence(tmp_path)
    assert (read["findings"][0]["expect"]["high"], read["settings"]["rate"]) == (1e-10, 1.23456789e-11)


def test_a_claim_that_these_data_cannot_be_asked_has_no_verdict_and_says_why(tmp_path):
    asked, beside = primary(declared(), exact(1)), Finding(3, "y", exact(2))
    evidence = Evidence("d", findings=[asked, beside], unasked={3: "nothing is connected"})
    evidence.declared = {1: declared(), 3: declared(3)}
    evidence.check()
    evidence.write(tmp_path)
    record = read_evidence(tmp_path)
    assert list(record["declared"]) == ["1"]
    assert record["unasked"] == {"3": "nothing is connected"}
    evidence.findings.append(primary(declared(3), exact(1)))
    with pytest.raises(ValueError, match="claim 3 is not asked of these data and has a primary finding"):
        evidence.check()
