"""Networks that predict binary digits pixel by pixel (claims 95-98)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from torch import nn

from reprise.data import digits
from reprise.data.parts import TrainingData
from reprise.models.pixels import PixelNetwork
from reprise.studies.pixels.settings import SEED, PixelSettings
from reprise.tasks.density import Density
from reprise.workspace import Workspace


def data(workspace: Workspace, settings: PixelSettings, seed: int) -> TrainingData:
    """Digits of two values, drawn once with each pixel's grey as its chance, the same for every seed and variant."""
    whole = digits.training_data(workspace.prepared("digits"), examples=settings.examples)
    parts = {}
    for number, name in enumerate(("train", "validation", "test")):
        arrays = dict(getattr(whole, name))
        arrays["image"] = binary(shrunk(arrays["image"], settings.side), np.random.default_rng([SEED, number]))
        parts[name] = arrays
    return replace(whole, **parts)


def shrunk(images: np.ndarray, side: int) -> np.ndarray:
    """(n, 28, 28, 1) uint8 -> (n, side, side, 1) floats in [0, 1]: means of squares."""
    block = images.shape[1] // side
    return images.reshape(len(images), side, block, side, block, 1).mean(axis=(2, 4)) / 255


def binary(chances: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Zeros and ones, uint8, each one with its chance."""
    return (rng.random(chances.shape) < chances).astype(np.uint8)


def build(settings: PixelSettings, shapes: dict[str, tuple[int, ...]], structure: Any = None) -> nn.Module:
    """The variant's network."""
    return PixelNetwork(
        settings.kind,
        colours=shapes["image"][2],
        width=settings.width,
        layers=settings.layers,
        first=settings.first,
        kernel=settings.kernel,
    )


task = Density
