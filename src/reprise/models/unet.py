"""U-Net (Ronneberger, Fischer, Brox 2015) and the two forms that the ultrasound write-up trained.

One definition: depth, width and how it goes down and up again are arguments. Parameter counts are pinned in the tests.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from reprise.models.dropout import Dropout


class ConvBlock(nn.Sequential):
    """Convolution, then batch norm where wanted, then the activation; He-normal weights, zero biases."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, padding: int, stride: int, norm: bool, activation: str
    ) -> None:
        layers: list[nn.Module] = [nn.Conv2d(inputs, outputs, kernel, stride, padding)]
        nn.init.kaiming_normal_(layers[0].weight, nonlinearity="relu")
        nn.init.zeros_(layers[0].bias)
        if norm:
            layers.append(nn.BatchNorm2d(outputs))
        layers.append(nn.ELU(inplace=True) if activation == "elu" else nn.ReLU(inplace=True))
        super().__init__(*layers)


class UNet(nn.Module):
    """An encoder, a decoder, and copies of the encoder's feature maps between them.

    With its defaults the published network: 31,030,658 parameters, 572 x 572 in, 388 x 388 out (claim 25). The
    ultrasound network is ``UNet(outputs=1, width=32, padding="same", norm=True, activation="elu", dropout=0.5,
    down="stride", up="nearest", first_kernel=7)``, the starter it was built on
    ``UNet(outputs=1, width=32, padding="same")``.

    Args:
        channels: of the input.
        outputs: of the output (logits).
        width: feature maps of the first level; doubled at each of ``depth`` levels down.
        depth: number of times the resolution is halved.
        padding: ``valid`` loses a border at every convolution and crops the copies; ``same`` keeps the size.
        norm: batch norm after every convolution.
        activation: ``relu`` or ``elu``.
        dropout: probability of dropping after every level, on both sides.
        down: ``pool`` (2 x 2 maximum) or ``stride`` (a learned 2 x 2 convolution with stride 2).
        up: ``transposed`` (2 x 2, halving the features) or ``nearest`` (repetition).
        first_kernel: side of the very first convolution.
        head_size: side of the bottleneck's feature map, for the head that says whether there is any mask at all
            (claim 87); 0 for no head.
    """

    def __init__(
        self,
        channels: int = 1,
        outputs: int = 2,
        width: int = 64,
        depth: int = 4,
        padding: Literal["valid", "same"] = "valid",
        norm: bool = False,
        activation: Literal["relu", "elu"] = "relu",
        dropout: float = 0.0,
        down: Literal["pool", "stride"] = "pool",
        up: Literal["transposed", "nearest"] = "transposed",
        first_kernel: int = 3,
        head_size: int = 0,
    ) -> None:
        super().__init__()

        def block(inputs: int, features: int, kernel: int = 3, stride: int = 1) -> ConvBlock:
            border = kernel // 2 if padding == "same" and stride == 1 else 0
            return ConvBlock(inputs, features, kernel, border, stride, norm, activation)

        def level(inputs: int, features: int, kernel: int = 3) -> nn.Sequential:
            layers = [block(inputs, features, kernel), block(features, features)]
            return nn.Sequential(*layers, *([Dropout(dropout)] if dropout else []))

        widths = [width * 2**i for i in range(depth + 1)]
        self.encoder = nn.ModuleList(
            level(channels if i == 0 else widths[i - 1], w, first_kernel if i == 0 else 3) for i, w in enumerate(widths)
        )
        self.down = nn.ModuleList(
            nn.MaxPool2d(2) if down == "pool" else block(w, w, kernel=2, stride=2) for w in widths[:-1]
        )
        pairs = list(zip(widths[:0:-1], widths[-2::-1], strict=True))  # (below, here), from the bottom up
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(below, here, 2, 2) if up == "transposed" else nn.Upsample(scale_factor=2)
            for below, here in pairs
        )
        self.decoder = nn.ModuleList(
            level(2 * here if up == "transposed" else below + here, here) for below, here in pairs
        )
        self.output = nn.Conv2d(width, outputs, 1)
        self.head = nn.Conv2d(widths[-1], 1, head_size) if head_size else None
        self.multiple = 2**depth if padding == "same" else 1

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor | None]:
        """(n, channels, h, w) -> logits (n, outputs, h', w') and, with a head, its logits (n,).

        Raises:
            ValueError: with ``same`` padding, height or width is no multiple of ``2**depth``.
        """
        if any(side % self.multiple for side in images.shape[-2:]):
            raise ValueError(f"images of {tuple(images.shape[-2:])}: sides must be multiples of {self.multiple}")
        copies = []
        x = images
        for i, encode in enumerate(self.encoder):
            x = encode(x)
            if i < len(self.down):
                copies.append(x)
                x = self.down[i](x)
        has_mask = self.head(x).flatten() if self.head is not None else None
        for up, decode, copy in zip(self.up, self.decoder, reversed(copies), strict=True):
            x = up(x)
            x = decode(torch.cat([_centre(copy, x), x], dim=1))
        return self.output(x), has_mask


def _centre(copy: Tensor, like: Tensor) -> Tensor:
    """The centre of an encoder's map, as large as the decoder's (claim 25: "copy and crop")."""
    height, width = like.shape[-2:]
    top, left = (copy.shape[-2] - height) // 2, (copy.shape[-1] - width) // 2
    return copy[..., top : top + height, left : left + width]
