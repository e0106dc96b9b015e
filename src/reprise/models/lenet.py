"""LeNet-5 for 32 x 32 colour images: 62,006 parameters for ten classes (claims 31-41).

Layers and sizes are those of LeCun, Bottou, Bengio and Haffner (1998): two 5 x 5 convolutions with 6 and 16 maps, each
halved by pooling, and dense layers of 120, 84 and the classes. As in most networks of that name today, activations are
rectified, pooling takes the maximum, every map of the second convolution sees all maps of the first, and the output is
linear. Weights start He-normal, biases at zero.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


class LeNet5(nn.Module):
    """conv-pool, twice, then three dense layers.

    Args:
        classes: number of logits.
        channels: of the images.
        size: side of the images, 16 pixels or more.

    Raises:
        ValueError: images so small that nothing is left of them.
    """

    def __init__(self, classes: int = 10, channels: int = 3, size: int = 32) -> None:
        super().__init__()
        side = ((size - 4) // 2 - 4) // 2
        if side < 1:
            raise ValueError(f"size={size}: two 5 x 5 convolutions and two pools need 16 x 16 pixels at least")
        self.conv1 = nn.Conv2d(channels, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.dense1 = nn.Linear(16 * side**2, 120)
        self.dense2 = nn.Linear(120, 84)
        self.output = nn.Linear(84, classes)
        for layer in self.children():
            nn.init.kaiming_normal_(layer.weight, nonlinearity="linear" if layer is self.output else "relu")
            nn.init.zeros_(layer.bias)

    def forward(self, images: Tensor) -> Tensor:
        """(n, channels, size, size) -> logits (n, classes)."""
        x = F.max_pool2d(F.relu(self.conv1(images)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = F.relu(self.dense1(x.flatten(1)))
        return self.output(F.relu(self.dense2(x)))
