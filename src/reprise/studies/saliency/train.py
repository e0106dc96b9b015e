"""The networks that are asked: the digit network of the source's maximisation, and the mini-VGG (claims 131, 132)."""

from __future__ import annotations

from typing import Any

from torch import nn

from reprise.data import cifar
from reprise.data.parts import TrainingData
from reprise.models.digitnet import DigitNet
from reprise.models.minivgg import MiniVGG
from reprise.studies.saliency.settings import SaliencySettings
from reprise.tasks.classify import Classify
from reprise.workspace import Workspace


def data(workspace: Workspace, settings: SaliencySettings, seed: int) -> TrainingData:
    """MNIST or CIFAR-10, or what is generated in their place."""
    return cifar.training_data(workspace.prepared(settings.data), settings.protocol, most_classes=10)


def build(settings: SaliencySettings, shapes: dict[str, tuple[int, ...]], structure: Any = None) -> nn.Module:
    """Each set's own network."""
    side = shapes["image"][0]
    if settings.data == "digits":
        return DigitNet(10, side, settings.width, settings.hidden)
    return MiniVGG(size=side, width=settings.width, hidden=settings.hidden)


task = Classify  # cross-entropy
