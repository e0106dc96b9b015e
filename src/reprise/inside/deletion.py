"""Deletion and insertion curves (Petsiuk et al., 2018): how a score falls while pixels go, the most salient first."""

from __future__ import annotations

import torch
from torch import Tensor

from reprise.inside.gradients import Score


def ranks(maps: Tensor) -> Tensor:
    """(n, h, w) place of each pixel in its picture's order, 0 for the most salient; ties in reading order."""
    flat = maps.flatten(1)
    order = torch.argsort(flat, dim=1, descending=True, stable=True)
    places = torch.empty_like(order)
    places.scatter_(1, order, torch.arange(flat.shape[1], device=maps.device).expand_as(order))
    return places.view_as(maps)


def random_maps(shape: tuple[int, int, int], seed: int) -> Tensor:
    """(n, h, w) noise: an order by chance."""
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def deletion_curve(score: Score, images: Tensor, maps: Tensor, fill: Tensor | float, steps: int = 16) -> Tensor:
    """Scores while the pixels of the largest map values are replaced, step by step until none is left.

    Args:
        score: of each picture.
        images: (n, channels, h, w).
        maps: (n, h, w), larger is more salient.
        fill: what replaces a pixel; anything that broadcasts to ``images``.
        steps: of equal numbers of pixels.

    Returns:
        (n, steps + 1): nothing deleted at first, everything in the end.

    Raises:
        ValueError: maps of another size, or not finite (an order of NaN would be chance).
    """
    if maps.shape != (len(images), *images.shape[-2:]):
        raise ValueError(f"maps have shape {tuple(maps.shape)}, the pictures {tuple(images.shape)}")
    if not torch.isfinite(maps).all():
        raise ValueError("a map is not finite")
    places, pixels = ranks(maps)[:, None], maps[0].numel()
    with torch.no_grad():
        curve = [score(torch.where(places < round(step * pixels / steps), fill, images)) for step in range(steps + 1)]
    return torch.stack(curve, dim=1)


def insertion_curve(score: Score, images: Tensor, maps: Tensor, fill: Tensor | float, steps: int = 16) -> Tensor:
    """The same the other way: pixels come into a picture of nothing but ``fill``, the most salient first."""
    return deletion_curve(score, torch.as_tensor(fill, dtype=images.dtype).expand_as(images), maps, images, steps)


def area(curve: Tensor) -> Tensor:
    """(n,) area under curves (n, steps + 1) over the share of pixels (trapezia)."""
    return torch.trapezoid(curve, dim=1) / (curve.shape[1] - 1)
