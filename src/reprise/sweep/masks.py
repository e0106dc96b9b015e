"""Dropout whose mask follows from (seed, step, layer, position) alone: the same alone, stacked, and on any device.

A generator would have to be kept for every network, and would give other numbers on other devices. Here every position
is hashed instead: the finaliser of a good 32-bit hash (Wellons 2018, "lowbias32") of a counter.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

FIRST, SECOND = 0x7FEB352D, 0x846CA68B - (1 << 32)  # as signed 32-bit numbers
GOLDEN = 0x9E3779B9
OTHERS = (nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.FeatureAlphaDropout)


def mixed(x: Tensor) -> Tensor:
    """int32 -> int32, every bit of the result depending on every bit of ``x``; products wrap around."""
    x = x ^ ((x >> 16) & 0xFFFF)
    x = x * FIRST
    x = x ^ ((x >> 15) & 0x1FFFF)
    x = x * SECOND
    return x ^ ((x >> 16) & 0xFFFF)


def keys(seed: int, first: int, steps: int) -> np.ndarray:
    """(steps,) int32: what the masks of steps ``first``, ``first`` + 1, ... of one network are made from."""
    state = np.random.SeedSequence([seed, 0xD209]).generate_state(1, np.uint32)[0]
    return _mixed(state + np.arange(first, first + steps, dtype=np.uint32) * np.uint32(GOLDEN)).view(np.int32)


def _mixed(x: np.ndarray) -> np.ndarray:
    """`mixed` for unsigned NumPy numbers."""
    x = x ^ (x >> np.uint32(16))
    x = x * np.uint32(FIRST)
    x = x ^ (x >> np.uint32(15))
    x = x * np.uint32(SECOND & 0xFFFFFFFF)
    return x ^ (x >> np.uint32(16))


def kept(key: Tensor, layer: int, count: int, share: Tensor) -> Tensor:
    """(count,) bool: which positions stay.

    Args:
        key: (), int32, of the network and step.
        layer: its number in the network.
        count: positions.
        share: (), of what is dropped.
    """
    start = mixed(key + (layer + 1) * (GOLDEN - (1 << 32)))
    bits = mixed(start ^ mixed(torch.arange(count, dtype=torch.int32, device=key.device)))
    return ((bits >> 8) & 0xFFFFFF).to(torch.float32) >= share * (1 << 24)


class SeededDropout(nn.Module):
    """Dropout by ``kept``; ``key`` and ``p`` are buffers, so that stacked networks have their own."""

    def __init__(self, p: float, layer: int) -> None:
        super().__init__()
        self.layer, self.active = layer, p > 0
        self.register_buffer("p", torch.tensor(float(p)), persistent=False)
        self.register_buffer("key", torch.zeros((), dtype=torch.int32), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Any shape; while training, what stays is divided by the share that stays."""
        if not self.training or not self.active:
            return x
        mask = kept(self.key, self.layer, x.numel(), self.p).reshape(x.shape)
        return x * mask.to(x.dtype) / (1 - self.p).to(x.dtype)


def seed_dropout(model: nn.Module, share: float | None = None) -> list[SeededDropout]:
    """Puts a `SeededDropout` in the place of every ``nn.Dropout`` of a model.

    Args:
        model: changed in place.
        share: dropped by each; None leaves their own.

    Raises:
        ValueError: a layer drops in another way (whole channels, alpha dropout): its masks would not follow the seed.
    """
    found: list[SeededDropout] = []
    for parent in list(model.modules()):
        for name, child in parent.named_children():
            if isinstance(child, (nn.Dropout, *OTHERS)):
                if isinstance(child, OTHERS):
                    raise ValueError(f"{type(child).__name__}: a sweep drops single values (nn.Dropout) only")
                found.append(SeededDropout(child.p if share is None else share, len(found)))
                setattr(parent, name, found[-1])
    return found
