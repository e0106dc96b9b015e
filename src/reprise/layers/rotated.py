"""A convolution that matches each 3 x 3 filter in several rotations (claims 61, 63-71).

Source: "Rotational invariance" (raghakot). A filter is turned by moving its outer ring clockwise: one position is about
45 degrees (and skews the pattern), two positions are exactly 90. All rotations are one convolution with a stacked
kernel: the same arithmetic as a loop over the rotations, read once.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

Merge = Literal["max", "concat", "squeeze"]
RING = (0, 1, 2, 5, 8, 7, 6, 3)  # the outer taps of a 3 x 3 filter in reading order, clockwise from the top left


def ring_permutation(shift: int) -> list[int]:
    """Which of the nine taps, in reading order, each tap takes its value from after ``shift`` clockwise ring shifts."""
    source = list(range(9))
    for position, tap in enumerate(RING):
        source[tap] = RING[(position - shift) % 8]
    return source


def ring_shift(filters: np.ndarray, shift: int = 1) -> np.ndarray:
    """Moves the ring of 3 x 3 filters clockwise (claim 61, figure 6 of the source).

    Args:
        filters: (..., 3, 3).
        shift: positions; 8 is the identity, 2 equals ``np.rot90(filters, -1, axes=(-2, -1))``.

    Raises:
        ValueError: not 3 x 3.
    """
    if filters.shape[-2:] != (3, 3):
        raise ValueError(f"ring shifts are defined for 3 x 3 filters; found shape {filters.shape}")
    return filters.reshape(*filters.shape[:-2], 9)[..., ring_permutation(shift)].reshape(filters.shape)


def best_rotation(responses: Tensor, rotations: int) -> Tensor:
    """The largest of ``rotations`` groups of maps, (n, rotations * c, h, w) -> (n, c, h, w); the first where they tie.

    On a CPU it is a pooling window of one place and all rotations: that kernel is vectorised over the maps of
    channels-last memory, max over a dimension is not. What it costs beside the convolution: ``benchmarks/cifar.py``.
    """
    n, maps, height, width = responses.shape
    if responses.device.type != "cpu":
        return responses.unflatten(1, (rotations, -1)).max(dim=1).values
    places = responses.permute(0, 2, 3, 1).reshape(-1, rotations, 1, maps // rotations).permute(0, 3, 1, 2)
    best = F.max_pool2d(places, (rotations, 1))
    return best.permute(0, 2, 3, 1).reshape(n, height, width, -1).permute(0, 3, 1, 2)


class RotatedConv2d(nn.Module):
    """A 3 x 3 convolution over all rotations of its filters; ``weight`` and ``bias`` have nn.Conv2d's shapes and names.

    ``max`` keeps the best-aligned response of each filter at each place, then adds the bias: no parameter more than
    nn.Conv2d, whose trained weights load as they are (claim 68). ``concat`` keeps all responses, rotation by rotation
    (rotations * out_channels maps, the bias of a filter shared by its rotations). ``squeeze`` puts a ReLU on those and
    learns a 1 x 1 convolution back to ``out_channels``; without the ReLU the two convolutions would collapse into one
    ordinary convolution, and no rotation would be left to learn from (claim 71).

    Args:
        in_channels: maps of the input.
        out_channels: number of filters.
        rotations: 8 (ring shifts 0..7), 4 (0, 2, 4, 6: exact quarter turns), 2 or 1 (an ordinary convolution).
        merge: what becomes of the responses.
        padding: zeros on each side.
        bias: one a filter.

    Raises:
        ValueError: other rotations or merges.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        rotations: int = 8,
        merge: Merge = "max",
        padding: int = 0,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if rotations not in (1, 2, 4, 8):
            raise ValueError(f"rotations={rotations}: a ring of eight taps has 1, 2, 4 or 8 equal turns")
        if merge not in ("max", "concat", "squeeze"):
            raise ValueError(f"merge={merge!r}: use 'max', 'concat' or 'squeeze'")
        plain = nn.Conv2d(in_channels, out_channels, 3, bias=bias)
        self.in_channels, self.filters = in_channels, out_channels
        self.rotations, self.merge, self.padding = rotations, merge, padding
        self.weight, self.bias = plain.weight, plain.bias
        self.squeeze = nn.Conv2d(rotations * out_channels, out_channels, 1, bias=False) if merge == "squeeze" else None
        taps = [ring_permutation(r * (8 // rotations)) for r in range(rotations)]
        self.register_buffer("taps", torch.tensor(taps), persistent=False)

    @property
    def out_channels(self) -> int:
        """Maps of the output."""
        return self.filters * (self.rotations if self.merge == "concat" else 1)

    def kernel(self) -> Tensor:
        """All rotations of all filters: (rotations * filters, in_channels, 3, 3), rotation by rotation."""
        # gather, not indexing: its gradient adds nine distinct places per row, so it is the same bits on every run
        flat = self.weight.flatten(2).expand(self.rotations, -1, -1, -1)
        index = self.taps[:, None, None, :].expand_as(flat)
        return flat.gather(-1, index).view(-1, self.in_channels, 3, 3)

    def forward(self, images: Tensor) -> Tensor:
        """(n, in_channels, h, w) -> (n, out_channels, h - 2 + 2 * padding, w - 2 + 2 * padding)."""
        images = images.contiguous(memory_format=torch.channels_last)
        if self.merge != "max":
            bias = self.bias.repeat(self.rotations) if self.bias is not None else None
            responses = F.conv2d(images, self.kernel(), bias, padding=self.padding)
            return responses if self.squeeze is None else self.squeeze(F.relu(responses))
        best = best_rotation(F.conv2d(images, self.kernel(), padding=self.padding), self.rotations)
        return best if self.bias is None else best + self.bias.to(best.dtype)[:, None, None]

    def extra_repr(self) -> str:
        """What print(module) shows."""
        return (
            f"{self.in_channels}, {self.filters}, rotations={self.rotations}, merge={self.merge!r}, "
            f"padding={self.padding}, bias={self.bias is not None}"
        )
