"""Claim 118: what the blocks of ResNet-152 return when their residual branch has zero weights."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, equals, primary
from reprise.models.zoo.resnet import ResNet, silence
from reprise.statistics import exact

SIDE = 64  # pixels: the last blocks still see 2 x 2


@dataclass(frozen=True)
class Identity:
    """How far silenced blocks are from the identity.

    Attributes:
        reached: for each block, the largest |output - x| on the x that reaches it; infinite where the shape changes.
        signed: the same on a normal x, of both signs.
        adding: whether each adds x itself; the others have a projection for a shortcut.
    """

    reached: list[float]
    signed: list[float]
    adding: list[bool]


@torch.no_grad()
def silenced(images: int) -> Identity:
    """The blocks with F = 0, each on what reaches it when so many random images, (images, 3, 64, 64), are passed on."""
    torch.manual_seed(118)
    network, found = ResNet(152), Identity([], [], [])
    features = network.stem(torch.randn(images, 3, SIDE, SIDE))
    for block in network.blocks:
        passed_on = block(features)
        silent = silence(block)
        found.reached.append(gap(silent, features))
        found.signed.append(gap(silent, torch.randn_like(features)))
        found.adding.append(isinstance(block.shortcut, nn.Identity))
        features = passed_on
    return found


@torch.no_grad()
def gap(block: nn.Module, features: torch.Tensor) -> float:
    """Largest absolute difference that a block makes; infinite where it makes another shape."""
    output = block(features)
    return float((output - features).abs().max()) if output.shape == features.shape else float("inf")


def findings(declared: Declaration, identity: Identity) -> list[Finding]:
    """On what reaches the blocks and on inputs of both signs; and where it is an identity."""
    blocks = len(identity.adding)
    adding = [gap for gap, adds in zip(identity.reached, identity.adding, strict=True) if adds]
    return [
        primary(
            declared,
            exact(sum(gap == 0 for gap in identity.reached) / blocks, blocks, "share of blocks"),
            of="on what reaches them in the network",
            note="The others change the width and project: with F = 0 they are linear maps, not the identity.",
        ),
        primary(
            declared,
            exact(sum(gap == 0 for gap in identity.signed) / blocks, blocks, "share of blocks"),
            of="on an x of both signs",
            note="The ReLU after the sum sets negative values to zero: the block is max(x, 0), not x.",
        ),
        Finding(
            118,
            "Largest |output − x| of the blocks that add x itself, on what reaches them",
            exact(max(adding), len(adding)),
            equals(0),
            kind="secondary",
            note="What reaches a block has passed a ReLU, so that the one after the sum leaves it alone: as the source "
            "defines a block, x + 0 = x is an identity.",
        ),
    ]
