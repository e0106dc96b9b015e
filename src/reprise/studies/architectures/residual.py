"""Claim 118: what the blocks of ResNet-152 return when their residual branch has zero weights."""

from __future__ import annotations

from collections.abc import Callable
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
        summed: the same of the sum, before the ReLU.
        adding: whether each adds x itself; the others have a projection for a shortcut.
    """

    reached: list[float]
    signed: list[float]
    summed: list[float]
    adding: list[bool]


@torch.no_grad()
def silenced(images: int) -> Identity:
    """The blocks with F = 0, each on what reaches it when so many random images, (images, 3, 64, 64), are passed on."""
    torch.manual_seed(118)
    network, found = ResNet(152), Identity([], [], [], [])
    features = network.stem(torch.randn(images, 3, SIDE, SIDE))
    for block in network.blocks:
        passed_on = block(features)
        silent = silence(block)
        found.reached.append(gap(silent, features))
        signed = torch.randn_like(features)
        found.signed.append(gap(silent, signed))
        found.summed.append(gap(lambda x, block=silent: block.shortcut(x) + block.branch(x), signed))
        found.adding.append(isinstance(block.shortcut, nn.Identity))
        features = passed_on
    return found


@torch.no_grad()
def gap(block: Callable[[torch.Tensor], torch.Tensor], features: torch.Tensor) -> float:
    """Largest absolute difference that a block makes; infinite where it makes another shape."""
    output = block(features)
    return float((output - features).abs().max()) if output.shape == features.shape else float("inf")


def findings(declared: Declaration, identity: Identity) -> list[Finding]:
    """Of the sum, which the source defines; of the blocks as published, on what reaches them and on either sign."""
    blocks = len(identity.adding)
    adding = [gap for gap, adds in zip(identity.summed, identity.adding, strict=True) if adds]
    kinds = (
        (
            "what reaches them in the network",
            identity.reached,
            "The others change the width and project: with F = 0 they are linear maps, not the identity.",
        ),
        (
            "an X of both signs",
            identity.signed,
            "The ReLU after the sum sets negative values to zero: the block is max(X, 0), not X.",
        ),
    )
    identical = [sum(gap == 0 for gap in gaps) for _, gaps, _ in kinds]
    return [
        primary(
            declared,
            exact(max(adding), len(adding)),
            note=f"Of the sum as defined. As published a ReLU follows, or a projection goes before: {identical[0]} of "
            f"{blocks} blocks return what reaches them in the network, {identical[1]} an X of both signs.",
        ),
        *(
            Finding(
                118,
                f"Share of the blocks, each as published, that return their input when F has zero weights, on {which}",
                exact(same / blocks, blocks, "share of blocks"),
                equals(1),
                kind="secondary",
                note=note,
            )
            for (which, _, note), same in zip(kinds, identical, strict=True)
        ),
    ]
