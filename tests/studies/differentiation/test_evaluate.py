"""The study ``differentiation``, run small: which claims it answers, that its oracles hold, that it repeats itself."""

from __future__ import annotations

STUDY = "differentiation"
PARAMS = "{points: 20, sizes: [1, 4, 16], chain: 64, iterations: 6, steps: 60}"


def test_it_answers_its_claims(evidence):
    assert {finding.claim for finding in evidence.findings if finding.kind == "primary"} == {13, 14, 15, 16, 17, 142}


def test_our_code_agrees_with_every_oracle(evidence):
    oracles = [finding for finding in evidence.findings if finding.kind == "oracle"]
    assert oracles
    assert [finding.measures for finding in oracles if finding.verdict != "reproduced"] == []


def test_every_claim_is_reproduced(evidence):
    assert {finding.verdict for finding in evidence.findings if finding.kind == "primary"} == {"reproduced"}


def test_the_worked_table_ends_in_the_gradient(evidence):
    table = next(table for table in evidence.tables if "both directions" in table.title)
    last, firsts = table.rows[-1], table.rows[:2]
    assert list(last[3:5]) == [row[5] for row in firsts]


def test_findings_name_figures_that_exist(evidence):
    drawn = {figure.name for figure in evidence.figures}
    assert {name for finding in evidence.findings for name in finding.figures} <= drawn


def test_a_second_run_writes_the_same_bytes(evidence, run, folder, tmp_path):
    run(tmp_path)
    first, second = (sorted((root / "data/evidence/differentiation").rglob("*.*")) for root in (folder, tmp_path))
    assert [path.name for path in first] == [path.name for path in second]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
