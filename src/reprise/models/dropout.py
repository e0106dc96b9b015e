"""Dropout (Srivastava et al., JMLR 2014) whose mask is cheap on a CPU.

There torch draws one random number an element, on one thread: 28 % of a bf16 training step of the ultrasound U-Net.
Sixteen random bits are enough for an element, so one draw of 64 serves four. `benchmarks/training.py` has the ratio.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

LEVELS = 2**16  # of the 16 bits that decide


class Dropout(nn.Dropout):
    """nn.Dropout; on a CPU the share kept is 1 - p to the nearest 65,536th, and the scale is its exact inverse."""

    def forward(self, x: Tensor) -> Tensor:
        """Any shape -> the same, memory layout included; in evaluation x itself."""
        kept = round((1 - self.p) * LEVELS)
        if not self.training or x.device.type != "cpu" or kept in (0, LEVELS):
            return super().forward(x)
        n = x.numel()
        bits = torch.empty(-(-n // 4), dtype=torch.int64).random_(-(2**63), None).view(torch.int16)[:n]
        mask = torch.empty_like(x)  # dense and in x's order, so that the product runs through memory once
        torch.lt(bits, kept - LEVELS // 2, out=mask.as_strided((n,), (1,)))
        return x * mask.mul_(LEVELS / kept)
