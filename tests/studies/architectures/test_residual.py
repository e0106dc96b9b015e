"""Claim 118: residual blocks with zero weights, as published, on what reaches them and on inputs of both signs."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from reprise.evaluation import declarations
from reprise.models.zoo.resnet import ResNet
from reprise.studies.architectures import residual
from reprise.studies.architectures.residual import Identity

DECLARED = declarations("architectures")[118]


@pytest.fixture(scope="module")
def identity():
    return residual.silenced(2)


def verdicts(identity):
    return [finding.verdict for finding in residual.findings(DECLARED, identity)]


def test_blocks_return_what_reaches_them_but_for_the_four_that_project_and_none_an_x_of_both_signs(identity):
    assert len(identity.adding) == 3 + 8 + 36 + 3
    assert [gap == 0 for gap in identity.reached] == identity.adding
    assert identity.adding.count(False) == 4
    assert min(identity.signed) > 0
    assert max(gap for gap, adds in zip(identity.summed, identity.adding, strict=True) if adds) == 0
    assert verdicts(identity) == ["reproduced", "contradicted", "contradicted"]


def test_blocks_that_all_returned_their_input_would_reproduce():
    none, some = [0.0] * 5, [0.0] * 4 + [1e-9]
    assert verdicts(Identity(none, none, none, [True] * 5)) == ["reproduced"] * 3
    assert verdicts(Identity(none, some, none, [True] * 5)) == ["reproduced", "reproduced", "contradicted"]
    assert verdicts(Identity(none, none, some, [True] * 5)) == ["contradicted", "reproduced", "reproduced"]


def test_an_output_of_another_shape_is_infinitely_far():
    assert residual.gap(nn.Conv2d(2, 3, 1), torch.zeros(1, 2, 4, 4)) == float("inf")
    assert residual.gap(nn.Identity(), torch.zeros(1, 2, 4, 4)) == 0


def test_blocks_that_are_not_silenced_return_nothing_unchanged(monkeypatch):
    monkeypatch.setattr(residual, "silence", lambda block: block.eval())
    found = residual.silenced(2)
    assert min(found.reached) > 0
    assert verdicts(found) == ["contradicted"] * 3


def test_the_identity_needs_a_relu_before_the_block(monkeypatch):
    """Without one the ReLU after the sum changes x."""

    class Bare(ResNet):
        def __init__(self, layers: int):
            super().__init__(layers)
            for block in self.blocks:
                if not isinstance(block.shortcut, nn.Identity):
                    block.activation = nn.Identity()

    monkeypatch.setattr(residual, "ResNet", Bare)
    found = residual.silenced(2)
    assert sum(gap > 0 for gap, adds in zip(found.reached, found.adding, strict=True) if adds) == 4
    assert verdicts(found)[1] == "contradicted"
