"""Claim 118: residual blocks with zero weights, and blocks whose weights are not zero."""

from __future__ import annotations

import pytest
from torch import nn

from reprise.evaluation import declarations
from reprise.models.zoo.resnet import ResNet
from reprise.studies.architectures import residual


@pytest.fixture(scope="module")
def identity():
    return residual.silenced(2)


DECLARED = declarations("architectures")[118]


def test_published_blocks_are_the_identity_where_they_stand_and_keep_half_of_a_normal_input(identity):
    assert set(identity.gaps) == {0.0}
    assert residual.findings(DECLARED, identity)[0].verdict == "reproduced"
    assert identity.unchanged / identity.values == pytest.approx(0.5, abs=0.02)
    assert identity.values == 2 * 256 * 7 * 7


def test_resnet_152_has_fifty_blocks_of_which_each_stage_has_one_projection(identity):
    assert (identity.blocks, identity.blocks - len(identity.gaps)) == (3 + 8 + 36 + 3, 4)


def test_blocks_that_are_not_silenced_contradict(monkeypatch):
    monkeypatch.setattr(residual, "silence", lambda block: block.eval())
    found = residual.silenced(2)
    assert min(found.gaps) > 0
    assert residual.findings(DECLARED, found)[0].verdict == "contradicted"


def test_a_network_whose_blocks_get_negative_values_contradicts(monkeypatch):
    """As it would be without a ReLU before them: the one after the sum then changes x."""

    class Bare(ResNet):
        def __init__(self, layers: int):
            super().__init__(layers)
            for block in self.blocks:
                if not isinstance(block.shortcut, nn.Identity):
                    block.activation = nn.Identity()

    monkeypatch.setattr(residual, "ResNet", Bare)
    found = residual.silenced(2)
    assert sum(gap > 0 for gap in found.gaps) == 4  # the block after each projection
    assert residual.findings(DECLARED, found)[0].verdict == "contradicted"
