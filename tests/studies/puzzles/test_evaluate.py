"""The page of puzzles: every claim answered, every oracle holding, every known defect shown."""

from __future__ import annotations

import pytest
from reprise.claims.puzzles import evaluate

from reprise.workspace import Workspace


@pytest.fixture(scope="module")
def evidence(tmp_path_factory):
    folder = tmp_path_factory.mktemp("puzzles")
    (folder / "params.yaml").write_text(
        "scale: smoke\npuzzles: {seeds: 20, replicates: 2000, trials: 1000, small_numbers: 500}\n"
    )
    place = Workspace("puzzles", folder)
    (place.evidence / "figures").mkdir(parents=True)
    found = evaluate(place)
    found.write(place.evidence)
    return found


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
