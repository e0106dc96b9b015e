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
        one = bilinear_filter(factor)
        if learned:
            weight = torch.zeros(channels, channels, *one.shape)
            weight[range(channels), range(channels)] = one
            self.weight = nn.Parameter(weight)
        else:
            self.register_buffer("weight", one.expand(channels, 1, *one.shape).clone(), persistent=False)

    def forward(self, maps: Tensor) -> Tensor:
        groups = 1 if isinstance(self.weight, nn.Parameter) else self.channels
        return F.conv_transpose2d(
            maps, self.weight.to(maps.dtype), stride=self.factor, padding=self.padding, groups=groups
        )
