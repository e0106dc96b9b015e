"""U-Nets on ultrasound frames, with and without contradictory labels (claims 79-87)."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import nn

from reprise.data.parts import Arrays, TrainingData
from reprise.data.ultrasound import TRAIN, VALIDATION, load, split_by_image, split_by_subject
from reprise.models.unet import UNet
from reprise.studies.ultrasound.cleaning import read_cleaning
from reprise.studies.ultrasound.settings import UltrasoundSettings
from reprise.tasks.segment import Segment
from reprise.workspace import Workspace


def data(workspace: Workspace, settings: UltrasoundSettings, seed: int) -> TrainingData:
    """Frames at working size, without what the cleaning rule drops; test frames are never cleaned.

    The split is the same for every seed, so that variants are compared frame by frame.
    """
    prepared = load(workspace.prepared("ultrasound"))
    if settings.split == "image":
        part = split_by_image(prepared.nonempty, workspace.config.split_seed)
    else:
        part = split_by_subject(prepared.subject, workspace.config.split_seed)
    keep = np.ones(len(part), bool)
    if settings.clean != "none":
        keep = ~read_cleaning(workspace).dropped[settings.clean]

    def arrays(select: np.ndarray) -> Arrays:
        index = np.flatnonzero(select)
        return {
            "image": prepared.images[index],
            "target": prepared.targets[index],
            "has_mask": prepared.nonempty[index].astype(np.uint8),
            "index": index,
        }

    return TrainingData(
        train=arrays((part == TRAIN) & keep),
        validation=arrays((part == VALIDATION) & keep),
        test=arrays(part > VALIDATION),
    )


def build(settings: UltrasoundSettings, shapes: dict[str, tuple[int, ...]], structure: Any = None) -> nn.Module:
    """The source's network (8,254,050 trainable parameters at width 32 and 160 x 160 with the head) or its root."""
    if settings.network == "starter":
        return UNet(outputs=1, width=settings.width, padding="same", dropout=settings.dropout)
    return UNet(
        outputs=1,
        width=settings.width,
        padding="same",
        norm=True,
        activation="elu",
        dropout=settings.dropout,
        down="stride",
        up="nearest",
        first_kernel=7,
        head_size=shapes["image"][-1] // 16 if settings.has_mask else 0,
    )


task = Segment  # soft dice, and half a binary cross-entropy for the head
