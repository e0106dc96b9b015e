"""Convolutions that see earlier pixels only, row by row from the top left (van den Oord et al., 2016; claim 97).

Of one pixel the colours come one after the other. Feature maps are therefore divided into as many groups as there are
colours, and a group sees no later group of the same pixel.
"""

from __future__ import annotations

from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Mask = Literal["A", "B"]
Cache = dict[str, Any]  # what a layer keeps between pixels


class MaskedConv2d(nn.Module):
    """(n, in_channels, h, w) -> (n, out_channels, h, w), padded.

    Args:
        in_channels, out_channels: each divided into ``colours`` equal groups.
        kernel_size: odd.
        mask: ``A`` leaves out a group's own colour of the pixel itself, which the first layer must; ``B`` keeps it.
        colours: of a pixel.
        repeats: the outputs are so many sets of maps (the gates of an LSTM), each divided into groups.
        rows: how many rows the kernel sees; 1 makes it a convolution along the row.

    Raises:
        ValueError: an even kernel, or channels that do not divide.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        mask: Mask,
        colours: int = 1,
        repeats: int = 1,
        rows: int | None = None,
    ) -> None:
        super().__init__()
        rows = kernel_size if rows is None else rows
        if kernel_size % 2 == 0 or rows % 2 == 0:
            raise ValueError(f"kernel_size={kernel_size}, rows={rows}: a mask has a middle, so both must be odd")
        if in_channels % colours or out_channels % (colours * repeats):
            raise ValueError(f"{in_channels} and {out_channels} channels do not divide into {colours} colours")
        self.size = rows, kernel_size
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, rows, kernel_size))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        seen = torch.zeros(out_channels, in_channels, rows, kernel_size)
        seen[:, :, : rows // 2] = 1
        seen[:, :, rows // 2, : kernel_size // 2] = 1
        each = out_channels // repeats
        inner = torch.arange(in_channels) * colours // in_channels
        outer = (torch.arange(each) * colours // each).repeat(repeats)[:, None]
        seen[:, :, rows // 2, kernel_size // 2] = (inner < outer if mask == "A" else inner <= outer).float()
        self.register_buffer("seen", seen, persistent=False)
        earlier = rows // 2 * kernel_size + kernel_size // 2 + (mask == "B")
        bound = (3 / max(1, in_channels * earlier)) ** 0.5  # variance 1 / inputs that are seen
        nn.init.uniform_(self.weight, -bound, bound)

    def forward(self, images: Tensor) -> Tensor:
        """The whole image at once."""
        return F.conv2d(images, self.weight * self.seen, self.bias, padding=(self.size[0] // 2, self.size[1] // 2))

    # One pixel after the other -------------------------------------------------------------------------------------

    def start(self, count: int, height: int, width: int) -> Cache:
        """What is kept between pixels: the padded inputs, and the weights that are seen."""
        rows, columns = self.size
        shape = count, self.weight.shape[1], height + rows - 1, width + columns - 1
        return {"inputs": self.weight.new_zeros(shape), "kernel": (self.weight * self.seen).flatten(1).t().contiguous()}

    def store(self, cache: Cache, inputs: Tensor, i: int, j: int) -> None:
        """Puts a pixel's inputs (n, in_channels) in their place."""
        cache["inputs"][:, :, i + self.size[0] // 2, j + self.size[1] // 2] = inputs

    def step(self, cache: Cache, inputs: Tensor, i: int, j: int) -> Tensor:
        """(n, in_channels) of one pixel -> (n, out_channels): what ``forward`` gives there."""
        self.store(cache, inputs, i, j)
        seen = cache["inputs"][:, :, i : i + self.size[0], j : j + self.size[1]]
        return torch.addmm(self.bias, seen.flatten(1), cache["kernel"])
