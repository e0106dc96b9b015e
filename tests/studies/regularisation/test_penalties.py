"""Claim 155's minimisers: what the findings say when the curves are right, and when they are not."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.evaluation import declarations
from reprise.studies.regularisation import penalties

DECLARED = declarations("regularisation")[155]


@pytest.fixture(scope="module")
def curves():
    return penalties.minimisers()


def test_everything_is_reproduced_by_the_minimisers_found(curves):
    judged = [finding for finding in penalties.findings(DECLARED, curves) if finding.kind != "context"]
    assert [finding.kind for finding in judged].count("primary") == 2
    assert len(judged) == 8
    assert {finding.verdict for finding in judged} == {"reproduced"}


def test_minimisers_fall_from_the_target_to_zero(curves):
    for p, curve in curves.items():
        assert curve[0] == pytest.approx(1, abs=0.01), p
        assert (np.diff(curve) <= 1e-9).all(), p
        assert (curve >= 0).all(), p


def test_a_penalty_that_moves_nothing_contradicts_the_claim(curves):
    idle = curves | {2.0: np.ones_like(curves[2.0])}
    verdicts = {finding.measures: finding.verdict for finding in penalties.findings(DECLARED, idle)}
    assert verdicts[DECLARED.measures.format("(0, 0) at λ = 1000")] == "contradicted"
    assert verdicts[DECLARED.measures.format("(1, 1) at λ = 0.001")] == "reproduced"
    assert verdicts["Largest distance of the L2 minimiser from 1 / (1 + λ), found by search"] == "contradicted"


def test_l2_that_reaches_zero_is_told(curves):
    zero = curves | {2.0: np.where(penalties.STRENGTHS > 100, 0.0, curves[2.0])}
    found = next(f for f in penalties.findings(DECLARED, zero) if f.measures.startswith("Values of λ on the grid"))
    assert found.effect.value == (penalties.STRENGTHS > 100).sum()
    assert found.verdict == "contradicted"
