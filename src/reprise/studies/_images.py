"""What the CIFAR-10 studies share: settings, how images become training data, and the task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from reprise.config import Settings
from reprise.data import cifar

if TYPE_CHECKING:
    from torch import nn

    from reprise.tasks.classify import Classify
    from reprise.training import TrainingData
    from reprise.workspace import Workspace

SHAPE = (32, 32, 3)  # of one input
CLASSES = 10
SPLIT_SEED = 0


class ImageSettings(Settings):
    """What every variant of a CIFAR-10 study can turn."""

    rotation: float = Field(0.0, ge=0, le=180, description="of training images, degrees either way")
    translation: float = Field(0.0, ge=0, lt=1, description="share of the side, either way")
    flip: bool = False
    scaling: Literal["unit", "centred"] = Field("unit", description="x / 255, or (x - 128) / 128")
    protocol: Literal["held_out", "source"] = Field("held_out", description="source: validates on the test images")


def image_data(workspace: Workspace, settings: ImageSettings, **more: Any) -> TrainingData:
    """Training, validation and test images; ``more`` goes to TrainingData (probes, structure).

    Raises:
        ValueError: there are more than CIFAR-10's classes.
    """
    from reprise.training import TrainingData

    images = cifar.load(workspace.prepared("cifar"))
    if images.classes > CLASSES:
        raise ValueError(
            f"{workspace.study}'s claims are about CIFAR-10, found {images.classes} classes: `dvc repro "
            "pipelines/confidence/dvc.yaml` reads cifar100 too; `reprise set data.cifar.official=cifar10` turns back"
        )
    train, validation, test = cifar.parts(images, SPLIT_SEED, settings.protocol)
    return TrainingData(as_arrays(*train), as_arrays(*validation), as_arrays(*test), **more)


def as_arrays(images: np.ndarray, labels: np.ndarray, index: np.ndarray) -> dict[str, np.ndarray]:
    """One part of TrainingData."""
    return {"image": images, "label": labels.astype(np.uint8), "index": index}


def classify(model: nn.Module, settings: ImageSettings, seed: int) -> Classify:
    """Cross-entropy with the settings' augmentation."""
    from reprise.tasks.classify import Classify

    return Classify(model, settings, seed)
