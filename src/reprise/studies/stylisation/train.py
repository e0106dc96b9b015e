"""The network whose features are matched: the mini-VGG, trained on CIFAR-10 (claim 24)."""

from __future__ import annotations

from typing import Any

from torch import nn

from reprise.data import cifar
from reprise.data.parts import TrainingData
from reprise.models.minivgg import MiniVGG
from reprise.studies.stylisation.settings import StylisationSettings
from reprise.tasks.classify import Classify
from reprise.workspace import Workspace


def data(workspace: Workspace, settings: StylisationSettings, seed: int) -> TrainingData:
    """CIFAR-10."""
    return cifar.training_data(workspace.prepared("cifar"), settings.protocol, most_classes=10)


def build(settings: StylisationSettings, shapes: dict[str, tuple[int, ...]], structure: Any = None) -> nn.Module:
    """The mini-VGG."""
    return MiniVGG(size=shapes["image"][0], width=settings.width, hidden=16 * settings.width)


task = Classify  # cross-entropy
