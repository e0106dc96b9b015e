"""Generators and critics on digits, and the classifier that judges what they draw."""

from __future__ import annotations

from typing import Any

from torch import nn

from reprise.data import digits
from reprise.data.parts import TrainingData
from reprise.models.digitnet import DigitNet
from reprise.models.gan import Gan
from reprise.studies.rivals.settings import CLASSES, JUDGE, RivalSettings
from reprise.tasks.classify import Classify
from reprise.tasks.rivals import Rivals
from reprise.tasks.task import Task
from reprise.workspace import Workspace


def data(workspace: Workspace, settings: RivalSettings, seed: int) -> TrainingData:
    """Digits."""
    return digits.training_data(workspace.prepared("digits"), settings.protocol, most_classes=CLASSES)


def build(settings: RivalSettings, shapes: dict[str, tuple[int, ...]], structure: Any = None) -> nn.Module:
    """The variant's network, or both."""
    size = shapes["image"][0]
    if settings.network == JUDGE:
        return DigitNet(size=size, width=settings.width, hidden=4 * settings.width)
    classes = CLASSES if settings.labelled else 0
    return Gan(settings.network, settings.latent, settings.width, classes, size, settings.epochs)


def task(model: nn.Module, settings: RivalSettings, seed: int) -> Task:
    """Classification for the judge; for all others two players."""
    return (Classify if settings.network == JUDGE else Rivals)(model, settings, seed)
