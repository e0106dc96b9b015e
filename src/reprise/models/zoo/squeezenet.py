"""SqueezeNet: few 3 x 3 filters, and few channels for them to look at."""

from __future__ import annotations

import torch
from torch import nn

# squeeze and expand filters of each fire module; None is a pooling
FIRES = {
    "1.0": ((16, 64), (16, 64), (32, 128), None, (32, 128), (48, 192), (48, 192), (64, 256), None, (64, 256)),
    "1.1": ((16, 64), (16, 64), None, (32, 128), (32, 128), None, (48, 192), (48, 192), (64, 256), (64, 256)),
}


class Fire(nn.Module):
    """Squeezes to few channels by 1 x 1, then expands by 1 x 1 and 3 x 3 side by side.

    Shape: (n, channels, h, w) -> (n, 2 * expand, h, w).
    """

    def __init__(self, channels: int, squeeze: int, expand: int):
        super().__init__()
        self.squeeze = nn.Sequential(nn.Conv2d(channels, squeeze, 1), nn.ReLU())
        self.expand1 = nn.Sequential(nn.Conv2d(squeeze, expand, 1), nn.ReLU())
        self.expand3 = nn.Sequential(nn.Conv2d(squeeze, expand, 3, padding=1), nn.ReLU())

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        squeezed = self.squeeze(features)
        return torch.cat([self.expand1(squeezed), self.expand3(squeezed)], dim=1)


class SqueezeNet(nn.Module):
    """SqueezeNet of Iandola et al. (2016): no dense layer; the last convolution makes one map a class.

    Args:
        version: "1.0" as published, or "1.1", the authors' own revision with 2.4 times fewer operations.
        classes: outputs.

    Shape: (n, 3, 224, 224) -> (n, classes) logits. 1,248,424 parameters (1.0), 1,235,496 (1.1).

    Raises:
        ValueError: unknown version.
    """

    def __init__(self, version: str = "1.0", classes: int = 1000):
        super().__init__()
        if version not in FIRES:
            raise ValueError(f"SqueezeNet version {version!r}: choose one of {', '.join(FIRES)}")
        channels, size = (96, 7) if version == "1.0" else (64, 3)
        layers: list[nn.Module] = [nn.Conv2d(3, channels, size, 2), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True)]
        for fire in FIRES[version]:
            if fire is None:
                layers.append(nn.MaxPool2d(3, 2, ceil_mode=True))
                continue
            squeeze, expand = fire
            layers.append(Fire(channels, squeeze, expand))
            channels = 2 * expand
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Dropout(), nn.Conv2d(channels, classes, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.features(images))
