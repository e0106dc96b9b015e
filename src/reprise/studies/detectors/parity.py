"""Every part beside a slow form of itself, written with loops as the papers' texts have it."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy
from torch.utils.flop_counter import FlopCounterMode

from reprise.layers.boxes import iou, nms
from reprise.layers.focal import focal_loss
from reprise.layers.regions import roi_pool
from reprise.models.zoo import ResNet
from reprise.studies.detectors import counting
from reprise.studies.detectors.proposals import windows
from reprise.studies.detectors.settings import Proposals
from reprise.tasks.single_pass import SIZES, STRIDES, Grid, default_boxes

SIDE, BOXES, CELLS = 48, 60, 12
SIZE = (64, 96)
LOGITS = torch.linspace(-60, 60, 1001)
TARGETS = (torch.arange(1001) % 3 == 0).float()


def measure(proposals: Proposals) -> dict[str, float]:
    """By the number of the claim, the largest difference on random boxes; 0 is equal to the last bit."""
    rng = np.random.default_rng(17)
    boxes = _whole_boxes(rng, BOXES)
    return {
        "122": _gap(iou(boxes, boxes), _pixels_shared(boxes)),
        "123": _gap(torch.from_numpy(windows(SIZE, proposals)), _windows_by_loops(proposals)),
        "125": _pooling(rng, boxes),
        "126": _suppression(rng, boxes),
        "127": _cells(boxes),
        "128": _gap(focal_loss(LOGITS, TARGETS, 0.0, None), cross_entropy(LOGITS, TARGETS, reduction="none")),
        "129": _gap(default_boxes(SIZE, torch.device("cpu")), _default_boxes_by_loops()),
        "130": _counted_by_torch(),
    }


def _gap(one: Tensor, other: Tensor) -> float:
    return float((one.double() - other.double()).abs().max()) if one.shape == other.shape else math.inf


def _whole_boxes(rng: np.random.Generator, count: int) -> Tensor:
    low = rng.integers(0, SIDE - 4, (count, 2))
    return torch.from_numpy(
        np.concatenate([low, np.minimum(low + rng.integers(2, SIDE, (count, 2)), SIDE)], 1)
    ).double()


def _pixels_shared(boxes: Tensor) -> Tensor:
    """Overlaps counted on drawn pixels."""
    drawn = np.zeros((len(boxes), SIDE, SIDE), bool)
    for picture, (x1, y1, x2, y2) in zip(drawn, boxes.int().tolist(), strict=True):
        picture[y1:y2, x1:x2] = True
    flat = drawn.reshape(len(drawn), -1).astype(float)
    shared, area = flat @ flat.T, flat.sum(1)
    return torch.from_numpy(shared / (area[:, None] + area - shared))


def _windows_by_loops(settings: Proposals) -> Tensor:
    found = []
    for octave in range(settings.sizes):
        side = min(SIZE) * settings.smallest * 2 ** (octave / 2)
        rows, columns = (1 + math.ceil((length - side) / (side * settings.step) - 1e-9) for length in SIZE)
        for row in range(rows):
            for column in range(columns):
                x = (SIZE[1] - side) * column / max(columns - 1, 1)
                y = (SIZE[0] - side) * row / max(rows - 1, 1)
                found.append((x, y, x + side, y + side))
    return torch.tensor(found, dtype=torch.float32)


def _pooling(rng: np.random.Generator, boxes: Tensor, bins: int = 3) -> float:
    """RoI pooling by loops over bins and the cells in them."""
    features = torch.from_numpy(rng.normal(size=(1, 2, CELLS, CELLS)))
    found = roi_pool(features, boxes.float(), torch.zeros(len(boxes)).long(), bins, CELLS / SIDE)
    worst = 0.0
    for each, box in zip(found, boxes.tolist(), strict=True):
        x1, y1, x2, y2 = (math.floor(value * CELLS / SIDE + 0.5) for value in box)
        height, width = max(y2 - y1 + 1, 1), max(x2 - x1 + 1, 1)
        for i in range(bins):
            for j in range(bins):
                cells = [
                    features[0, :, y, x]
                    for y in range(y1 + i * height // bins, min(y1 - (-(i + 1) * height // bins), CELLS))
                    for x in range(x1 + j * width // bins, min(x1 - (-(j + 1) * width // bins), CELLS))
                ]
                wanted = torch.stack(cells).amax(0) if cells else torch.zeros(2)
                worst = max(worst, _gap(each[:, i, j], wanted))
    return worst


def _suppression(rng: np.random.Generator, boxes: Tensor, threshold: float = 0.5) -> float:
    """Boxes of which one form keeps what the other drops, where one goes through them in order of score."""
    scores = torch.from_numpy(rng.permutation(len(boxes)).astype(float))
    kept: list[int] = []
    for i in scores.argsort(descending=True).tolist():
        if all(float(iou(boxes[i : i + 1], boxes[j : j + 1])) <= threshold for j in kept):
            kept.append(i)
    found = nms(boxes, scores, threshold).nonzero()[:, 0].tolist()
    return float(len(set(found) ^ set(kept)))


def _cells(boxes: Tensor) -> float:
    """Boxes coded in the cells where their middles lie and decoded again, pixels."""
    task = Grid.__new__(Grid)
    torch.nn.Module.__init__(task)
    task.settings = SimpleNamespace(stride=16)
    worst = 0.0
    for box in boxes:
        column, row = (int(v) for v in (box[:2] + box[2:]) / 2 // 16)
        cell = row * (SIDE // 16) + column
        every = box.expand(1, (SIDE // 16) ** 2, 4)
        worst = max(worst, _gap(task.decode(task.encode(every, (SIDE, SIDE)), (SIDE, SIDE))[0, cell], box))
    return worst


def _default_boxes_by_loops() -> Tensor:
    found = []
    for stride in STRIDES:
        for row in range(SIZE[0] // stride):
            for column in range(SIZE[1] // stride):
                for size in SIZES:
                    x, y, half = (column + 0.5) * stride, (row + 0.5) * stride, size * stride / 2
                    found.append((x - half, y - half, x + half, y + half))
    return torch.tensor(found)


def _counted_by_torch() -> float:
    """The parts of Mask R-CNN as published, built without weights and counted as they run; relative difference."""
    conv, relu = nn.Conv2d, nn.ReLU
    with torch.device("meta"):
        network = ResNet(101)
        stages = list(network.stem), list(network.blocks)
        across = [conv(256 * 2**k, 256, 1) for k in range(4)]
        over, body = [conv(256, 256, 3, padding=1) for _ in range(4)], conv(256, 256, 3, padding=1)
        there = conv(256, 5 * counting.ANCHORS, 1)
        head = nn.Sequential(nn.Linear(49 * 256, 1024), relu(), nn.Linear(1024, 1024), nn.Linear(1024, 81 + 320))
        mask = nn.Sequential(
            *(conv(256, 256, 3, padding=1) for _ in range(4)), nn.ConvTranspose2d(256, 256, 2, 2), conv(256, 80, 1)
        )
        picture = torch.empty(1, 3, *counting.PICTURE)
        regions, detections = torch.empty(counting.PROPOSALS, 49 * 256), torch.empty(counting.DETECTIONS, 256, 14, 14)

    def all_but_masks() -> None:
        features, maps = picture, []
        for layer in stages[0]:
            features = layer(features)
        for place, block in enumerate(stages[1], start=1):
            features = block(features)
            if place in np.cumsum(counting.BLOCKS[101]):
                maps.append(features)
        maps = [last(first(each)) for first, last, each in zip(across, over, maps, strict=True)]
        maps.append(maps[-1][..., ::2, ::2])
        for each in maps:
            there(body(each))
        head(regions)

    worst = 0.0
    for run, formula in (
        (all_but_masks, sum(counting.faster(101).values())),
        (lambda: mask(detections), counting.mask_head(counting.DETECTIONS)),
    ):
        counter = FlopCounterMode(display=False)
        with counter:
            run()
        worst = max(worst, abs(counter.get_total_flops() / 2 / formula - 1))
    return worst
