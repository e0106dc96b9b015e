"""Regions of a feature map as small maps of one size: RoI pooling (Fast R-CNN) and RoIAlign (Mask R-CNN).

Boxes are (n, 4) in pixels with (n,) the picture that each is of; ``scale`` is what pixels are multiplied by to become
cells of the map. The work does not depend on how large the boxes are.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def roi_pool(features: Tensor, boxes: Tensor, picture: Tensor, size: int, scale: float) -> Tensor:
    """The maximum in each of ``size`` x ``size`` bins of whole cells, as Fast R-CNN has it.

    Corners are rounded to cells, bins to whole ones, so that neighbouring bins may share cells. The maximum over any
    range is that of two overlapping ones whose length is a power of two: those are computed once for the whole map.

    Args:
        features: (b, c, h, w).
        boxes: (n, 4).
        picture: (n,) int64 in [0, b).
        size: bins along each side.
        scale: cells a pixel.

    Returns:
        (n, c, size, size); 0 where a bin lies outside the map.
    """
    height, width = features.shape[2:]
    corners = _rounded(boxes * scale)
    rows, columns = (
        _bins(corners[:, axis], corners[:, axis + 2], size, length) for axis, length in ((1, height), (0, width))
    )
    table = _range_maxima(features)  # (levels, levels, b, c, h, w)
    values = []
    for row in rows.ends:
        for column in columns.ends:
            values.append(
                table[
                    rows.level[:, :, None],
                    columns.level[:, None, :],
                    picture[:, None, None],
                    :,
                    row[:, :, None],
                    column[:, None, :],
                ]
            )
    best = torch.maximum(torch.maximum(values[0], values[1]), torch.maximum(values[2], values[3]))
    filled = rows.filled[:, :, None] & columns.filled[:, None, :]
    return torch.where(filled[..., None], best, 0).permute(0, 3, 1, 2)


class _Bins:
    """Ranges of cells: their ``level`` (logarithm of length), starts of both ``ends``, whether they are ``filled``."""

    def __init__(self, start: Tensor, stop: Tensor) -> None:
        self.filled = stop > start
        length = (stop - start).clamp(min=1)
        self.level = torch.floor(torch.log2(length.double() + 0.5)).long()
        first = torch.where(self.filled, start, 0)
        self.ends = (first, first + length - 2**self.level)


def _rounded(values: Tensor) -> Tensor:
    """Halves away from zero, as C's round has it; torch rounds them to even."""
    return torch.where(values >= 0, torch.floor(values + 0.5), torch.ceil(values - 0.5)).long()


def _bins(start: Tensor, stop: Tensor, size: int, length: int) -> _Bins:
    cells = (stop - start + 1).clamp(min=1)
    step = torch.arange(size, device=start.device)
    # in float32, as the published layers compute it: a bin's edge that is whole by arithmetic may not be so there
    wide = cells.float()[:, None] / size
    low = torch.floor(step * wide).long() + start[:, None]
    high = torch.ceil((step + 1) * wide).long() + start[:, None]
    return _Bins(low.clamp(0, length), high.clamp(0, length))


def _range_maxima(features: Tensor) -> Tensor:
    """Maxima over 2^i rows and 2^j columns from each cell on, as [i, j]; beyond the map's end there is nothing."""
    table = []
    for i in range(features.shape[2].bit_length()):
        if i:
            features = torch.maximum(features, _moved(features, 2, 2 ** (i - 1)))
        row = [features]
        for j in range(1, features.shape[3].bit_length()):
            row.append(torch.maximum(row[-1], _moved(row[-1], 3, 2 ** (j - 1))))
        table.append(torch.stack(row))
    return torch.stack(table)


def _moved(features: Tensor, axis: int, by: int) -> Tensor:
    rest = features.narrow(axis, by, features.shape[axis] - by)
    padding = (0, 0, 0, by) if axis == 2 else (0, by)
    return F.pad(rest, padding, value=-torch.inf)


def roi_align(features: Tensor, boxes: Tensor, picture: Tensor, size: int, scale: float, samples: int = 2) -> Tensor:
    """The mean of interpolated points in each of ``size`` x ``size`` bins; nothing is rounded.

    A cell's value stands at its middle (``aligned`` in other libraries). A point more than a cell outside the map is 0;
    one less far outside has the value at the edge.

    Args:
        features: (b, c, h, w).
        boxes: (n, 4).
        picture: (n,) int64 in [0, b).
        size: bins along each side.
        scale: cells a pixel.
        samples: points along each side of a bin.

    Returns:
        (n, c, size, size).
    """
    height, width = features.shape[2:]
    step = (torch.arange(size * samples, device=boxes.device) + 0.5) / (size * samples)
    points = boxes[:, None, :2] * scale - 0.5 + step[:, None] * ((boxes[:, 2:] - boxes[:, :2]) * scale)[:, None]
    columns, rows = (_between(points[..., axis], length) for axis, length in ((0, width), (1, height)))
    flat = features.permute(0, 2, 3, 1).reshape(-1, features.shape[1])  # (b * h * w, c)
    found: Tensor | float = 0.0
    for row, row_weight in rows:
        for column, column_weight in columns:
            index = (picture[:, None, None] * height + row[:, :, None]) * width + column[:, None, :]
            weight = row_weight[:, :, None] * column_weight[:, None, :]
            found = found + flat[index] * weight[..., None]
    grid = found.reshape(len(boxes), size, samples, size, samples, features.shape[1])
    return grid.mean(dim=(2, 4)).permute(0, 3, 1, 2)


def _between(place: Tensor, length: int) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """The two cells that a place lies between, each with its weight."""
    inside = ((place >= -1) & (place <= length)).to(place.dtype)
    place = place.clamp(0, length - 1)
    low = place.floor().long()
    share = place - low
    return (low, (1 - share) * inside), ((low + 1).clamp(max=length - 1), share * inside)


def paste(masks: Tensor, boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Small masks, each stretched over its box in an empty picture.

    Args:
        masks: (n, m, m) probabilities.
        boxes: (n, 4) pixels.
        size: height and width of the picture.

    Returns:
        (n, height, width), 0 outside the boxes.
    """
    height, width = size
    side = masks.shape[-1]
    rows, columns = (
        _weights(boxes[:, axis], boxes[:, axis + 2], side, length) for axis, length in ((1, height), (0, width))
    )
    return torch.einsum("nhi,nij,nwj->nhw", rows, masks, columns)


def _weights(start: Tensor, stop: Tensor, side: int, length: int) -> Tensor:
    """(n, length, side): by how much each cell of a mask counts at each pixel, linearly between cells' middles."""
    pixel = torch.arange(length, device=start.device, dtype=start.dtype) + 0.5
    place = (pixel - start[:, None]) / (stop - start).clamp(min=1e-6)[:, None]
    inside = (place >= 0) & (place <= 1)
    cell = (place * side - 0.5).clamp(0, side - 1)
    weight = (1 - (cell[..., None] - torch.arange(side, device=start.device)).abs()).clamp(min=0)
    return weight * inside[..., None]
