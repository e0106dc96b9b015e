"""The mini-VGG with rotated filters in its last convolutions (claims 60-71)."""

from __future__ import annotations

from typing import Any

from torch import nn

from reprise.data import cifar
from reprise.data.parts import TrainingData
from reprise.models.minivgg import MiniVGG
from reprise.studies.rotation.settings import RotationSettings
from reprise.tasks.classify import Classify
from reprise.workspace import Workspace


def data(workspace: Workspace, settings: RotationSettings, seed: int) -> TrainingData:
    """CIFAR-10."""
    return cifar.training_data(workspace.prepared("cifar"), settings.protocol, most_classes=10)


def build(settings: RotationSettings, shapes: dict[str, tuple[int, ...]], structure: Any = None) -> nn.Module:
    """The mini-VGG, its last convolutions rotated."""
    return MiniVGG(
        size=shapes["image"][0],
        width=settings.width,
        hidden=16 * settings.width,
        rotations=settings.rotations,
        rotated_last=settings.rotated_last,
        merge=settings.merge,
    )


task = Classify  # cross-entropy
