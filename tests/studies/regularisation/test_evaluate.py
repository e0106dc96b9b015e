"""The study ``regularisation``, run small: which claims it answers, that its oracles hold, that it repeats itself."""

from __future__ import annotations

from tests.studies import made_up

STUDY = "regularisation"
PARAMS = "{repetitions: 20, scale: 10.0, degree: 12, points: 20}"


def test_it_answers_its_claims(evidence):
    assert {finding.claim for finding in evidence.findings if finding.kind != "context"} == {155, 156, 157, 158}


def test_our_code_agrees_with_every_oracle(evidence):
    oracles = [finding for finding in evidence.findings if finding.kind == "oracle"]
    assert oracles
    assert [finding.measures for finding in oracles if finding.verdict != "reproduced"] == []


def test_what_the_source_states_is_reproduced_and_what_it_only_names_is_built(evidence):
    verdicts = {claim: made_up.measured(evidence, claim) for claim in range(155, 159)}
    assert verdicts == {155: ["reproduced"] * 2, 156: [], 157: ["reproduced"], 158: ["reproduced"] * 5}
    beside = [finding for finding in evidence.findings if finding.kind == "secondary"]
    against = [finding.measures for finding in beside if finding.verdict != "reproduced"]
    assert ["both features have the scale" in words for words in against] == [True]  # it is scales that differ


def test_the_penalty_as_written_is_shown_to_have_no_minimum(evidence):
    finding = next(finding for finding in evidence.findings if finding.variant == "text")
    assert finding.effect.value < -1e17


def test_findings_name_figures_that_exist(evidence):
    drawn = {figure.name for figure in evidence.figures}
    assert {name for finding in evidence.findings for name in finding.figures} <= drawn


def test_a_second_run_writes_the_same_bytes(evidence, run, folder, tmp_path):
    run(tmp_path)
    first, second = (sorted((root / "data/evidence/regularisation").rglob("*.*")) for root in (folder, tmp_path))
    assert [path.name for path in first] == [path.name for path in second]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
