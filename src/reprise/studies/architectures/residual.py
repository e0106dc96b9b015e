"""Claim 118: what the blocks of ResNet-152 return when their residual branch has zero weights."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, primary
from reprise.models.zoo.resnet import Bottleneck, ResNet, silence
from reprise.statistics import exact, proportion

SIDE = 64  # pixels: the last blocks still see 2 x 2


@dataclass(frozen=True)
class Identity:
    """How far silenced blocks are from the identity.

    Attributes:
        gaps: largest |output - x| of each block that adds x itself, on the x that reaches it.
        blocks: all of them, also those with a projection for a shortcut.
        unchanged: values of an x of both signs that a published block leaves as they are.
        values: of how many.
    """

    gaps: list[float]
    blocks: int
    unchanged: int
    values: int


@torch.no_grad()
def silenced(images: int) -> Identity:
    """The blocks with F = 0, each on what reaches it when so many random images, (images, 3, 64, 64), are passed on."""
    torch.manual_seed(118)
    network, gaps = ResNet(152), []
    features = network.stem(torch.randn(images, 3, SIDE, SIDE))
    for block in network.blocks:
        passed_on = block(features)
        if isinstance(block.shortcut, nn.Identity):
            gaps.append(gap(silence(block), features))
        features = passed_on
    both = torch.randn(images, 256, 7, 7)
    unchanged = silence(Bottleneck(256, 64))(both) == both
    return Identity(gaps, len(network.blocks), int(unchanged.sum()), both.numel())


@torch.no_grad()
def gap(block: nn.Module, features: torch.Tensor) -> float:
    """Largest absolute difference that a block makes."""
    return float((block(features) - features).abs().max())


def findings(declared: Declaration, identity: Identity) -> list[Finding]:
    """The identity where it holds, and where it does not."""
    return [
        primary(
            declared,
            exact(max(identity.gaps), len(identity.gaps)),
            note="What reaches a block has passed a ReLU, so that the one after the sum leaves it alone.",
        ),
        Finding(
            118,
            "Share of values that a published block with F = 0 leaves unchanged for an x of both signs",
            proportion(identity.unchanged, identity.values),
            note="The ReLU after the sum sets negative values to zero: the block is max(x, 0), not x.",
        ),
        Finding(
            118,
            "Share of ResNet-152's blocks that add x itself",
            exact(len(identity.gaps) / identity.blocks, identity.blocks),
            note="The others change the width and project: with F = 0 they are linear maps, not the identity.",
        ),
    ]
