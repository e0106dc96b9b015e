"""The mini-VGG without dropout on few images, with or without random transformations or wrong labels (153, 154)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from torch import nn

from reprise.data import cifar
from reprise.data.parts import TrainingData
from reprise.models.minivgg import MiniVGG
from reprise.studies.overfitting.settings import OverfittingSettings
from reprise.tasks.classify import Classify
from reprise.workspace import Workspace


def data(workspace: Workspace, settings: OverfittingSettings, seed: int) -> TrainingData:
    """CIFAR-10 or digits; which labels are wrong follows the seed, and the test labels are right."""
    whole = cifar.training_data(
        workspace.prepared(settings.images), settings.protocol, examples=settings.examples, most_classes=10
    )
    if not settings.wrong:
        return whole
    rng = np.random.default_rng([154, seed])
    parts = {name: mislabelled(getattr(whole, name), settings.wrong, rng) for name in ("train", "validation")}
    return replace(whole, **parts)


def mislabelled(part: dict[str, np.ndarray], share: float, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """The part with that share of its labels, rounded, exchanged for another of the ten classes at random."""
    labels = part["label"].copy()
    chosen = rng.permutation(len(labels))[: round(share * len(labels))]
    labels[chosen] = (labels[chosen] + rng.integers(1, 10, len(chosen))) % 10
    return part | {"label": labels}


def build(settings: OverfittingSettings, shapes: dict[str, tuple[int, ...]], structure: Any = None) -> nn.Module:
    """The mini-VGG; without dropout, which is a remedy of its own."""
    size, _, channels = shapes["image"]
    hidden = 16 * settings.width
    return MiniVGG(channels=channels, size=size, width=settings.width, hidden=hidden, dropout=(0.0, 0.0, 0.0))


task = Classify  # cross-entropy
