"""Maxout (Goodfellow et al. 2013; claims 42-44): the largest of several linear pieces of each unit."""

from __future__ import annotations

from torch import Tensor, nn


def maxout(inputs: Tensor, units: int, dim: int = 1) -> Tensor:
    """The largest value of each group of neighbouring channels (claim 42).

    Args:
        inputs: channels along ``dim``, the pieces of one unit side by side.
        units: groups; the result has as many channels.
        dim: axis of the channels (the source's listing takes the last one).

    Raises:
        ValueError: the channels do not divide into ``units`` groups.
    """
    channels = inputs.shape[dim]
    if units < 1 or channels % units:
        raise ValueError(f"number of features ({channels}) is not a multiple of the number of units ({units})")
    dim %= inputs.dim()
    return inputs.unflatten(dim, (units, channels // units)).max(dim=dim + 1).values


class Maxout(nn.Module):
    """(n, ..., in_features) -> (n, ..., out_features): each output the maximum of ``pieces`` linear functions."""

    def __init__(self, in_features: int, out_features: int, pieces: int = 2) -> None:
        super().__init__()
        self.out_features = out_features
        self.linear = nn.Linear(in_features, out_features * _checked(pieces))

    def forward(self, features: Tensor) -> Tensor:
        """The largest piece of each output."""
        return maxout(self.linear(features), self.out_features, dim=-1)


class MaxoutConv2d(nn.Module):
    """(n, in_channels, h, w) -> (n, out_channels, h', w'): the maximum of ``pieces`` convolutions at each place."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        pieces: int = 2,
        stride: int = 1,
        padding: int = 0,
    ) -> None:
        super().__init__()
        self.out_channels = out_channels
        self.conv = nn.Conv2d(in_channels, out_channels * _checked(pieces), kernel_size, stride, padding)

    def forward(self, images: Tensor) -> Tensor:
        """The largest piece of each output."""
        return maxout(self.conv(images), self.out_channels)


def _checked(pieces: int) -> int:
    if pieces < 1:
        raise ValueError(f"pieces={pieces}: a unit needs one piece at least")
    return pieces
