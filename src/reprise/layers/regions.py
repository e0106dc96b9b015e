"""Regions of a feature map as small maps of one size: RoI pooling (Fast R-CNN) and RoIAlign (Mask R-CNN).

Boxes are (n, 4) in pixels with (n,) the picture that each is of; ``scale`` is what pixels are multiplied by to become
cells of the map. The work does not depend on how large the boxes are.
"""

from __future__ import annotations

import torch
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
    flat = _cells(features)
    learns = torch.is_grad_enabled() and features.requires_grad
    with torch.no_grad():
        values, cells = _largest(flat.reshape(-1, height, width, features.shape[1]), rows, columns, picture, learns)
    if cells is not None:
        values = flat.gather(0, cells.flatten(0, 2)).reshape(values.shape)
    filled = rows.filled[:, :, None] & columns.filled[:, None, :]
    return torch.where(filled[..., None], values, 0).permute(0, 3, 1, 2)


def _largest(
    features: Tensor, rows: _Bins, columns: _Bins, picture: Tensor, where: bool
) -> tuple[Tensor, Tensor | None]:
    """(n, size, size, c) the largest value of each bin of (b, h, w, c) features; ``where``: and the cell of it."""
    count, height, width = features.shape[:3]
    tall, wide = (int(bins.level.max()) + 1 if len(picture) else 1 for bins in (rows, columns))
    values, cells = _range_maxima(features, tall, wide, where)
    level = (rows.level[:, :, None] * wide + columns.level[:, None, :]) * count + picture[:, None, None]
    best = best_cell = None
    for row in rows.ends:
        for column in columns.ends:
            place = (level * height + row[:, :, None]) * width + column[:, None, :]
            value = _rows_of(values, place)
            if cells is not None:
                cell = _rows_of(cells, place)
                best_cell = cell if best is None else torch.where(value > best, cell, best_cell)
            best = value if best is None else torch.maximum(value, best)
    return best, None if best_cell is None else best_cell.long()


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


def _range_maxima(features: Tensor, tall: int, wide: int, where: bool) -> tuple[Tensor, Tensor | None]:
    """Maxima over 2^i rows and 2^j columns from each cell on; ``where``: and the cells where they stand.

    Returns:
        Both (tall * wide * b * h * w, c), (i, j, picture, row, column) as one axis.
    """
    values = features.new_empty(tall * wide, *features.shape)
    values[0] = features
    cells = None
    if where:
        cells = torch.empty(values.shape, dtype=torch.int32, device=features.device)
        cells[0] = torch.arange(features[..., 0].numel(), device=features.device).reshape(*features.shape[:3], 1)
    for level in range(1, tall * wide):
        i, j = divmod(level, wide)
        axis, by, before = (2, 2 ** (j - 1), level - 1) if j else (1, 2 ** (i - 1), level - wide)
        length = features.shape[axis]
        by = min(by, length)
        head, tail = (values[before].narrow(axis, start, length - by) for start in (0, by))
        torch.maximum(head, tail, out=values[level].narrow(axis, 0, length - by))
        _keep_end(values, before, level, axis, by)
        if cells is not None:
            one, other = (cells[before].narrow(axis, start, length - by) for start in (0, by))
            torch.where(tail > head, other, one, out=cells[level].narrow(axis, 0, length - by))
            _keep_end(cells, before, level, axis, by)
    return values.flatten(0, 3), None if cells is None else cells.flatten(0, 3)


def _keep_end(table: Tensor, before: int, level: int, axis: int, by: int) -> None:
    """Beyond the map's end there is nothing that could be larger."""
    start = table[level].shape[axis] - by
    table[level].narrow(axis, start, by).copy_(table[before].narrow(axis, start, by))


def _cells(maps: Tensor) -> Tensor:
    """(n, c, h, w) -> (n * h * w, c)."""
    return maps.permute(0, 2, 3, 1).reshape(-1, maps.shape[1])


def _rows_of(table: Tensor, index: Tensor) -> Tensor:
    """table[index]; its gradient is summed in one pass, many times faster than that of indexing."""
    return table.index_select(0, index.flatten()).reshape(*index.shape, table.shape[1])


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
    flat = _cells(features)
    found: Tensor | float = 0.0
    for row, row_weight in rows:
        for column, column_weight in columns:
            index = (picture[:, None, None] * height + row[:, :, None]) * width + column[:, None, :]
            weight = row_weight[:, :, None] * column_weight[:, None, :]
            found = found + _rows_of(flat, index) * weight[..., None]
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
