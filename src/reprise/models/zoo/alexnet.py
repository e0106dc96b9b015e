"""AlexNet: five convolutions and three dense layers, which hold nearly all of the parameters."""

from __future__ import annotations

import torch
from torch import nn


class AlexNet(nn.Module):
    """AlexNet: Krizhevsky, Sutskever and Hinton (2012), or the one-tower form of Krizhevsky (2014).

    The 2012 network was split over two GPUs, which survives as ``groups=2``: half of the filters of layers 2, 4 and 5
    see only half of the channels. The 2014 form (which libraries ship) has one tower, no response normalisation and
    fewer filters.

    Args:
        one_tower: the 2014 form; takes (n, 3, 224, 224). The 2012 form takes (n, 3, 227, 227): its paper says 224,
            but (224 - 11)/4 is no whole number, and its 55 x 55 first layer needs 227.
        classes: outputs.

    Shape: (n, 3, s, s) -> (n, classes) logits. 60,965,224 parameters (2012), 61,100,840 (2014).
    """

    def __init__(self, one_tower: bool = False, classes: int = 1000):
        super().__init__()
        widths, groups, pad = ((64, 192, 384, 256, 256), 1, 2) if one_tower else ((96, 256, 384, 384, 256), 2, 0)
        a, b, c, d, e = widths
        normalise = nn.Identity if one_tower else lambda: nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=2.0)
        self.features = nn.Sequential(
            nn.Conv2d(3, a, 11, stride=4, padding=pad),
            nn.ReLU(),
            normalise(),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(a, b, 5, padding=2, groups=groups),
            nn.ReLU(),
            normalise(),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(b, c, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(c, d, 3, padding=1, groups=groups),
            nn.ReLU(),
            nn.Conv2d(d, e, 3, padding=1, groups=groups),
            nn.ReLU(),
            nn.MaxPool2d(3, 2),
        )
        self.classifier = nn.Sequential(
            nn.Dropout(),
            nn.Linear(e * 6 * 6, 4096),
            nn.ReLU(),
            nn.Dropout(),
            nn.Linear(4096, 4096),
            nn.ReLU(),
            nn.Linear(4096, classes),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.features(images).flatten(1))
