"""ResNet: blocks that add what they compute to what they were given."""

from __future__ import annotations

import torch
from torch import nn

BLOCKS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
EXPANSION = 4


class Bottleneck(nn.Module):
    """A residual block: ``relu(shortcut(x) + F(x))`` with F = 1 x 1 (narrow), 3 x 3, 1 x 1 (wide), each normalised.

    The shortcut is the identity where shapes allow and a 1 x 1 projection where the width or the stride changes.

    Args:
        channels: of the input.
        width: of the narrow middle; the output has four times as many channels.
        stride: of the 3 x 3 convolution.
        final_relu: the ReLU after the sum, as published in 2015. Without it nothing touches the shortcut, which is
            what the pre-activation form of 2016 is about.

    Shape: (n, channels, h, w) -> (n, 4 * width, h / stride, w / stride).
    """

    def __init__(self, channels: int, width: int, stride: int = 1, final_relu: bool = True):
        super().__init__()
        wide = EXPANSION * width
        self.branch = nn.Sequential(
            nn.Conv2d(channels, width, 1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, wide, 1, bias=False),
            nn.BatchNorm2d(wide),
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or channels != wide:
            projection = nn.Conv2d(channels, wide, 1, stride, bias=False)
            self.shortcut = nn.Sequential(projection, nn.BatchNorm2d(wide))
        self.activation = nn.ReLU() if final_relu else nn.Identity()

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.activation(self.shortcut(features) + self.branch(features))


class ResNet(nn.Module):
    """ResNet of He et al. (2015) with bottleneck blocks.

    Args:
        layers: 50, 101 or 152.
        classes: outputs.

    Shape: (n, 3, 224, 224) -> (n, classes) logits. 60,192,808 parameters for 152 layers.

    Raises:
        ValueError: there is no such ResNet.
    """

    def __init__(self, layers: int = 152, classes: int = 1000):
        super().__init__()
        if layers not in BLOCKS:
            raise ValueError(f"ResNet with {layers!r} layers: choose one of {', '.join(map(str, BLOCKS))}")
        self.stem = nn.Sequential(
            nn.Conv2d(3, 64, 7, 2, padding=3, bias=False),
            nn.BatchNorm2d(64),
            nn.ReLU(),
            nn.MaxPool2d(3, 2, padding=1),
        )
        blocks: list[nn.Module] = []
        channels = 64
        for stage, repeats in enumerate(BLOCKS[layers]):
            width = 64 * 2**stage
            for block in range(repeats):
                blocks.append(Bottleneck(channels, width, stride=2 if stage and block == 0 else 1))
                channels = EXPANSION * width
        self.blocks = nn.Sequential(*blocks)
        self.classifier = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.blocks(self.stem(images)))


def silence(block: Bottleneck) -> Bottleneck:
    """Sets every weight of the residual branch to zero, in place, so that F(x) = 0; the shortcut keeps its own."""
    for parameter in block.branch.parameters():
        nn.init.zeros_(parameter)
    return block
