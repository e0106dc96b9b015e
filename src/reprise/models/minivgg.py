"""The mini-VGG of the CIFAR-10 studies (claims 60-78): four 3 x 3 convolutions, two dense layers, 1,250,858 parameters.

The classic small CIFAR-10 network: the first convolution of each pair is padded, the second is not. Weights start
Glorot-uniform, biases at zero.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch.nn.functional as F
from torch import Tensor, nn

from reprise.layers import RotatedConv2d, UnitNormConv2d, UnitNormLinear
from reprise.models.dropout import Dropout

Conv = Callable[..., nn.Module]  # (in_channels, out_channels, padding=, bias=) -> a 3 x 3 convolution
CONVS = 4


class MiniVGG(nn.Module):
    """conv-conv-pool-dropout, twice, then dense-dropout-dense.

    With ``merge="max"`` a rotated network has the plain one's state dict, key by key and shape by shape: trained
    weights can be carried over either way (claim 68). ``k_rot_n`` of the source is ``rotations=k, rotated_last=n``.

    Args:
        classes: number of logits.
        channels: of the images.
        width: filters of the first two convolutions; the others have twice as many.
        hidden: units of the first dense layer.
        size: side of the images, 10 pixels or more.
        rotations: of the filters of the rotated convolutions: 1, 2, 4 or 8.
        rotated_last: how many of the four convolutions are rotated, counted from the last.
        merge: ``max``, ``concat`` or ``squeeze``, see RotatedConv2d.
        unit_norm: divides the weights of these layers by their length (claim 74).
        activation: ``relu`` or ``elu`` (claim 77).
        conv_bias: False leaves 1,250,666 parameters, the source's committed code.
        batch_norm: after every convolution, before its activation.
        dropout: after the two pools, and after the first dense layer.
        conv: makes the convolutions in place of nn.Conv2d, called as ``conv(inputs, outputs, padding=0 or 1,
            bias=...)``; a layer whose maps are not ``outputs`` says so in ``out_channels``.

    Raises:
        ValueError: settings that contradict each other or are out of range.
    """

    def __init__(
        self,
        classes: int = 10,
        channels: int = 3,
        width: int = 32,
        hidden: int = 512,
        size: int = 32,
        rotations: int = 8,
        rotated_last: int = 0,
        merge: Literal["max", "concat", "squeeze"] = "max",
        unit_norm: Literal["conv", "dense", "both"] | None = None,
        activation: Literal["relu", "elu"] = "relu",
        conv_bias: bool = True,
        batch_norm: bool = False,
        dropout: tuple[float, float, float] = (0.25, 0.25, 0.5),
        conv: Conv | None = None,
    ) -> None:
        super().__init__()
        if not 0 <= rotated_last <= CONVS:
            raise ValueError(f"rotated_last={rotated_last}: there are {CONVS} convolutions")
        if unit_norm not in (None, "conv", "dense", "both"):
            raise ValueError(f"unit_norm={unit_norm!r}: use 'conv', 'dense', 'both' or None")
        if activation not in ("relu", "elu"):
            raise ValueError(f"activation={activation!r}: use 'relu' or 'elu'")
        if sum([rotated_last > 0, unit_norm in ("conv", "both"), conv is not None]) > 1:
            raise ValueError("rotated_last, unit_norm of the convolutions and conv each decide what a convolution is")
        if size < 10:
            raise ValueError(f"size={size}: two pools leave nothing of images smaller than 10 x 10")
        self.activation = F.relu if activation == "relu" else F.elu
        plain: Conv = conv or (_unit_norm_conv if unit_norm in ("conv", "both") else _conv)
        filters = [width, width, 2 * width, 2 * width]
        maps = channels
        for i, outputs in enumerate(filters):
            padding = 1 - i % 2
            if i >= CONVS - rotated_last:
                layer = RotatedConv2d(maps, outputs, rotations, merge, padding, conv_bias)
            else:
                layer = plain(maps, outputs, padding=padding, bias=conv_bias)
            maps = getattr(layer, "out_channels", outputs)
            self.add_module(f"conv{i + 1}", layer)
            self.add_module(f"norm{i + 1}", nn.BatchNorm2d(maps) if batch_norm else nn.Identity())
        linear = UnitNormLinear if unit_norm in ("dense", "both") else nn.Linear
        side = ((size - 2) // 2 - 2) // 2
        self.hidden = linear(maps * side**2, hidden)
        self.output = linear(hidden, classes)
        self.drop1, self.drop2, self.drop3 = (Dropout(p) for p in dropout)
        self.apply(glorot)

    def forward(self, images: Tensor) -> Tensor:
        """(n, channels, size, size) -> logits (n, classes)."""
        x = self._block(images, 1)
        x = self.drop1(F.max_pool2d(self._block(x, 2), 2))
        x = self._block(x, 3)
        x = self.drop2(F.max_pool2d(self._block(x, 4), 2))
        x = self.drop3(self.activation(self.hidden(x.flatten(1))))
        return self.output(x)

    def _block(self, x: Tensor, i: int) -> Tensor:
        return self.activation(getattr(self, f"norm{i}")(getattr(self, f"conv{i}")(x)))


def glorot(layer: nn.Module) -> None:
    """Glorot-uniform weights and zero biases for a layer of trained templates (the defaults of Keras 1)."""
    if isinstance(layer, nn.Conv2d | nn.Linear | RotatedConv2d):
        nn.init.xavier_uniform_(layer.weight)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)


def _conv(inputs: int, outputs: int, padding: int, bias: bool) -> nn.Module:
    return nn.Conv2d(inputs, outputs, 3, padding=padding, bias=bias)


def _unit_norm_conv(inputs: int, outputs: int, padding: int, bias: bool) -> nn.Module:
    return UnitNormConv2d(inputs, outputs, 3, padding=padding, bias=bias)
