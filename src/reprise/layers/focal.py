"""The focal loss (Lin et al., 2017): cross-entropy in which what is easy hardly counts."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def focal_loss(logits: Tensor, targets: Tensor, gamma: float = 2.0, alpha: float | None = 0.25) -> Tensor:
    """``-alpha_t (1 - p_t)^gamma log p_t`` of each logit by itself.

    Args:
        logits: of any shape.
        targets: 0 or 1, alike.
        gamma: 0 is the cross-entropy, bit for bit.
        alpha: weight of what is there; what is not has 1 - alpha. None weighs both alike.

    Returns:
        The loss of each, in nats.
    """
    targets = targets.to(logits.dtype)
    loss = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    if gamma:
        wrong = torch.sigmoid(torch.where(targets > 0.5, -logits, logits))  # 1 - p_t, without cancellation
        loss = loss * wrong**gamma
    return loss if alpha is None else loss * (alpha * targets + (1 - alpha) * (1 - targets))
