"""The page of puzzles: every claim answered, every oracle holding, every known defect shown."""

from __future__ import annotations

import pytest

STUDY = "puzzles"
PARAMS = "{seeds: 20, replicates: 2000, trials: 1000, small_numbers: 500}"


def verdicts(evidence, claim, variant=None):
    return {
        finding.verdict
        for finding in evidence.findings
        if finding.claim == claim and finding.kind == "claim" and variant in (None, finding.variant)
    }


def test_every_puzzle_is_answered(evidence):
    assert {finding.claim for finding in evidence.findings if finding.kind == "claim"} == set(range(88, 95))


def test_every_oracle_holds(evidence):
    oracles = [finding for finding in evidence.findings if finding.kind == "oracle"]
    assert {finding.claim for finding in oracles} == {91, 92, 93}
    assert {finding.verdict for finding in oracles} == {"reproduced"}


@pytest.mark.parametrize(("claim", "defect"), [(88, 11), (89, 11), (90, 15), (91, 12), (92, 13), (93, 14)])
def test_the_sources_defects_are_shown(evidence, claim, defect):
    shown = [f for f in evidence.findings if f.claim == claim and f.defect == defect and f.kind == "claim"]
    assert shown
    assert {finding.verdict for finding in shown} == {"contradicted"}


def test_what_is_right_in_the_source_is_found_right(evidence):
    assert verdicts(evidence, 88, "corrected") == {"reproduced"}
    for claim in (90, 91, 92, 93):
        assert "reproduced" in verdicts(evidence, claim, "text")


def test_a_proposal_without_data_stays_open(evidence):
    assert verdicts(evidence, 94) == {"inconclusive"}


def test_shield_grid_has_every_case(evidence):
    (share,) = [f for f in evidence.findings if f.claim == 89 and f.kind == "claim"]
    assert share.effect.n == 26_100
    assert share.effect.value == pytest.approx(0.368, abs=0.001)


def test_findings_name_figures_that_exist(evidence):
    drawn = {figure.name for figure in evidence.figures}
    assert {name for finding in evidence.findings for name in finding.figures} == drawn


def test_a_second_run_writes_the_same_bytes(evidence, run, folder, tmp_path):
    run(tmp_path)
    first, second = (sorted((root / "data/evidence/puzzles").rglob("*.*")) for root in (folder, tmp_path))
    assert [path.name for path in first] == [path.name for path in second]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
