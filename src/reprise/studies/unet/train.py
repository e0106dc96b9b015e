"""The published U-Net on tiles of few pictures (claims 25-28 and 166)."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import nn

from reprise.data.borders import border_weights, carved, class_weights
from reprise.data.cells import Cells as Prepared
from reprise.data.cells import load
from reprise.data.parts import Arrays, TrainingData
from reprise.models.tiles import unet_input, unet_margin
from reprise.models.unet import UNet
from reprise.studies.unet.changes import asked, seen
from reprise.studies.unet.settings import UNetSettings
from reprise.tasks.cells import Cells
from reprise.workspace import Workspace

FIRST_TILE = 1_000_000  # tiles are counted from here, so that none has the number of a picture


def data(workspace: Workspace, settings: UNetSettings, seed: int) -> TrainingData:
    """Tiles of training pictures at places that the seed draws, and whole test pictures, as they are and changed."""
    prepared = load(workspace.prepared("cells"))
    questions = asked(prepared, workspace.config.test.changed)
    images = np.stack([seen(prepared, number, kind)[0] for number, kind in questions])
    return TrainingData(tiles(prepared, settings, seed), None, {"image": images, "index": np.arange(len(images))})


def tiles(prepared: Prepared, settings: UNetSettings, seed: int) -> Arrays:
    """``image``, ``label``, ``weight`` of training tiles, as large as the network's input, mirrored at the border."""
    margin = unet_margin(settings.depth)
    side = unet_input(settings.tile, settings.depth)
    output = side - margin
    place = np.flatnonzero(prepared.part == 0)
    inside, weights = targets(prepared.instances[place], settings)
    generator = np.random.default_rng([seed, 14])
    found: dict[str, list[np.ndarray]] = {"image": [], "label": [], "weight": []}
    for maps in zip(prepared.images[place], inside, weights, strict=True):
        room = [max(length - output, 0) for length in maps[0].shape]
        beyond = [(margin // 2, margin // 2 + max(output - length, 0)) for length in maps[0].shape]
        wide = [np.pad(each, beyond, mode="reflect") for each in maps]
        for _ in range(settings.tiles):
            top, left = (int(generator.integers(0, most + 1)) for most in room)
            for name, each in zip(found, wide, strict=True):
                found[name].append(each[top : top + side, left : left + side])
    return {
        "image": np.stack(found["image"]),
        "label": np.stack(found["label"]).astype(np.uint8),
        "weight": np.stack(found["weight"]).astype(np.float16),
        "index": FIRST_TILE + np.arange(len(found["image"])),
    }


def targets(instances: np.ndarray, settings: UNetSettings) -> tuple[np.ndarray, np.ndarray]:
    """(n, h, w) numbered cells -> what is to be learned (bool), and the weight of every pixel (float32)."""
    inside = np.stack([carved(cells, int(settings.carve)) for cells in instances])
    weights = class_weights(inside) if settings.balance else np.ones(inside.shape, np.float32)
    if settings.border:
        cut = np.where(inside, instances, 0)
        weights = weights + np.stack([border_weights(cells, settings.border, settings.sigma) for cells in cut])
    return inside, weights


def build(settings: UNetSettings, shapes: dict[str, tuple[int, ...]], structure: Any = None) -> nn.Module:
    """The network, without padding; 31,030,658 parameters at width 64 and depth 4."""
    return UNet(width=settings.width, depth=settings.depth, dropout=settings.dropout)


task = Cells  # weighted cross-entropy
