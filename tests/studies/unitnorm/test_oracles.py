"""What claims 76 and 78 are checked against holds, and would not if a penalty or the angles were others."""

from __future__ import annotations

import pytest
import torch

from reprise.layers import unitnorm
from reprise.studies.unitnorm.oracles import coordinates, oracles


def verdicts():
    return [(finding.claim, finding.verdict) for finding in oracles()]


def test_penalties_and_angles_are_those_of_their_oracles():
    assert verdicts() == [(claim, "reproduced") for claim in (76, 76, 78, 78)]


def test_of_two_angles_the_formula_is_the_spheres():
    a, b = 0.4, 1.1
    sin, cos = (torch.tensor([a, b], dtype=torch.float64).sin().tolist(), torch.tensor([a, b]).double().cos().tolist())
    assert coordinates([a, b]) == pytest.approx([cos[0], sin[0] * cos[1], sin[0] * sin[1]], abs=1e-7)
    assert coordinates([a, b], 1) == pytest.approx([0, -sin[0] * sin[1], sin[0] * cos[1]], abs=1e-7)


def test_a_penalty_on_squared_lengths_is_seen(monkeypatch):
    def other(weights):
        return (torch.cat([each.flatten(1).square().sum(1) for each in weights]) - 1).square().mean()

    monkeypatch.setattr(unitnorm, "norm_penalty", other)
    assert verdicts()[0] == (76, "contradicted")


def test_sines_where_cosines_belong_are_seen(monkeypatch):
    monkeypatch.setattr(
        unitnorm, "from_angles", lambda angles: unitnorm.unit_norm(torch.cat([angles, angles[:, :1]], 1))
    )
    assert verdicts()[1] == (76, "contradicted")


def test_a_similarity_that_counts_each_filter_with_itself_is_seen(monkeypatch):
    def other(weight):
        return (unitnorm.unit_norm(weight).flatten(1) @ unitnorm.unit_norm(weight).flatten(1).T).square().mean()

    monkeypatch.setattr(unitnorm, "filter_similarity", other)
    assert verdicts()[2:] == [(78, "contradicted")] * 2
