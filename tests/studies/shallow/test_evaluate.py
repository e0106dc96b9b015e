"""The study ``shallow``, run small: which claims it answers, that its oracles hold, that it repeats itself."""

from __future__ import annotations

STUDY = "shallow"
PARAMS = "{seeds: 4, points: 150, hidden: 8, widths: [1, 4]}"


def test_it_answers_its_claims(evidence):
    assert {finding.claim for finding in evidence.findings if finding.kind != "context"} == {141}


def test_our_code_agrees_with_every_oracle(evidence):
    oracles = [finding for finding in evidence.findings if finding.kind == "oracle"]
    assert oracles
    assert [finding.measures for finding in oracles if finding.verdict != "reproduced"] == []


def test_every_claim_is_reproduced(evidence):
    assert {finding.verdict for finding in evidence.findings if finding.kind == "claim"} == {"reproduced"}


def test_findings_name_figures_that_exist(evidence):
    drawn = {figure.name for figure in evidence.figures}
    assert {name for finding in evidence.findings for name in finding.figures} <= drawn


def test_a_second_run_writes_the_same_bytes(evidence, run, folder, tmp_path):
    run(tmp_path)
    first, second = (sorted((root / "data/evidence/shallow").rglob("*.*")) for root in (folder, tmp_path))
    assert [path.name for path in first] == [path.name for path in second]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
