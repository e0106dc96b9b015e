"""The study ``initialisation``, run small: which claims it answers, that its oracles hold, that it repeats itself."""

from __future__ import annotations

from tests.studies import made_up

STUDY = "initialisation"
PARAMS = (
    "{seeds: 10, depth: 20, width: 256, examples: 128, replicates: 30, draws: 10000, descents: 40, hessians: 5000, "
    "dimensions: 8}"
)


def test_it_answers_its_claims(evidence):
    assert {finding.claim for finding in evidence.findings if finding.kind != "context"} == {159, 160, 161, 163, 164}


def test_our_code_agrees_with_every_oracle(evidence):
    oracles = [finding for finding in evidence.findings if finding.kind == "oracle"]
    assert oracles
    assert [finding.measures for finding in oracles if finding.verdict != "reproduced"] == []


def test_the_published_rule_fails_with_relu_and_the_corrected_one_holds(evidence):
    assert made_up.verdicts(evidence, 161) == ["contradicted"]
    findings = {finding.variant: finding for finding in evidence.findings if "layer, ReLU units" in finding.measures}
    assert (findings["text"].kind, findings["text"].defect) == ("slip", 17)
    assert findings["text"].verdict == "contradicted"
    assert abs(findings["text"].effect.value - 0.5) < 0.05
    assert abs(findings["corrected"].effect.value - 1) < 0.1


def test_the_other_claims(evidence):
    assert made_up.verdicts(evidence, 159) == ["reproduced", "contradicted", "reproduced", "reproduced"]
    assert made_up.verdicts(evidence, 160) == ["reproduced"]
    assert made_up.verdicts(evidence, 163) == []  # built
    assert made_up.verdicts(evidence, 164) == ["inconclusive"]  # forty descents are not what was planned


def test_a_slip_stands_beside_a_derivation_that_holds(evidence):
    assert made_up.verdicts(evidence, 160, "slip") == ["contradicted"]


def test_findings_name_figures_that_exist(evidence):
    drawn = {figure.name for figure in evidence.figures}
    assert {name for finding in evidence.findings for name in finding.figures} <= drawn


def test_a_second_run_writes_the_same_bytes(evidence, run, folder, tmp_path):
    run(tmp_path)
    first, second = (sorted((root / "data/evidence/initialisation").rglob("*.*")) for root in (folder, tmp_path))
    assert [path.name for path in first] == [path.name for path in second]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
