"""The source's MNIST network (claim 4), which the other claims ask."""

from __future__ import annotations

from typing import Any

from torch import nn

from reprise.data import digits
from reprise.data.parts import TrainingData
from reprise.models.digitnet import DigitNet
from reprise.studies.maximisation.settings import MaximisationSettings
from reprise.tasks.classify import Classify
from reprise.workspace import Workspace


def data(workspace: Workspace, settings: MaximisationSettings, seed: int) -> TrainingData:
    """MNIST, or generated digits."""
    return digits.training_data(workspace.prepared("digits"), settings.protocol, most_classes=10)


def build(settings: MaximisationSettings, shapes: dict[str, tuple[int, ...]], structure: Any = None) -> nn.Module:
    """Two convolutions, a pool and two dense layers."""
    return DigitNet(10, shapes["image"][0], settings.width, settings.hidden)


task = Classify  # cross-entropy
