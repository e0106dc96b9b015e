"""Up-sampling by a transposed convolution whose filter is bilinear interpolation, fixed or where learning starts."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def bilinear_filter(factor: int) -> Tensor:
    """(k, k) weights with k = 2 * factor - factor % 2: what one value adds to its surroundings when it is up-sampled.

    For an even factor the output's pixels lie as those of ``F.interpolate(align_corners=False)`` do.
    """
    if factor < 1:
        raise ValueError(f"factor: found {factor}, expected at least 1")
    side = 2 * factor - factor % 2
    ramp = 1 - (torch.arange(side, dtype=torch.float64) - (side - 1) / 2).abs() / factor
    return torch.outer(ramp, ramp).float()


class Bilinear(nn.Module):
    """Up-samples each channel by ``factor``: (n, c, h, w) -> (n, c, h', w').

    Without cropping h' = (h + 1) * factor for an even factor: the filter reaches half a factor beyond both ends, where
    it meets zeros. ``padding`` takes so many pixels away from each end. With ``factor / 2`` of them the output is
    ``factor`` times as large as the input and, but for ``factor / 2`` pixels at its border, equal to bilinear resizing.

    Args:
        channels: c.
        factor: of the resolution.
        learned: the filter is trained, from bilinear on, with weights between all channels (as the FCN's release has
            it): channels² * k² of them. Otherwise it stays as it is and has no parameters.
        padding: pixels taken away.
    """

    def __init__(self, channels: int, factor: int, learned: bool = False, padding: int = 0) -> None:
        super().__init__()
        self.channels, self.factor, self.padding = channels, factor, padding
        self.weight: nn.Parameter | None = None
        if learned:
            one = bilinear_filter(factor)
            weight = torch.zeros(channels, channels, *one.shape)
            weight[range(channels), range(channels)] = one
            self.weight = nn.Parameter(weight)

    def forward(self, maps: Tensor) -> Tensor:
        kind = "cpu" if maps.is_meta else maps.device.type
        with torch.autocast(kind, enabled=False):  # a filter of 64 x 64 in bfloat16 is slow, and coarse
            maps = maps.float() if maps.dtype in (torch.bfloat16, torch.float16) else maps
            if self.weight is not None:
                return F.conv_transpose2d(maps, self.weight, stride=self.factor, padding=self.padding)
            rows, columns = (self._ramps(side, maps) for side in maps.shape[-2:])
            return rows @ maps @ columns.T

    def _ramps(self, side: int, like: Tensor) -> Tensor:
        """(h', side): the fixed filter falls apart into a row and a column, each a product with a banded matrix."""
        factor = self.factor
        long = 2 * factor - factor % 2
        there = torch.arange((side - 1) * factor + long - 2 * self.padding, device=like.device, dtype=like.dtype)
        middles = torch.arange(side, device=like.device, dtype=like.dtype) * factor + (long - 1) / 2
        distance = (there[:, None] + self.padding - middles[None]).abs()
        return (1 - distance / factor).clamp(min=0)
