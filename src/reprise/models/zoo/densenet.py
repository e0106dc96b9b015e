"""DenseNet: each layer sees the outputs of all layers before it, concatenated."""

from __future__ import annotations

import torch
from torch import nn


class DenseLayer(nn.Module):
    """Appends ``growth`` new channels to its input: (n, c, h, w) -> (n, c + growth, h, w)."""

    def __init__(self, channels: int, growth: int, bottleneck: int = 4):
        super().__init__()
        narrow = bottleneck * growth
        self.branch = nn.Sequential(
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, narrow, 1, bias=False),
            nn.BatchNorm2d(narrow),
            nn.ReLU(),
            nn.Conv2d(narrow, growth, 3, padding=1, bias=False),
        )

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return torch.cat([features, self.branch(features)], dim=1)


class DenseNet(nn.Module):
    """DenseNet-BC of Huang et al. (2017).

    A block of L layers has L (L + 1) / 2 connections where a plain one has L. Width grows by ``growth`` a layer; a
    transition between blocks halves both channels and size.

    Args:
        blocks: layers in each dense block; the default is DenseNet-121.
        growth: channels that each layer adds.
        classes: outputs.

    Shape: (n, 3, 224, 224) -> (n, classes) logits. 7,978,856 parameters by default.
    """

    def __init__(self, blocks: tuple[int, ...] = (6, 12, 24, 16), growth: int = 32, classes: int = 1000):
        super().__init__()
        channels = 2 * growth
        layers: list[nn.Module] = [
            nn.Conv2d(3, channels, 7, 2, padding=3, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.MaxPool2d(3, 2, padding=1),
        ]
        for index, repeats in enumerate(blocks):
            if index:
                layers += transition(channels)
                channels //= 2
            for _ in range(repeats):
                layers.append(DenseLayer(channels, growth))
                channels += growth
        self.features = nn.Sequential(*layers, nn.BatchNorm2d(channels), nn.ReLU())
        self.classifier = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.features(images))


def transition(channels: int) -> list[nn.Module]:
    """The layers between two dense blocks: half the channels, half the size."""
    convolution = nn.Conv2d(channels, channels // 2, 1, bias=False)
    return [nn.BatchNorm2d(channels), nn.ReLU(), convolution, nn.AvgPool2d(2)]
