"""What claims 57 and 59 are checked against holds, and would not if the statistic or a start were another."""

from __future__ import annotations

import numpy as np
import torch

from reprise.layers import gates
from reprise.studies.connectivity import oracles


def verdicts(claim):
    return [finding.verdict for finding in oracles.oracles() if finding.claim == claim]


def test_statistics_of_gates_and_starts_are_those_of_their_oracles():
    assert (verdicts(57), verdicts(59)) == (["reproduced"], ["reproduced"] * 2)


def test_a_spread_over_the_wrong_number_of_seeds_is_seen(monkeypatch):
    monkeypatch.setattr(oracles, "spreads", lambda gates: gates.std(axis=0))
    assert verdicts(57) == ["contradicted"]


def test_a_correlation_that_counts_each_seed_with_itself_is_seen(monkeypatch):
    monkeypatch.setattr(oracles, "correlations", lambda gates: np.corrcoef(gates).mean(axis=1))
    assert verdicts(57) == ["contradicted"]


def test_other_starts_are_seen(monkeypatch):
    def other(channels, per_feature, init):
        count = sum(channels) if per_feature else len(channels)
        return torch.randn(count) * 0.1 + 0.49 if init == "normal" else torch.full((count,), 0.5)

    monkeypatch.setattr(gates, "_initial", other)
    assert verdicts(59) == ["contradicted"] * 2
