"""The network of the source's dropout sweep and of its activation maximisation (claims 4-6, 21-23)."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


class DigitNet(nn.Module):
    """Two unpadded 3 x 3 convolutions, a pool, and two dense layers, all rectified but the last.

    With its defaults 1,199,882 parameters for ten classes and 1,204,655 for 47. Weights start He-uniform and biases
    at zero, as the source says.

    Args:
        classes: number of logits.
        size: side of the grey images, 6 pixels or more.
        width: filters of the first convolution; the second has twice as many.
        hidden: units of the first dense layer.
        dropout: share dropped before each dense layer; the source does not say where it drops, but its listing drops
            what a dense layer is given.

    Raises:
        ValueError: images so small that nothing is left of them.
    """

    def __init__(
        self, classes: int = 10, size: int = 28, width: int = 32, hidden: int = 128, dropout: float = 0.0
    ) -> None:
        super().__init__()
        side = (size - 4) // 2
        if side < 1:
            raise ValueError(f"size={size}: two convolutions and a pool need 6 x 6 pixels at least")
        self.conv1 = nn.Conv2d(1, width, 3)
        self.conv2 = nn.Conv2d(width, 2 * width, 3)
        self.drop1 = nn.Dropout(dropout)
        self.dense1 = nn.Linear(2 * width * side**2, hidden)
        self.drop2 = nn.Dropout(dropout)
        self.dense2 = nn.Linear(hidden, classes)
        for layer in (self.conv1, self.conv2, self.dense1, self.dense2):
            nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)

    def features(self, images: Tensor) -> Tensor:
        """(n, 1, size, size) -> what the last layer sees, (n, hidden)."""
        x = F.max_pool2d(F.relu(self.conv2(F.relu(self.conv1(images)))), 2)
        return F.relu(self.dense1(self.drop1(x.flatten(1))))

    def forward(self, images: Tensor) -> Tensor:
        """(n, 1, size, size) -> logits (n, classes)."""
        return self.dense2(self.drop2(self.features(images)))
