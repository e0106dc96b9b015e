"""Changes of images that are meant to deceive a network: gradient signs, their iteration, stickers (claims 102, 103).

Images are floats in [0, 1], (n, c, h, w); a network is any function from them to logits. Nothing here changes weights.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

Network = Callable[[Tensor], Tensor]  # images (n, c, h, w) -> logits (n, classes)


def gradient_sign(network: Network, images: Tensor, labels: Tensor, size: float, towards: bool = False) -> Tensor:
    """One step of ``size`` along the sign of the loss's gradient (Goodfellow, Shlens and Szegedy, 2015).

    Args:
        network: what is to be deceived.
        images: (n, c, h, w) in [0, 1].
        labels: (n,) int64: the right classes, or those that it is to name.
        size: the largest change of a pixel, in [0, 1].
        towards: step towards ``labels`` instead of away from them.

    Returns:
        The changed images, within [0, 1].
    """
    return iterated(network, images, labels, size, size, 1, towards)


def iterated(
    network: Network,
    images: Tensor,
    labels: Tensor,
    size: float,
    step: float,
    steps: int,
    towards: bool = False,
) -> Tensor:
    """Several steps along the sign of the gradient, none further than ``size`` from the image (Kurakin et al., 2017).

    Args:
        network, images, labels, size, towards: see ``gradient_sign``.
        step: size of one step.
        steps: how many.

    Raises:
        ValueError: a negative size or step, or fewer than one step.
    """
    if size < 0 or step < 0 or steps < 1:
        raise ValueError(f"size={size}, step={step}, steps={steps}: expected sizes of 0 or more and a step at least")
    low, high = (images - size).clamp(min=0), (images + size).clamp(max=1)
    changed = images.detach().clone()
    for _ in range(steps):
        changed.requires_grad_()
        loss = F.cross_entropy(network(changed).float(), labels, reduction="sum")  # each image by itself
        sign = torch.autograd.grad(loss, changed)[0].sign()
        changed = (changed.detach() + (-step if towards else step) * sign).clamp(min=low, max=high)
    return changed.detach()


def random_signs(images: Tensor, size: float, seed: int) -> Tensor:
    """Every pixel moved by ``size`` up or down at random: what a gradient sign is held against, of the same norm.

    Returns:
        The changed images, within [0, 1]; the same seed draws the same signs for every size.
    """
    generator = torch.Generator().manual_seed(seed)
    signs = torch.randint(0, 2, images.shape, generator=generator).mul(2).sub(1).to(images)
    return (images + size * signs).clamp(0, 1)


class Spots(NamedTuple):
    """Where stickers go.

    Attributes:
        centres: (n, 2) x and y of their centres, pixels; 0 is the middle of the first pixel.
        turns: (n,) radians.
    """

    centres: Tensor
    turns: Tensor


def random_spots(count: int, size: int, side: int, most: float, seed: int) -> Spots:
    """Places at which an unturned square of ``size`` pixels lies wholly within an image of ``side``, on whole pixels.

    Args:
        count: stickers.
        size, side: pixels.
        most: the furthest turn, radians, either way.
        seed: the same seed gives the same places.

    Raises:
        ValueError: a sticker larger than the image, or of no pixel.
    """
    if not 1 <= size <= side:
        raise ValueError(f"size={size}: expected a sticker of 1 to {side} pixels, the image's side")
    generator = torch.Generator().manual_seed(seed)
    corners = torch.randint(0, side - size + 1, (count, 2), generator=generator)
    turns = (2 * torch.rand(count, generator=generator) - 1) * most
    return Spots(corners + (size - 1) / 2, turns)


def stick(images: Tensor, sticker: Tensor, spots: Spots) -> Tensor:
    """Lays one sticker on every image; differentiable in the sticker.

    Args:
        images: (n, c, h, w).
        sticker: (c, p, p).
        spots: one for each image; a turned sticker's corners may lie outside.

    Returns:
        (n, c, h, w); unturned and on whole pixels the sticker's own pixels are there unchanged.
    """
    size, (height, width) = sticker.shape[-1], images.shape[-2:]
    centres, turns = spots.centres.to(images), spots.turns.to(images)
    x = torch.arange(width).to(images)[None, None, :] - centres[:, 0, None, None]
    y = torch.arange(height).to(images)[None, :, None] - centres[:, 1, None, None]
    cos, sin = torch.cos(turns)[:, None, None], torch.sin(turns)[:, None, None]
    grid = torch.stack([cos * x + sin * y, cos * y - sin * x], dim=3) * (2 / size)
    inside = (grid.abs() <= 1).all(dim=3)[:, None]
    pasted = F.grid_sample(sticker.expand(len(images), -1, -1, -1), grid, padding_mode="border", align_corners=False)
    return torch.where(inside, pasted, images)


def trained_sticker(
    network: Network,
    images: Tensor,
    target: int,
    size: int,
    steps: int,
    batch: int,
    rate: float,
    most: float,
    seed: int,
) -> Tensor:
    """One sticker for all images that makes the network name ``target`` (Brown et al., 2017).

    Adam on the cross-entropy of the target, over images, places and turns drawn anew in every step.

    Args:
        network: what is to be deceived.
        images: (n, c, h, w) in [0, 1], best of other classes than the target.
        target: the class.
        size: of the sticker, pixels.
        steps, batch, rate: of the descent.
        most: the furthest turn, radians.
        seed: of all draws.

    Returns:
        (c, size, size) in [0, 1].
    """
    generator = torch.Generator().manual_seed(seed)
    sticker = torch.full((images.shape[1], size, size), 0.5, device=images.device, requires_grad=True)
    optimizer = torch.optim.Adam([sticker], lr=rate)
    labels = torch.full((batch,), target, device=images.device)
    for step in range(steps):
        chosen = torch.randint(0, len(images), (batch,), generator=generator).to(images.device)
        spots = random_spots(batch, size, images.shape[-1], most, seed + 1 + step)
        loss = F.cross_entropy(network(stick(images[chosen], sticker, spots)).float(), labels)
        sticker.grad = torch.autograd.grad(loss, sticker)[0]
        optimizer.step()
        with torch.no_grad():
            sticker.clamp_(0, 1)
    return sticker.detach()
