"""Prediction of pictures of any size by a network without padding: overlapping tiles, mirrored at the border.

Each tile's input reaches beyond its output by what the network loses; where the picture ends, it goes on as its mirror
image (Ronneberger, Fischer and Brox 2015, figure 2). Tiles meet without a seam: every pixel sees the surroundings that
it would see if the picture were predicted whole.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def unet_margin(depth: int = 4) -> int:
    """What a U-Net without padding loses of a side, at both ends together: 184 pixels at a depth of 4."""
    lost = 4
    for _ in range(depth):
        lost = 2 * lost + 8
    return lost


def unet_output(side: int, depth: int = 4) -> int:
    """Side of what a U-Net without padding gives for an input of ``side``: 388 of 572 at a depth of 4.

    Raises:
        ValueError: a pooling would meet an odd side, or nothing would be left.
    """
    here = side
    for level in range(depth):
        here -= 4
        if here <= 0 or here % 2:
            larger = unet_input(max(side - unet_margin(depth), 1), depth)
            raise ValueError(f"side {side}: level {level} has {here} pixels and cannot be halved; {larger} can")
        here //= 2
    if side <= unet_margin(depth):
        raise ValueError(f"side {side}: nothing is left of it; {unet_input(1, depth)} is the smallest")
    return side - unet_margin(depth)


def unet_input(output: int, depth: int = 4) -> int:
    """The smallest side for which a U-Net without padding gives ``output`` pixels or more."""
    # at the bottom every number of pixels is possible; one more there is 2**depth more of the input
    least = unet_margin(depth) + output
    bottom = -(-(least - _above(depth)) // 2**depth)
    return bottom * 2**depth + _above(depth)


def unet_surplus(depth: int = 4) -> int:
    """Pixels that a U-Net without padding gives beyond a multiple of ``2**depth`` at least: 4 from a depth of 3 on.

    Tiles must lie a multiple of ``2**depth`` apart, or poolings meet other pixels than in the whole picture; but inputs
    whose output is such a multiple cannot be halved so often.
    """
    step = 2**depth
    return unet_input(step, depth) - unet_margin(depth) - step


def _above(depth: int) -> int:
    """Side of an input whose lowest level would have no pixel at all: four are lost at every level on the way down."""
    return sum(4 * 2**level for level in range(depth))


def predict_tiled(
    network: Callable[[Tensor], Tensor], images: Tensor, tile: int, margin: int, multiple: int = 1, surplus: int = 0
) -> Tensor:
    """Predicts pictures tile by tile, with tiles as alike as they can be: two of 256 for 512 pixels, not 384 and 128.

    Every tile is predicted whole, what lies beyond the picture too, so that small remainders would cost the most.

    Args:
        network: (1, c, a + margin, b + margin) -> (1, k, a, b) for sides a, b up to ``tile + surplus``; no pixel's
            answer may depend on where in the tile it lies, but for a shift by ``multiple``.
        images: (n, c, h, w), larger than half the margin each way.
        tile: side of a tile's output at most; a multiple of ``multiple``.
        margin: how much larger the input is, even.
        multiple: what a pooled network's answer repeats at: 2**depth for a U-Net.
        surplus: what the network gives beyond a tile below and on the right, and is cut off.

    Returns:
        (n, k, h, w).

    Raises:
        ValueError: the margin is odd, the picture too small to be mirrored so far, or the network gives another size.
    """
    height, width = images.shape[-2:]
    border = margin // 2
    if margin % 2 or tile < 1 or tile % multiple:
        raise ValueError(f"tile {tile}, margin {margin}: the margin must be even, the tile a multiple of {multiple}")
    if border >= min(height, width):
        raise ValueError(
            f"pictures of {height} x {width} cannot be mirrored by {border} pixels: use a shallower network"
        )
    (tall, rows), (broad, columns) = (_tiling(side, tile, multiple) for side in (height, width))
    beyond = border + surplus
    wide = mirrored(images, border, rows * tall - height + beyond, columns * broad - width + beyond)
    whole = []
    for image in wide.split(1):
        lines = []
        for y in range(0, rows * tall, tall):
            line = []
            for x in range(0, columns * broad, broad):
                seen = image[..., y : y + tall + surplus + margin, x : x + broad + surplus + margin]
                found = network(seen)
                if found.shape[-2:] != (tall + surplus, broad + surplus):
                    sizes = f"{tuple(found.shape[-2:])} for {tuple(seen.shape[-2:])}"
                    raise ValueError(f"the network gives {sizes}, expected {margin} less")
                line.append(found[..., :tall, :broad])
            lines.append(torch.cat(line, dim=3))
        whole.append(torch.cat(lines, dim=2)[..., :height, :width])
    return torch.cat(whole)


def _tiling(side: int, most: int, multiple: int) -> tuple[int, int]:
    """The smallest tile with which a side needs no more tiles than with the largest; how many there are."""
    count = -(-side // most)
    return -(-side // (count * multiple)) * multiple, count


def mirrored(images: Tensor, border: int, below: int | None = None, right: int | None = None) -> Tensor:
    """(n, c, h, w) floats with mirrored borders: above and on the left ``border``, as much below and right by default.

    The outermost pixels are not repeated. What would reach beyond a whole mirror image is mirrored again.
    """
    below, right = border if below is None else below, border if right is None else right
    index = [
        _mirror(torch.arange(-border, size + more, device=images.device), size)
        for size, more in zip(images.shape[-2:], (below, right), strict=True)
    ]
    return images[..., index[0], :][..., index[1]]


def _mirror(place: Tensor, size: int) -> Tensor:
    if size == 1:
        return torch.zeros_like(place)
    period = 2 * (size - 1)
    folded = torch.remainder(place, period)
    return torch.where(folded < size, folded, period - folded)
