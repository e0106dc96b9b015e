"""The mini-VGG with some of its weights held to length one (claims 72-78)."""

from __future__ import annotations

from typing import Any

from torch import nn

from reprise.data import cifar
from reprise.data.parts import TrainingData
from reprise.layers.unitnorm import spherical
from reprise.models.minivgg import MiniVGG
from reprise.studies.unitnorm.settings import UnitNormSettings
from reprise.tasks.classify import Penalised
from reprise.workspace import Workspace


def data(workspace: Workspace, settings: UnitNormSettings, seed: int) -> TrainingData:
    """CIFAR-10."""
    return cifar.training_data(workspace.prepared("cifar"), settings.protocol, most_classes=10)


def build(settings: UnitNormSettings, shapes: dict[str, tuple[int, ...]], structure: Any = None) -> nn.Module:
    """The mini-VGG with some of its weights constrained."""
    model = MiniVGG(
        size=shapes["image"][0],
        width=settings.width,
        hidden=16 * settings.width,
        unit_norm=settings.unit_norm,
        activation=settings.activation,
    )
    if settings.spherical:
        for layer in model.modules():
            if isinstance(layer, nn.Conv2d):
                spherical(layer)
    return model


task = Penalised  # cross-entropy plus the penalties
