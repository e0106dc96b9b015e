"""The study of claims 1 and 2 on a few starts: what it finds, and that it finds the same twice."""

from __future__ import annotations

import pytest
from tests.studies.made_up import verdicts

STUDY = "mixtures"
PARAMS = "{runs: 300, iterations: 10, long_iterations: 200, fits: 5, parity_iterations: 30}"


def test_answers_its_claims_and_holds_against_the_oracle(evidence):
    assert {finding.claim for finding in evidence.findings} == {1, 2}
    assert verdicts(evidence, 1) == ["reproduced"]
    assert [verdicts(evidence, claim, "oracle") for claim in (1, 2)] == [["reproduced"] * 2, []]
    assert verdicts(evidence, 1, "secondary") == ["reproduced"]


def test_the_scripts_slips_are_seen_in_its_data_and_its_starts(evidence):
    assert verdicts(evidence, 1, "slip") == verdicts(evidence, 2, "slip") == ["contradicted"]


def test_the_early_stop_costs_more_than_the_start_and_a_valid_start_seldom_misses(evidence):
    primary, valid, alone, script, stop, *_ = [f.effect for f in evidence.findings if f.claim == 2]
    assert 0 < primary.value == valid.value < 0.05 < alone.low
    assert alone.high < script.low
    assert stop.value == pytest.approx(script.value - alone.value)  # data points never miss
    assert stop.low > alone.value


def test_table_has_every_start_prior_and_length(evidence):
    (table,) = evidence.tables
    assert [row[0] for row in table.rows] == ["source"] * 3 + ["valid"] * 2 + ["data points"] * 3
    nan = [row[3] for row in table.rows]
    assert all(nan[:3])
    assert not any(nan[3:])  # no negative variance, and no underflow


def test_a_second_run_writes_the_same_bytes(evidence, run, folder, tmp_path):
    run(tmp_path)
    first, second = (sorted((root / "data/evidence/mixtures").rglob("*.*")) for root in (folder, tmp_path))
    assert [path.name for path in first] == [path.name for path in second]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert len(first) == 1 + len(evidence.figures)
