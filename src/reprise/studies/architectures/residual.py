"""Claim 118: what a block of ResNet-152 returns when its residual branch has zero weights."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from reprise.claims.evidence import Finding, equals
from reprise.models.zoo.cost import on_meta
from reprise.models.zoo.resnet import Bottleneck, ResNet, silence
from reprise.statistics import exact, proportion


@dataclass(frozen=True)
class Identity:
    """How far silenced blocks are from the identity.

    Attributes:
        bare: largest |output - x| of x + F(x), nothing after the sum.
        published: the same with the published ReLU after the sum, for an x that came out of a ReLU.
        unchanged: values of an x of both signs that the published block leaves as they are.
        values: of how many.
        blocks: of ResNet-152.
        projections: how many of these have a projection for a shortcut.
    """

    bare: float
    published: float
    unchanged: int
    values: int
    blocks: int
    projections: int


def silenced(images: int) -> Identity:
    """Blocks with F = 0 on so many random inputs, (images, 256, 7, 7)."""
    torch.manual_seed(118)
    bare, published = (silence(Bottleneck(256, 64, final_relu=relu)) for relu in (False, True))
    x = torch.randn(images, 256, 7, 7)
    with torch.no_grad():
        gaps = (bare(x) - x).abs().max().item(), (published(x.relu()) - x.relu()).abs().max().item()
        unchanged = int((published(x) == x).sum())
    blocks = on_meta(lambda: ResNet(152)).blocks
    projections = sum(not isinstance(block.shortcut, nn.Identity) for block in blocks)
    return Identity(*gaps, unchanged, x.numel(), len(blocks), projections)


def findings(identity: Identity) -> list[Finding]:
    """The identity as the source writes it, as it was published, and where it is none."""
    n = identity.values
    return [
        Finding(
            118,
            "Largest |output − x| of x + F(x) with F = 0",
            exact(identity.bare, n),
            equals(0.0),
            published="S3: if weights are zeros, then the output of a residual block is the input X",
            note="Nothing after the sum, as the source writes it; the identity is exact.",
        ),
        Finding(
            118,
            "The same with the published ReLU after the sum, for an x that came out of a ReLU",
            exact(identity.published, n),
            equals(0.0),
            note="Inside a ResNet every block's input is of this kind.",
        ),
        Finding(
            118,
            "Share of values that the published block leaves unchanged for an x of both signs",
            proportion(identity.unchanged, n),
            kind="context",
            note="The ReLU after the sum sets negative values to zero: the block is max(x, 0), not x.",
        ),
        Finding(
            118,
            "Share of ResNet-152's blocks whose shortcut is the identity",
            exact(1 - identity.projections / identity.blocks, identity.blocks),
            kind="context",
            note="The others change the width and project: with F = 0 they are linear maps, not the identity.",
        ),
    ]
