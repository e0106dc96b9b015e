"""The study ``losses``, run small: which claims it answers, that its oracles hold, that it repeats itself."""

from __future__ import annotations

from tests.studies import made_up

STUDY = "losses"
PARAMS = "{repetitions: 80, points: 20, outliers: 0.1, units: 60, steps: 1500}"


def test_it_answers_its_claims(evidence):
    decided = {finding.claim for finding in evidence.findings if finding.kind == "primary"}
    named = {146, 148, 149, 151}
    assert decided == set(range(143, 152)) - named
    assert {claim for claim, each in evidence.declared.items() if each.kind("generated") == "built"} == named


def test_our_code_agrees_with_every_oracle(evidence):
    oracles = [finding for finding in evidence.findings if finding.kind == "oracle"]
    assert oracles
    assert [finding.measures for finding in oracles if finding.verdict != "reproduced"] == []


def test_dead_units_and_hinge_loss_are_contradicted_by_one_comparison_each(evidence):
    verdicts = {claim: made_up.measured(evidence, claim) for claim in (143, 144, 145, 147, 150)}
    one, both = ["reproduced"], ["reproduced", "reproduced"]
    beside = ["reproduced", "contradicted"]
    assert verdicts == {143: one, 144: both, 145: beside, 147: beside, 150: one}


def test_the_sources_hinge_example_stands_beside_its_published_number(evidence):
    finding = next(finding for finding in evidence.findings if finding.claim == 150 and finding.published)
    assert finding.effect.value == 2
    assert finding.published.startswith("2")


def test_findings_name_figures_that_exist(evidence):
    drawn = {figure.name for figure in evidence.figures}
    assert {name for finding in evidence.findings for name in finding.figures} <= drawn


def test_a_second_run_writes_the_same_bytes(evidence, run, folder, tmp_path):
    run(tmp_path)
    first, second = (sorted((root / "data/evidence/losses").rglob("*.*")) for root in (folder, tmp_path))
    assert [path.name for path in first] == [path.name for path in second]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
