"""VGG: only 3 x 3 convolutions, doubled in width at each pooling, and three dense layers."""

from __future__ import annotations

import torch
from torch import nn

CONVOLUTIONS = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}


class VGG(nn.Module):
    """VGG of Simonyan and Zisserman (2015).

    Two stacked 3 x 3 convolutions see as far as one 5 x 5, with 18/25 of its weights and one more non-linearity; the
    network is that idea repeated.

    Args:
        layers: 11, 13, 16 or 19 weighted layers; the last three are dense.
        classes: outputs.

    Shape: (n, 3, 224, 224) -> (n, classes) logits. 138,357,544 parameters for 16 layers (14,714,688 of them in
    ``features``), 143,667,240 for 19.

    Raises:
        ValueError: there is no VGG with so many layers.
    """

    def __init__(self, layers: int = 16, classes: int = 1000):
        super().__init__()
        if layers not in CONVOLUTIONS:
            raise ValueError(f"VGG with {layers!r} layers: choose one of {', '.join(map(str, CONVOLUTIONS))}")
        stages: list[nn.Module] = []
        before = 3
        for width, repeats in zip((64, 128, 256, 512, 512), CONVOLUTIONS[layers], strict=True):
            for _ in range(repeats):
                stages += [nn.Conv2d(before, width, 3, padding=1), nn.ReLU()]
                before = width
            stages.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*stages)
        self.classifier = nn.Sequential(
            nn.Linear(512 * 7 * 7, 4096),
            nn.ReLU(),
            nn.Dropout(),
            nn.Linear(4096, 4096),
            nn.ReLU(),
            nn.Dropout(),
            nn.Linear(4096, classes),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.features(images).flatten(1))
