"""The page of puzzles: every claim answered as declared, every oracle holding, every known defect beside it."""

from __future__ import annotations

import pytest
from tests.studies import made_up

STUDY = "puzzles"
PARAMS = "{seeds: 20, replicates: 2000, trials: 1000, small_numbers: 500}"


def verdicts(evidence, claim, kind):
    return [finding.verdict for finding in evidence.findings if (finding.claim, finding.kind) == (claim, kind)]


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        (88, "reproduced"),
        (90, "reproduced"),
        (91, "contradicted"),
        (92, "inconclusive"),
    ],
)
def test_every_puzzle_is_answered_by_what_was_declared(evidence, claim, verdict):
    assert made_up.measured(evidence, claim) == [verdict]
    assert {finding.claim for finding in evidence.findings} == set(range(88, 95))


def test_of_three_neighbouring_fingers_one_is_not_ahead(evidence):
    assert made_up.measured(evidence, 93) == ["reproduced", "contradicted", "reproduced"]


def test_every_oracle_holds(evidence):
    oracles = [finding for finding in evidence.findings if finding.kind == "oracle"]
    assert {finding.claim for finding in oracles} == {89, 91, 92, 93, 94}
    assert {finding.verdict for finding in oracles} == {"reproduced"}


@pytest.mark.parametrize(("claim", "defect"), [(88, 11), (90, 15), (91, 12), (92, 13)])
def test_the_sources_slips_stand_beside_its_claims(evidence, claim, defect):
    slips = [f for f in evidence.findings if f.claim == claim and f.kind == "slip"]
    assert {finding.defect for finding in slips} == {defect}
    assert {finding.verdict for finding in slips} == {"contradicted"}


def test_every_declared_defect_is_shown(evidence):
    for claim, declared in evidence.declared.items():
        shown = {finding.defect for finding in evidence.findings if finding.claim == claim} - {None}
        assert shown == set(declared.slips)


def test_what_is_right_in_the_source_is_found_right(evidence):
    for claim in (88, 90, 91, 93):
        found = verdicts(evidence, claim, "secondary")
        assert "reproduced" in found
        assert "contradicted" not in found  # few of them say little, each for itself
    rate, lifetime = verdicts(evidence, 92, "secondary")
    assert rate == "reproduced"
    assert lifetime != "contradicted"  # ten animals just tell it, or not, from half the heart rate's dependence


def test_a_proposal_without_data_is_built_and_has_no_verdict(evidence):
    found = [finding for finding in evidence.findings if finding.claim == 94]
    assert [finding.kind for finding in found] == ["context"] * 3 + ["oracle"]
    assert {evidence.declared[claim].kind("generated") for claim in (89, 94)} == {"built"}
    assert verdicts(evidence, 89, "primary") == []


def test_a_share_of_cases_belongs_to_its_grid(evidence):
    shares = [f for f in evidence.findings if f.claim == 89 and f.measures.startswith("Share of the cases")]
    assert [finding.effect.n for finding in shares] == [26_100, 26_100]
    assert [finding.effect.value for finding in shares] == pytest.approx([0.368, 0.679], abs=0.001)
    assert {finding.kind for finding in shares} == {"context"}


def test_orders_of_mammals_are_too_few_for_the_law(evidence):
    law = next(f for f in evidence.findings if f.claim == 92 and f.kind == "primary")
    assert law.effect.n == evidence.declared[92].planned.n
    assert evidence.declared[92].power < 0.01


def test_findings_name_figures_that_exist(evidence):
    drawn = {figure.name for figure in evidence.figures}
    assert {name for finding in evidence.findings for name in finding.figures} == drawn


def test_a_second_run_writes_the_same_bytes(evidence, run, folder, tmp_path):
    run(tmp_path)
    first, second = (sorted((root / "data/evidence/puzzles").rglob("*.*")) for root in (folder, tmp_path))
    assert [path.name for path in first] == [path.name for path in second]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
