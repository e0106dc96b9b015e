"""GoogLeNet: Inception modules, which look at several scales in parallel and concatenate what they see."""

from __future__ import annotations

import torch
from torch import nn

# input channels, 1x1, 3x3 reduce, 3x3, 5x5 reduce, 5x5, pool projection; None is a pooling between stages
STAGES: tuple[tuple[int, ...] | None, ...] = (
    (192, 64, 96, 128, 16, 32, 32),
    (256, 128, 128, 192, 32, 96, 64),
    None,
    (480, 192, 96, 208, 16, 48, 64),
    (512, 160, 112, 224, 24, 64, 64),
    (512, 128, 128, 256, 24, 64, 64),
    (512, 112, 144, 288, 32, 64, 64),
    (528, 256, 160, 320, 32, 128, 128),
    None,
    (832, 256, 160, 320, 32, 128, 128),
    (832, 384, 192, 384, 48, 128, 128),
)


class Inception(nn.Module):
    """Four branches side by side (1 x 1, 3 x 3, 5 x 5, pooling), concatenated along the channels.

    The 1 x 1 "reduce" convolutions before the wide ones are what makes it affordable.

    Args:
        channels: of the input.
        one, three_reduce, three, five_reduce, five, pooled: filters of each convolution.
        batch_norm: normalised convolutions without bias, and 3 x 3 in place of 5 x 5, as the weights that libraries
            ship were trained; otherwise the published module.

    Shape: (n, channels, h, w) -> (n, one + three + five + pooled, h, w).
    """

    def __init__(
        self,
        channels: int,
        one: int,
        three_reduce: int,
        three: int,
        five_reduce: int,
        five: int,
        pooled: int,
        batch_norm: bool = False,
    ):
        super().__init__()
        large = 3 if batch_norm else 5
        self.branch1 = convolution(channels, one, 1, batch_norm)
        self.branch3 = nn.Sequential(
            convolution(channels, three_reduce, 1, batch_norm), convolution(three_reduce, three, 3, batch_norm)
        )
        self.branch5 = nn.Sequential(
            convolution(channels, five_reduce, 1, batch_norm), convolution(five_reduce, five, large, batch_norm)
        )
        self.branch_pool = nn.Sequential(
            nn.MaxPool2d(3, stride=1, padding=1), convolution(channels, pooled, 1, batch_norm)
        )

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        branches = (self.branch1, self.branch3, self.branch5, self.branch_pool)
        return torch.cat([branch(features) for branch in branches], dim=1)


class GoogLeNet(nn.Module):
    """GoogLeNet of Szegedy et al. (2015), without the auxiliary heads that only training uses.

    Args:
        classes: outputs.
        batch_norm: see ``Inception``.

    Shape: (n, 3, 224, 224) -> (n, classes) logits. 6,998,552 parameters as published, 6,624,904 with batch
    normalisation.
    """

    def __init__(self, classes: int = 1000, batch_norm: bool = False):
        super().__init__()
        normalise = nn.Identity if batch_norm else lambda: nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75)
        self.stem = nn.Sequential(
            convolution(3, 64, 7, batch_norm, stride=2),
            nn.MaxPool2d(3, 2, ceil_mode=True),
            normalise(),
            convolution(64, 64, 1, batch_norm),
            convolution(64, 192, 3, batch_norm),
            normalise(),
            nn.MaxPool2d(3, 2, ceil_mode=True),
        )
        self.inception = nn.Sequential(
            *(nn.MaxPool2d(3, 2, ceil_mode=True) if s is None else Inception(*s, batch_norm=batch_norm) for s in STAGES)
        )
        self.classifier = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.4), nn.Linear(1024, classes)
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.inception(self.stem(images)))


def convolution(channels: int, filters: int, size: int, batch_norm: bool, stride: int = 1) -> nn.Sequential:
    """A convolution that keeps the size (but for its stride), with or without batch normalisation, and ReLU."""
    layer = nn.Conv2d(channels, filters, size, stride, padding=size // 2, bias=not batch_norm)
    return nn.Sequential(layer, nn.BatchNorm2d(filters, eps=1e-3) if batch_norm else nn.Identity(), nn.ReLU())
