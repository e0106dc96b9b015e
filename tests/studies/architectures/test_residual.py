"""Claim 118: residual blocks with zero weights, and blocks whose weights are not zero."""

from __future__ import annotations

import pytest

from reprise.studies.architectures import residual


@pytest.fixture(scope="module")
def identity():
    return residual.silenced(2)


def test_the_sum_alone_is_the_identity_and_the_published_relu_keeps_half_of_a_normal_input(identity):
    assert identity.bare == identity.published == 0
    assert identity.unchanged / identity.values == pytest.approx(0.5, abs=0.02)
    assert identity.values == 2 * 256 * 7 * 7


def test_resnet_152_has_fifty_blocks_of_which_each_stage_has_one_projection(identity):
    assert (identity.blocks, identity.projections) == (3 + 8 + 36 + 3, 4)


def test_blocks_that_are_not_silenced_contradict(monkeypatch):
    monkeypatch.setattr(residual, "silence", lambda block: block.eval())
    findings = residual.findings(residual.silenced(2))
    assert [finding.verdict for finding in findings if finding.kind == "claim"] == ["contradicted"] * 2
