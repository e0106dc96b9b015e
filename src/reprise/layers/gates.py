"""Learned connectivity: earlier layers' outputs, each through a gate, merged into one input (claims 49-59).

Source: "Differentiable architecture" (raghakot). Which layer feeds which is binary; a sigmoid of a trained number makes
it continuous, and gradient descent opens and closes the connections.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Merge = Literal["concat", "pad", "sum", "max", "squeeze"]
Resize = Literal["area", "nearest", "bilinear", "bicubic"]
Init = float | Literal["normal", "feed_forward"]
Size = tuple[int, int]


class GatedConnections(nn.Module):
    """Resizes several inputs to one size, multiplies each by its gate, merges them.

    Merges: ``concat`` along the channels at the smallest size; ``pad`` centres all in zeros at the largest size, then
    concatenates; ``squeeze`` learns a 1 x 1 convolution from the concatenation to ``features`` maps; ``sum`` and
    ``max`` add or compare channel by channel. With unequal numbers of channels these two are as wide as the widest
    input, and a channel takes part only in the inputs that have it (no parameter more, and a ``max`` of negative values
    is not cut at 0 by padding).

    Resizing samples at pixel centres without smoothing first, except ``area``, which averages.

    Args:
        channels: of each input.
        merge: see above.
        resize: how larger inputs shrink; unused by ``pad``.
        per_feature: one gate per feature map rather than one per input.
        init: value of every weight before the sigmoid; ``normal`` draws from N(0.5, 0.1), ``feed_forward`` gives the
            last input 1 and all others 0.5 (claim 59).
        sigmoid: False multiplies by the raw weight (claim 51).
        features: maps of a ``squeeze``.

    Attributes:
        weights: the parameter: (inputs,) or, per feature map, (sum of channels,).
        out_channels: of the merged output.

    Raises:
        ValueError: no inputs, an unknown merge, resize or init, or ``squeeze`` without ``features``.
    """

    def __init__(
        self,
        channels: Sequence[int],
        merge: Merge = "concat",
        resize: Resize = "bilinear",
        per_feature: bool = False,
        init: Init = 1.0,
        sigmoid: bool = True,
        features: int | None = None,
    ) -> None:
        super().__init__()
        if not channels:
            raise ValueError("connections need one input at least")
        if merge not in ("concat", "pad", "sum", "max", "squeeze"):
            raise ValueError(f"merge={merge!r}: use 'concat', 'pad', 'sum', 'max' or 'squeeze'")
        if resize not in ("area", "nearest", "bilinear", "bicubic"):
            raise ValueError(f"resize={resize!r}: use 'area', 'nearest', 'bilinear' or 'bicubic'")
        if merge == "squeeze" and not features:
            raise ValueError("merge='squeeze' needs features, the number of maps to squeeze to")
        self.channels, self.merge, self.resize = tuple(channels), merge, resize
        self.per_feature, self.sigmoid = per_feature, sigmoid
        self.weights = nn.Parameter(_initial(self.channels, per_feature, init))
        self.squeeze = nn.Conv2d(sum(self.channels), features, 1, bias=False) if merge == "squeeze" else None
        self.out_channels = {"sum": max(channels), "max": max(channels), "squeeze": features}.get(merge, sum(channels))

    def gates(self) -> list[Tensor]:
        """The current value of every gate, detached: one tensor an input, () if shared, (channels,) per feature map."""
        return [gate.detach() for gate in self._gates()]

    def forward(self, inputs: Sequence[Tensor], size: Size | None = None) -> Tensor:
        """Merges the inputs.

        Args:
            inputs: (n, channels[i], h_i, w_i) each.
            size: height and width to resize to in place of the smallest (``pad``: largest) of the inputs.

        Returns:
            (n, out_channels, h, w).

        Raises:
            ValueError: not as many inputs, or not as many channels, as the gates were made for.
        """
        found = tuple(x.shape[1] for x in inputs)
        if found != self.channels:
            raise ValueError(f"gates made for inputs of {self.channels} channels; found {found}")
        if size is None:
            extreme = max if self.merge == "pad" else min
            size = (extreme(x.shape[2] for x in inputs), extreme(x.shape[3] for x in inputs))
        fitted = [self.fit(x, size) for x in inputs]
        if self.merge in ("sum", "max"):
            gated = [x * gate.to(x.dtype).view(-1, 1, 1) for x, gate in zip(fitted, self._gates(), strict=True)]
            return _by_channel(gated, self.merge, self.out_channels)
        joined = torch.cat(fitted, dim=1)
        # one product with a gate for every map, not one product an input: fewer passes, the same numbers
        gates = torch.cat([gate.expand(maps) for gate, maps in zip(self._gates(), self.channels, strict=True)])
        joined = joined * gates.to(joined.dtype).view(-1, 1, 1)
        return joined if self.squeeze is None else self.squeeze(joined)

    def fit(self, x: Tensor, size: Size) -> Tensor:
        """An input at the size of the merge, before its gate; as it is where it fits already."""
        if x.shape[-2:] == size:
            return x
        if self.merge == "pad":
            return _centred(x, size)
        smooth = {"align_corners": False} if self.resize in ("bilinear", "bicubic") else {}
        return F.interpolate(x, size, mode=self.resize, **smooth)

    def _gates(self) -> Sequence[Tensor]:
        values = torch.sigmoid(self.weights) if self.sigmoid else self.weights
        return values.split(self.channels) if self.per_feature else values.unbind()

    def extra_repr(self) -> str:
        """What print(module) shows."""
        return f"{self.channels}, merge={self.merge!r}, resize={self.resize!r}, per_feature={self.per_feature}"


def _initial(channels: tuple[int, ...], per_feature: bool, init: Init) -> Tensor:
    count = sum(channels) if per_feature else len(channels)
    if init == "normal":
        return torch.randn(count) * 0.1 + 0.5
    if init == "feed_forward":
        weights = torch.full((count,), 0.5)
        weights[-channels[-1] if per_feature else -1 :] = 1.0
        return weights
    if isinstance(init, str):
        raise ValueError(f"init={init!r}: use a number, 'normal' or 'feed_forward'")
    return torch.full((count,), float(init))


def _centred(x: Tensor, size: Size) -> Tensor:
    """Zeros around, one more below and to the right where the difference is odd."""
    down, right = size[0] - x.shape[2], size[1] - x.shape[3]
    return F.pad(x, (right // 2, right - right // 2, down // 2, down - down // 2))


def _by_channel(inputs: list[Tensor], merge: str, channels: int) -> Tensor:
    """Adds or compares inputs with unequal numbers of channels."""
    neutral = 0.0 if merge == "sum" else -torch.inf
    stacked = torch.stack([F.pad(x, (0, 0, 0, 0, 0, channels - x.shape[1]), value=neutral) for x in inputs])
    return stacked.sum(dim=0) if merge == "sum" else stacked.max(dim=0).values
