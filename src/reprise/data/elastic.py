"""Deformations on the device, a whole batch at a time: turned, moved, mirrored and bent in one sampling (claim 28).

Pictures, labels and weights that belong together are sampled on one grid, pictures between pixels and labels at the
nearest. Randomness comes from torch's generator, seeded each epoch.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

KNOTS = 3  # of the coarse grid each way; the U-Net paper's
DEVIATION = 10.0  # pixels; the paper's


def random_grid(
    shape: tuple[int, int, int],
    device: torch.device | str = "cpu",
    rotation: float = 0.0,
    translation: float = 0.0,
    deviation: float = 0.0,
    flip: bool = False,
    knots: int = KNOTS,
) -> Tensor:
    """Where each pixel of a deformed picture comes from.

    Args:
        shape: n, h, w.
        device: where it is made.
        rotation: largest angle in degrees, either way.
        translation: largest shift as a share of height and width, either way.
        deviation: standard deviation of the displacements at the knots of a coarse grid, in pixels; between the knots
            they are interpolated bicubically.
        flip: mirrors half of the pictures left to right.
        knots: each way.

    Returns:
        (n, h, w, 2): x and y in [-1, 1] within the picture, as ``grid_sample(align_corners=False)`` takes them.
    """
    n, height, width = shape
    angle, dx, dy = (torch.rand(3, n, device=device) * 2 - 1).unbind()
    angle = angle * math.radians(rotation)
    mirror = torch.where(torch.rand(n, device=device) < 0.5, -1.0, 1.0) if flip else torch.ones(n, device=device)
    cos, sin = torch.cos(angle), torch.sin(angle)
    aspect = height / width
    theta = torch.stack(
        [
            torch.stack([cos * mirror, -sin * aspect, 2 * translation * dx], dim=1),
            torch.stack([sin / aspect * mirror, cos, 2 * translation * dy], dim=1),
        ],
        dim=1,
    )
    grid = F.affine_grid(theta, [n, 1, height, width], align_corners=False)
    if deviation:
        bent = torch.randn(n, 2, knots, knots, device=device) * deviation
        bent = F.interpolate(bent, (height, width), mode="bicubic", align_corners=True)
        scale = torch.tensor([2 / width, 2 / height], device=device)  # pixels as grid_sample counts them
        grid = grid + bent.permute(0, 2, 3, 1) * scale
    return grid


def sample(pictures: Tensor, grid: Tensor, nearest: bool = False) -> Tensor:
    """Pictures (n, c, h, w), floats, on a grid of :func:`random_grid`; beyond the border they are mirrored.

    Args:
        pictures: what is deformed.
        grid: (n, h', w', 2).
        nearest: takes the nearest pixel, for labels.
    """
    mode = "nearest" if nearest else "bilinear"
    return F.grid_sample(pictures, grid.to(pictures.dtype), mode=mode, padding_mode="reflection", align_corners=False)


def random_grey(pictures: Tensor, contrast: float, brightness: float) -> Tensor:
    """Each picture's grey values stretched about their mean and shifted, by its own random amounts.

    Args:
        pictures: (n, ...) floats.
        contrast: largest change of the factor, either way: 0.2 gives factors from 0.8 to 1.2.
        brightness: largest shift either way, in the pictures' unit.
    """
    n = len(pictures)
    factor, shift = (torch.rand(2, n, device=pictures.device) * 2 - 1).view(2, n, *[1] * (pictures.dim() - 1))
    mean = pictures.flatten(1).mean(dim=1).view(factor.shape)
    return (pictures - mean) * (1 + contrast * factor) + mean + brightness * shift
