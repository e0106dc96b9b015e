"""Network in Network: a small dense network slides over the image in place of a linear filter."""

from __future__ import annotations

import torch
from torch import nn


class NetworkInNetwork(nn.Module):
    """Network in Network of Lin, Chen and Yan (2014), their CIFAR-10 model.

    Two 1 x 1 convolutions after each spatial one are a two-layer perceptron at every pixel. The last one makes one
    map a class, and global average pooling reads the logits off: there is no dense layer to overfit.

    Args:
        classes: outputs.

    Shape: (n, 3, 32, 32) -> (n, classes) logits. 966,986 parameters for ten classes.
    """

    def __init__(self, classes: int = 10):
        super().__init__()
        self.layers = nn.Sequential(
            *perceptron(3, 5, (192, 160, 96)),
            nn.MaxPool2d(3, 2, ceil_mode=True),
            nn.Dropout(),
            *perceptron(96, 5, (192, 192, 192)),
            nn.AvgPool2d(3, 2, ceil_mode=True),
            nn.Dropout(),
            *perceptron(192, 3, (192, 192, classes)),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.layers(images)


def perceptron(channels: int, size: int, widths: tuple[int, ...]) -> list[nn.Module]:
    """A ``size`` x ``size`` convolution and 1 x 1 convolutions after it, each with ReLU."""
    layers: list[nn.Module] = []
    for index, width in enumerate(widths):
        kernel = size if index == 0 else 1
        layers += [nn.Conv2d(channels, width, kernel, padding=kernel // 2), nn.ReLU()]
        channels = width
    return layers
