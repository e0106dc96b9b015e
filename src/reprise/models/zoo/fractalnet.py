"""FractalNet: as deep as a ResNet without any shortcut; short and long paths are averaged."""

from __future__ import annotations

import torch
from torch import nn


class FractalBlock(nn.Module):
    """Columns of 1, 2, 4, ... convolutions over the same span, joined wherever they meet.

    The expansion rule is f_1 = conv and f_{c+1}(x) = join(conv(x), f_c(f_c(x))), where a join is the mean of all the
    columns that end there.

    Args:
        channels: of the input.
        filters: of the output.
        columns: the longest path has ``2 ** (columns - 1)`` convolutions.

    Shape: (n, channels, h, w) -> (n, filters, h, w).
    """

    def __init__(self, channels: int, filters: int, columns: int):
        super().__init__()
        self.columns = nn.ModuleList(
            nn.ModuleList(convolution(filters if step else channels, filters) for step in range(2**column))
            for column in range(columns)
        )

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        span = len(self.columns[-1])
        inputs = [features] * len(self.columns)
        for step in range(1, span + 1):
            ending = [c for c, layers in enumerate(self.columns) if step % (span // len(layers)) == 0]
            outputs = [self.columns[c][step * len(self.columns[c]) // span - 1](inputs[c]) for c in ending]
            joined = torch.stack(outputs).mean(dim=0)
            for c in ending:
                inputs[c] = joined
        return joined


class FractalNet(nn.Module):
    """FractalNet of Larsson, Maire and Shakhnarovich (2017), their CIFAR-10 model: 5 blocks of 3 columns.

    Drop-path and dropout act in training alone and hold no parameters; they are no part of this definition.

    Args:
        widths: filters of each block; each is followed by 2 x 2 pooling.
        columns: of each block; 20 layers deep by default, and one dense.
        classes: outputs.

    Shape: (n, 3, 32, 32) -> (n, classes) logits. 33,724,618 parameters by default.
    """

    def __init__(self, widths: tuple[int, ...] = (64, 128, 256, 512, 512), columns: int = 3, classes: int = 10):
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for width in widths:
            layers += [FractalBlock(channels, width, columns), nn.MaxPool2d(2)]
            channels = width
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(channels, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.features(images).flatten(1))


def convolution(channels: int, filters: int) -> nn.Sequential:
    """3 x 3 convolution, batch normalisation, ReLU."""
    return nn.Sequential(nn.Conv2d(channels, filters, 3, padding=1, bias=False), nn.BatchNorm2d(filters), nn.ReLU())
