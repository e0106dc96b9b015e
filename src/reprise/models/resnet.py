"""Residual networks for 32 x 32 images: depth 6n + 2, three stages of n blocks (claims 31-41).

He, Zhang, Ren and Sun, "Deep residual learning for image recognition" (2016), section 4.2. A shortcut that halves the
map drops every other pixel and fills the new channels with zeros (their option A): it has no parameters. ResNet-20 of
width 16 has 269,722; with 1 x 1 convolutions in their place it would have 272,474.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


class Block(nn.Module):
    """Two 3 x 3 convolutions around which the input is carried.

    Args:
        inputs: channels.
        outputs: channels, at least ``inputs``.
        stride: of the first convolution and of the shortcut.
        batch_norm: after both convolutions; without it they have biases.
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1, batch_norm: bool = True) -> None:
        super().__init__()
        self.stride, self.missing = stride, outputs - inputs
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=not batch_norm)
        self.norm1 = nn.BatchNorm2d(outputs) if batch_norm else nn.Identity()
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=not batch_norm)
        self.norm2 = nn.BatchNorm2d(outputs) if batch_norm else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """(n, inputs, h, w) -> (n, outputs, ceil(h / stride), ceil(w / stride))."""
        y = F.relu(self.norm1(self.conv1(x)))
        y = self.norm2(self.conv2(y))
        if self.stride > 1:
            x = x[:, :, :: self.stride, :: self.stride]
        if self.missing:
            x = F.pad(x, (0, 0, 0, 0, 0, self.missing))
        return F.relu(x + y)


class ResNet(nn.Module):
    """A convolution, three stages of (depth - 2) / 6 blocks with 1, 2 and 4 times ``width`` channels, mean, logits.

    Args:
        depth: layers with weights: 8, 14, 20, 26, ...
        width: channels of the first stage.
        classes: number of logits.
        channels: of the images.
        batch_norm: see Block. Without it the second convolution of each block starts divided by the root of the number
            of blocks, so that the variance at the end does not grow with the depth.

    Raises:
        ValueError: a depth that is not 6n + 2, or no channels.
    """

    def __init__(
        self, depth: int = 20, width: int = 16, classes: int = 10, channels: int = 3, batch_norm: bool = True
    ) -> None:
        super().__init__()
        blocks, rest = divmod(depth - 2, 6)
        if rest or blocks < 1:
            raise ValueError(f"depth={depth}: expected 6n + 2 (8, 14, 20, 26, ...)")
        if width < 1:
            raise ValueError(f"width={width}: expected at least one channel")
        self.conv = nn.Conv2d(channels, width, 3, 1, 1, bias=not batch_norm)
        self.norm = nn.BatchNorm2d(width) if batch_norm else nn.Identity()
        layers, maps = [], width
        for stage in range(3):
            for i in range(blocks):
                outputs = width * 2**stage
                layers.append(Block(maps, outputs, 2 if stage and not i else 1, batch_norm))
                maps = outputs
        self.blocks = nn.Sequential(*layers)
        self.output = nn.Linear(maps, classes)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)
        if not batch_norm:
            for block in self.blocks:
                block.conv2.weight.data /= len(self.blocks) ** 0.5

    def forward(self, images: Tensor) -> Tensor:
        """(n, channels, h, w) -> logits (n, classes)."""
        x = self.blocks(F.relu(self.norm(self.conv(images))))
        return self.output(x.mean((2, 3)))
