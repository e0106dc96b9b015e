"""Encoders and decoders of digits and of CIFAR-10, and classifiers on codes or from pixels on (claims 45-48)."""

from __future__ import annotations

from typing import Any

from torch import nn

from reprise.data import cifar
from reprise.data.parts import TrainingData
from reprise.models.autoencoder import AutoEncoder, CodeClassifier
from reprise.studies.encoder.settings import EncoderSettings
from reprise.tasks.classify import Classify
from reprise.tasks.reconstruct import Reconstruct
from reprise.tasks.task import Task
from reprise.workspace import Workspace


def data(workspace: Workspace, settings: EncoderSettings, seed: int) -> TrainingData:
    """CIFAR-10 or digits."""
    path = workspace.prepared(settings.images)
    return cifar.training_data(path, settings.protocol, examples=settings.examples, most_classes=10)


def build(settings: EncoderSettings, shapes: dict[str, tuple[int, ...]], structure: Any = None) -> nn.Module:
    """An encoder, with a decoder or with a classifier behind it."""
    size, _, channels = shapes["image"]
    sizes = {"code": settings.code, "channels": channels, "size": size, "width": settings.width}
    if settings.classifies:
        return CodeClassifier(**sizes, frozen=settings.frozen)
    return AutoEncoder(**sizes, classes=10 if settings.label_weight else 0)


def task(model: nn.Module, settings: EncoderSettings, seed: int) -> Task:
    """Reconstruction, or cross-entropy."""
    return (Classify if settings.classifies else Reconstruct)(model, settings, seed)
