"""FCN-32s, 16s and 8s on pictures with a class for every pixel (claims 121, 170-174)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from reprise.data import scenes
from reprise.data.parts import Arrays, TrainingData
from reprise.models.fcn import FCN, adopt_vgg16
from reprise.models.weights import find_weights, read_weights
from reprise.studies.fcn.settings import FCNSettings
from reprise.tasks.label import Label
from reprise.workspace import Workspace


def data(workspace: Workspace, settings: FCNSettings, seed: int) -> TrainingData:
    """The prepared scenes in their parts, the same for every seed."""
    found = scenes.load(workspace.prepared("scenes"))

    def part(number: int) -> Arrays:
        index = np.flatnonzero(found.part == number)
        return {"image": found.images[index], "label": found.labels[index], "index": index}

    return TrainingData(part(0), part(1), part(2), len(found.classes))


def build(settings: FCNSettings, shapes: dict[str, tuple[int, ...]], structure: Any = 21) -> nn.Module:
    """The network; ``structure`` is the number of classes."""
    model = FCN(
        structure or 21,
        settings.stride,
        settings.width,
        settings.dense,
        settings.convolutions,
        settings.learned,
        settings.form,
        settings.dropout,
        settings.norm,
    )
    path = find_weights(Path(settings.weights)) if settings.weights else None
    if path is not None and not next(model.parameters()).is_meta:
        adopt_vgg16(model, read_weights(path))
    return model


task = Label  # cross-entropy over every pixel
