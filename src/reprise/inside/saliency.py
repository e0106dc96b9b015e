"""Which pixels a score depends on: gradient, integrated gradients, SmoothGrad, occlusion.

All give a tensor shaped like the pictures, signed; ``by_pixel`` makes one number a pixel of it. They agree with
captum's (Saliency without absolute value, IntegratedGradients with Gauss and Legendre's rule, NoiseTunnel, Occlusion).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from reprise.inside.gradients import Score, input_gradients


def gradient(score: Score, images: Tensor) -> Tensor:
    """The score's gradient (Simonyan et al., 2013): what a first step of gradient ascent would change."""
    return input_gradients(score, images)[1]


def integrated_gradients(score: Score, images: Tensor, baseline: Tensor | float = 0.0, steps: int = 50) -> Tensor:
    """The gradient's mean on the way from a baseline, times that way (Sundararajan et al., 2017).

    Args:
        score: of each picture.
        images: (n, channels, h, w).
        baseline: where the way begins; anything that broadcasts to ``images``.
        steps: nodes of Gauss and Legendre's rule.

    Returns:
        Like ``images``; its sum over a picture is the score's rise from the baseline, up to the rule's error.

    Raises:
        ValueError: no step.
    """
    if steps < 1:
        raise ValueError(f"steps={steps}: at least one is needed")
    way = images - baseline
    total = torch.zeros_like(images)
    places, weights = np.polynomial.legendre.leggauss(steps)
    for place, weight in zip((places + 1) / 2, weights / 2, strict=True):
        total += float(weight) * gradient(score, images - float(1 - place) * way)
    return total * way


def smooth_grad(score: Score, images: Tensor, noise: float, samples: int = 25, seed: int = 0) -> Tensor:
    """The gradient's mean over noisy copies (Smilkov et al., 2017).

    Args:
        score: of each picture.
        images: (n, channels, h, w).
        noise: standard deviation, in the pictures' own units; the paper takes 10 to 20 % of their range.
        samples: copies of each picture.
        seed: of the noise.
    """
    if noise < 0 or samples < 1:
        raise ValueError(f"noise={noise}, samples={samples}: expected noise of 0 or more and a sample at least")
    generator = torch.Generator().manual_seed(seed)
    total = torch.zeros_like(images)
    for _ in range(samples):
        drawn = torch.randn(images.shape, generator=generator, dtype=images.dtype).to(images.device)
        total += gradient(score, images + noise * drawn)
    return total / samples


def occlusion(score: Score, images: Tensor, window: int, stride: int, fill: Tensor | float = 0.0) -> Tensor:
    """How far the score falls where a square is covered (Zeiler and Fergus, 2014), mean over the squares on a pixel.

    Args:
        score: of each picture.
        images: (n, channels, h, w).
        window: side of the square, pixels; all channels are covered at once.
        stride: of the square; the last one of a row or column may stand out over the edge.
        fill: what covers; anything that broadcasts to ``images``.

    Raises:
        ValueError: a square that does not fit, or a stride that leaves pixels out.
    """
    h, w = images.shape[-2:]
    if not 1 <= stride <= window <= min(h, w):
        raise ValueError(f"window={window}, stride={stride}: expected 1 <= stride <= window <= {min(h, w)}")
    total, times = torch.zeros_like(images), torch.zeros(h, w, dtype=images.dtype, device=images.device)
    fill = torch.as_tensor(fill, dtype=images.dtype, device=images.device).expand_as(images)
    with torch.no_grad():
        whole = score(images)
        for top in range(0, h - window + stride, stride):
            for left in range(0, w - window + stride, stride):
                rows, columns = slice(top, top + window), slice(left, left + window)
                covered = images.clone()
                covered[..., rows, columns] = fill[..., rows, columns]
                total[..., rows, columns] += (whole - score(covered))[:, None, None, None]
                times[rows, columns] += 1
    return total / times


def by_pixel(attributions: Tensor) -> Tensor:
    """(n, h, w): the largest absolute value over the channels, as Simonyan et al. show it."""
    return attributions.abs().amax(dim=1)


def edges(images: Tensor) -> Tensor:
    """(n, h, w) length of the picture's own slope (central differences): a map that asks no network."""
    down, right = torch.gradient(images, dim=(-2, -1))
    return (down**2 + right**2).sum(dim=1).sqrt()
