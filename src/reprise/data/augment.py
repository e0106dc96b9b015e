"""Augmentation on the device, a whole batch at a time; randomness comes from torch's generator, seeded each epoch."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def random_affine(images: Tensor, rotation: float, translation: float, flip: bool = False) -> Tensor:
    """Rotates, shifts and perhaps mirrors each image by its own random amount; borders repeat the nearest pixel.

    Args:
        images: (n, c, h, w) floats; pass image and mask as channels of one tensor, so that both move alike.
        rotation: largest angle in degrees, either way.
        translation: largest shift as a share of height and width, either way.
        flip: mirrors half of the images left to right.

    Returns:
        (n, c, h, w), sampled bilinearly.
    """
    n, _, height, width = images.shape
    device = images.device
    angle, dx, dy = (torch.rand(3, n, device=device) * 2 - 1).unbind()
    angle = angle * math.radians(rotation)
    mirror = torch.where(torch.rand(n, device=device) < 0.5, -1.0, 1.0) if flip else torch.ones(n, device=device)
    cos, sin = torch.cos(angle), torch.sin(angle)
    aspect = height / width  # normalised coordinates are not square: without this a rotation would shear
    theta = torch.stack(
        [
            torch.stack([cos * mirror, -sin * aspect, 2 * translation * dx], dim=1),
            torch.stack([sin / aspect * mirror, cos, 2 * translation * dy], dim=1),
        ],
        dim=1,
    )
    grid = F.affine_grid(theta, [n, 1, height, width], align_corners=False)
    return F.grid_sample(images, grid.to(images.dtype), mode="bilinear", padding_mode="border", align_corners=False)
