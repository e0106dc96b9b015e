"""The study of claims 1 and 2 on a few starts: what it finds, and that it finds the same twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from reprise.claims.mixtures import evaluate

from reprise.workspace import Workspace


def workspace(folder: Path) -> Workspace:
    (folder / "params.yaml").write_text("scale: smoke\nmixtures: {runs: 60, fits: 5}\n")
    (folder / "data/evidence/mixtures/figures").mkdir(parents=True)
    return Workspace("mixtures", folder)


@pytest.fixture(scope="module")
def evidence(tmp_path_factory):
    place = workspace(tmp_path_factory.mktemp("mixtures"))
    found = evaluate(place)
    found.write(place.evidence)
    return found


def test_answers_its_claims_and_holds_against_the_oracle(evidence):
    assert {finding.claim for finding in evidence.findings} == {1, 2}
    judged = [finding for finding in evidence.findings if finding.kind != "context"]
    assert len(judged) >= 6
    assert {finding.verdict for finding in judged} == {"reproduced"}


def test_table_has_every_start_prior_and_length(evidence):
    (table,) = evidence.tables
    assert [row[:3] for row in table.rows] == [
        (start, prior, iterations)
        for start in ("source", "data points")
        for prior, iterations in (("likelihoods", 10), ("responsibilities", 10), ("responsibilities", 200))
    ]
    nan = [row[3] for row in table.rows]
    assert all(nan[:3])
    assert not any(nan[3:])  # variances of real data are never negative


def test_same_bytes_twice(evidence, tmp_path):
    again = workspace(tmp_path)
    evaluate(again).write(again.evidence)
    first = evidence.findings
    assert [f.effect for f in evaluate(again).findings] == [f.effect for f in first]
    assert len(list((again.evidence / "figures").iterdir())) == len(evidence.figures)
