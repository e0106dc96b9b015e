"""Feature inversion (Mahendran and Vedaldi, 2015): the picture whose features at a layer are those of another."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

Features = Callable[[Tensor], Tensor]  # pictures (n, channels, h, w) -> (n, ...)


class Inverted(NamedTuple):
    """``images`` (n, channels, h, w) in [0, 1]; ``distance`` (n,): squared, relative to the target's square."""

    images: Tensor
    distance: Tensor


def invert(
    features: Features,
    targets: Tensor,
    shape: tuple[int, int, int],
    steps: int = 100,
    rate: float = 0.05,
    smoothness: float = 0.0,
    start: Tensor | float = 0.5,
) -> Inverted:
    """Finds pictures whose features are ``targets``, by Adam; each picture by itself.

    Args:
        features: of a batch of pictures, each by itself.
        targets: (n, ...) features to be met.
        shape: (channels, h, w) of a picture.
        steps: of Adam.
        rate: its learning rate.
        smoothness: weight of the mean squared difference of neighbouring pixels (total variation, beta = 2), against
            the relative squared distance of the features.
        start: where it begins, even grey or anything in [0, 1] that broadcasts to the pictures; what the features do
            not tell of stays as it is there.

    Raises:
        ValueError: targets that are not finite, or a picture's all 0: nothing is known of it.
    """
    size = targets.flatten(1).square().sum(dim=1)
    if not torch.isfinite(size).all() or not (size > 0).all():
        raise ValueError("targets: expected finite features, not all 0")
    begun = torch.as_tensor(start, dtype=torch.float32, device=targets.device)
    images = begun.expand(len(targets), *shape).clone().requires_grad_(True)
    optimizer = torch.optim.Adam([images], lr=rate)
    for _ in range(steps):
        loss = (features(images) - targets).flatten(1).square().sum(dim=1) / size
        if smoothness:
            loss = loss + smoothness * total_variation(images)
        (images.grad,) = torch.autograd.grad(loss.sum(), images)
        optimizer.step()
        with torch.no_grad():
            images.clamp_(0, 1)
    with torch.no_grad():
        distance = (features(images) - targets).flatten(1).square().sum(dim=1) / size
    return Inverted(images.detach(), distance)


def total_variation(images: Tensor) -> Tensor:
    """(n,) mean squared difference of neighbours below and to the right."""
    down = (images[..., 1:, :] - images[..., :-1, :]).square().flatten(1).mean(dim=1)
    right = (images[..., :, 1:] - images[..., :, :-1]).square().flatten(1).mean(dim=1)
    return down + right


def peak_signal_to_noise(images: Tensor, truth: Tensor) -> Tensor:
    """(n,) dB, of pictures in [0, 1]; equal ones count as 100 dB."""
    error = (images - truth).square().flatten(1).mean(dim=1)
    return -10 * torch.log10(error.clamp(min=1e-10))
