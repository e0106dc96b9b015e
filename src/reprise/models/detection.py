"""A small network with features at three strides, and the heads that detectors put on it.

All detectors share the backbone: five convolutions, each normalised, the picture halved four times; coarse features
are added to finer ones on the way back (Lin et al., 2017), so that every map sees far. Only the maps that are asked for
are computed. Heads end in biases by which nothing is found at first, as rare as objects are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

STRIDES = (4, 8, 16)
PRIOR = 0.01  # chance of an object at which heads start


def _block(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


class Backbone(nn.Module):
    """Features of a picture.

    Args:
        width: channels of the first convolution; the maps have four times as many.

    Shape: (n, 3, h, w), h and w multiples of 16 -> by stride s, (n, 4 * width, h / s, w / s).
    """

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.channels = 4 * width
        self.stem = nn.Sequential(_block(3, width, 2), _block(width, 2 * width, 2), _block(2 * width, self.channels, 1))
        self.second, self.third = _block(self.channels, self.channels, 2), _block(self.channels, self.channels, 2)
        self.across = nn.ModuleList([nn.Conv2d(self.channels, self.channels, 1) for _ in STRIDES])

    def forward(self, images: Tensor, strides: Sequence[int] = STRIDES) -> dict[int, Tensor]:
        fine = self.stem(images)
        middle = self.second(fine)
        found = {16: self.across[2](self.third(middle))}
        for stride, own, across in ((8, middle, self.across[1]), (4, fine, self.across[0])):
            if stride >= min(strides):
                above = F.interpolate(found[2 * stride], scale_factor=2.0, mode="nearest")
                found[stride] = across(own) + above
        return {stride: F.relu(found[stride]) for stride in strides}


def _rare(layer: nn.Module, start: int = 0, stop: int | None = None) -> nn.Module:
    """Sets biases so that these outputs begin at a chance of ``PRIOR``."""
    nn.init.normal_(layer.weight, std=0.01)
    nn.init.zeros_(layer.bias)
    with torch.no_grad():
        layer.bias[start:stop] = -math.log((1 - PRIOR) / PRIOR)
    return layer


class TagHead(nn.Module):
    """Which classes a picture shows, and where the largest object is.

    Shape: (n, c, h, w) -> (n, classes) logits, (n, 4) centre and size as shares of the picture in (0, 1).
    """

    def __init__(self, channels: int, classes: int, localises: bool) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU())
        self.tags = nn.Linear(2 * channels, classes)
        self.place = _place_head(channels) if localises else None

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor | None]:
        features = self.body(features)
        pooled = torch.cat([features.mean(dim=(2, 3)), features.amax(dim=(2, 3))], dim=1)
        return self.tags(pooled), None if self.place is None else self.place(features).sigmoid()


def _place_head(channels: int) -> nn.Sequential:
    layers = (nn.AdaptiveAvgPool2d(3), nn.Flatten(), nn.Linear(9 * channels, 128), nn.ReLU(), nn.Linear(128, 4))
    return nn.Sequential(*layers)


class RegionHead(nn.Module):
    """What a region shows, and how its box must be moved.

    Shape: (n, c, size, size) -> (n, classes + 1) logits, background first; (n, 4) codes.
    """

    def __init__(self, channels: int, classes: int, size: int, hidden: int = 128) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Flatten(), nn.Linear(channels * size**2, hidden), nn.ReLU())
        self.kind, self.move = nn.Linear(hidden, classes + 1), nn.Linear(hidden, 4)
        nn.init.normal_(self.move.weight, std=0.001)
        nn.init.zeros_(self.move.bias)

    def forward(self, regions: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.body(regions)
        return self.kind(hidden), self.move(hidden)


class MaskHead(nn.Module):
    """Which pixels of a region belong to an object of each class, on a map twice as fine.

    Shape: (n, c, size, size) -> (n, classes, 2 size, 2 size) logits.
    """

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        half = channels // 2
        self.layers = nn.Sequential(
            nn.Conv2d(channels, half, 3, padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(half, half, 2, stride=2),
            nn.ReLU(),
            nn.Conv2d(half, classes, 1),
        )

    def forward(self, regions: Tensor) -> Tensor:
        return self.layers(regions)


class ProposalHead(nn.Module):
    """Whether anchors hold anything, and how they must be moved; the same for maps of all strides.

    Shape: maps (n, c, h, w) -> (n, anchors of all maps) logits, (n, anchors, 4) codes.
    """

    def __init__(self, channels: int, anchors: int) -> None:
        super().__init__()
        self.body = nn.Conv2d(channels, channels // 2, 3, padding=1)
        self.there = _rare(nn.Conv2d(channels // 2, anchors, 1))
        self.move = nn.Conv2d(channels // 2, 4 * anchors, 1)
        nn.init.normal_(self.move.weight, std=0.01)
        nn.init.zeros_(self.move.bias)

    def forward(self, maps: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        hidden = [F.relu(self.body(each)) for each in maps]
        return _listed([self.there(each) for each in hidden], 1)[..., 0], _listed([self.move(h) for h in hidden], 4)


class DefaultBoxHead(nn.Module):
    """Classes and codes of default boxes, each stride with its own convolution (SSD).

    Shape: maps (n, c, h, w) -> (n, boxes, classes + 1) logits, background first; (n, boxes, 4) codes.
    """

    def __init__(self, channels: int, classes: int, boxes: int, strides: int) -> None:
        super().__init__()
        self.outputs = classes + 5
        self.layers = nn.ModuleList([nn.Conv2d(channels, boxes * self.outputs, 3, padding=1) for _ in range(strides)])
        for layer in self.layers:
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.zeros_(layer.bias)

    def forward(self, maps: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        found = _listed([layer(each) for layer, each in zip(self.layers, maps, strict=True)], self.outputs)
        return found[..., :-4], found[..., -4:]


class GridHead(nn.Module):
    """For each cell whether the middle of an object lies in it, the object's class, and its box (YOLO).

    Shape: (n, c, h, w) -> (n, h * w) logits of there being one, (n, h * w, classes) logits, (n, h * w, 4) codes.
    """

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.outputs = classes + 5
        self.body = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU())
        self.cells = _rare(nn.Conv2d(channels, self.outputs, 1), 0, 1)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        found = _listed([self.cells(self.body(features))], self.outputs)
        return found[..., 0], found[..., 1:-4], found[..., -4:]


def _listed(maps: Sequence[Tensor], outputs: int) -> Tensor:
    """(n, boxes * outputs, h, w) maps -> (n, all boxes, outputs), cell by cell in reading order, as anchors are."""
    return torch.cat([each.permute(0, 2, 3, 1).reshape(len(each), -1, outputs) for each in maps], dim=1)
