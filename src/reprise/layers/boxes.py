"""Boxes: how far they overlap, how they are coded against anchors, which of them are kept.

A box is (x1, y1, x2, y2) in pixels, its corners on the edges between pixels: its width is x2 - x1. Everything takes any
number of leading axes (a batch), and nothing loops over boxes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

LARGEST_STEP = math.log(1000 / 16)  # of a coded logarithm of a size: what decoding allows (Girshick's code)


def area(boxes: Tensor) -> Tensor:
    """(..., 4) -> (...); a reversed box has no area."""
    sides = (boxes[..., 2:] - boxes[..., :2]).clamp(min=0)
    return sides[..., 0] * sides[..., 1]


def iou(one: Tensor, other: Tensor) -> Tensor:
    """Intersection over union of every box with every other.

    Args:
        one: (..., n, 4).
        other: (..., m, 4).

    Returns:
        (..., n, m) in [0, 1]; 0 where neither has an area.
    """
    shared, union = _shared_and_union(one, other)
    return shared / union.clamp(min=torch.finfo(union.dtype).tiny)


def generalised_iou(one: Tensor, other: Tensor) -> Tensor:
    """IoU minus the share of the smallest enclosing box that neither fills (Rezatofighi et al., 2019).

    It says of boxes apart how far apart they are.

    Returns:
        (..., n, m) in (-1, 1] for (..., n, 4) and (..., m, 4); 0 where neither has an area and both are one point.
    """
    shared, union = _shared_and_union(one, other)
    low = torch.minimum(one[..., :, None, :2], other[..., None, :, :2])
    high = torch.maximum(one[..., :, None, 2:], other[..., None, :, 2:])
    around = area(torch.cat([low, high], dim=-1))
    tiny = torch.finfo(union.dtype).tiny
    return shared / union.clamp(min=tiny) - (around - union) / around.clamp(min=tiny)


def _shared_and_union(one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    low = torch.maximum(one[..., :, None, :2], other[..., None, :, :2])
    high = torch.minimum(one[..., :, None, 2:], other[..., None, :, 2:])
    shared = area(torch.cat([low, high], dim=-1))
    return shared, area(one)[..., :, None] + area(other)[..., None, :] - shared


def encode(boxes: Tensor, anchors: Tensor, scales: Sequence[float] = (1, 1, 1, 1)) -> Tensor:
    """How an anchor must be moved and stretched to become a box (R-CNN, appendix C).

    Args:
        boxes: (..., 4) of positive width and height.
        anchors: (..., 4), alike.
        scales: what each of the four is multiplied by, so that all are of one size.

    Returns:
        (..., 4): shifts of the centre in widths and heights of the anchor, logarithms of both sides' ratios.
    """
    centres, sides = _centres(boxes)
    from_centres, from_sides = _centres(anchors)
    code = torch.cat([(centres - from_centres) / from_sides, torch.log(sides / from_sides)], dim=-1)
    return code * code.new_tensor(scales)


def decode(code: Tensor, anchors: Tensor, scales: Sequence[float] = (1, 1, 1, 1)) -> Tensor:
    """The boxes that :func:`encode` coded; sides grow at most 62.5-fold, so that no untrained code overflows."""
    code = code / code.new_tensor(scales)
    centres, sides = _centres(anchors)
    centres = centres + code[..., :2] * sides
    half = torch.exp(code[..., 2:].clamp(max=LARGEST_STEP)) * sides / 2
    return torch.cat([centres - half, centres + half], dim=-1)


def _centres(boxes: Tensor) -> tuple[Tensor, Tensor]:
    sides = boxes[..., 2:] - boxes[..., :2]
    return boxes[..., :2] + sides / 2, sides


def clip(boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Boxes cut to a picture of ``size`` (height, width)."""
    height, width = size
    ends = boxes.new_tensor([width, height, width, height])
    return torch.minimum(boxes.clamp(min=0), ends)


def anchors(shape: tuple[int, int], stride: float, sizes: Sequence[float], ratios: Sequence[float] = (1.0,)) -> Tensor:
    """Boxes of every size and ratio around the middle of every cell of a feature map.

    Args:
        shape: rows and columns of the map.
        stride: pixels from cell to cell.
        sizes: square roots of areas, in pixels.
        ratios: height over width.

    Returns:
        (rows * columns * sizes * ratios, 4), cell by cell in reading order, sizes before ratios.
    """
    rows, columns = (torch.arange(count) * stride + stride / 2 for count in shape)
    centres = torch.stack(torch.meshgrid(rows, columns, indexing="ij"), dim=-1).flip(-1).reshape(-1, 1, 2)
    sides = torch.tensor([[s / math.sqrt(r), s * math.sqrt(r)] for s in sizes for r in ratios])
    return torch.cat([centres - sides / 2, centres + sides / 2], dim=-1).reshape(-1, 4)


def nms(boxes: Tensor, scores: Tensor, threshold: float, classes: Tensor | None = None) -> Tensor:
    """Non-maximum suppression: drops every box that a better one which stays overlaps by more than ``threshold``.

    Who is dropped by whom is a triangular matrix, so that applying "who is overlapped by one that stays goes" again and
    again to all boxes at once ends, after as many rounds as suppression has links, with what one pass in order of score
    gives.

    Args:
        boxes: (..., n, 4).
        scores: (..., n); of equal ones the first counts as better.
        threshold: an IoU in [0, 1].
        classes: (..., n); boxes of different classes leave each other alone.

    Returns:
        (..., n) whether a box stays.
    """
    order = scores.argsort(dim=-1, descending=True, stable=True)
    ordered = torch.take_along_dim(boxes, order[..., None], dim=-2)
    over = iou(ordered, ordered) > threshold
    if classes is not None:
        kinds = torch.take_along_dim(classes, order, dim=-1)
        over &= kinds[..., :, None] == kinds[..., None, :]
    over = over.triu(diagonal=1)
    stays = torch.ones_like(scores, dtype=torch.bool)
    while True:
        found = ~(over & stays[..., :, None]).any(dim=-2)
        if torch.equal(found, stays):
            break
        stays = found
    return torch.zeros_like(stays).scatter(-1, order, stays)
