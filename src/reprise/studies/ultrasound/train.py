"""U-Nets on ultrasound frames, with and without contradictory labels (claims 79-87)."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import nn

from reprise.data.parts import Arrays, TrainingData
from reprise.data.ultrasound import load
from reprise.models.unet import UNet
from reprise.studies.ultrasound import folds
from reprise.studies.ultrasound.cleaning import read_cleaning
from reprise.studies.ultrasound.settings import UltrasoundSettings
from reprise.tasks.segment import Segment
from reprise.workspace import Workspace


def data(workspace: Workspace, settings: UltrasoundSettings, seed: int) -> TrainingData:
    """Frames at working size, without what the cleaning rule drops; test frames are never cleaned.

    Which subjects are tested follows from the seed, the same for every variant. Training frames are repeated up to the
    same number for all, so that cleaning takes no step away.

    Raises:
        ValueError: cleaning leaves nothing to train on.
    """
    prepared, config = load(workspace.prepared("ultrasound")), workspace.config
    part = folds.parts(prepared.subject, seed, config.split_seed, config.folds)
    tested, trained = folds.sizes(prepared.subject, config.folds)
    keep = np.ones(len(part), bool)
    if settings.clean != "none":
        keep = ~read_cleaning(workspace).dropped[settings.clean]
    length = max(trained, settings.steps * settings.batch_size)
    train = np.flatnonzero((part == folds.TRAIN) & keep)
    validation = np.flatnonzero((part == folds.VALIDATION) & keep)
    if not len(validation):  # cleaning would leave nothing to look at
        validation = np.flatnonzero(part == folds.VALIDATION)

    def arrays(index: np.ndarray) -> Arrays:
        return {
            "image": prepared.images[index],
            "target": prepared.targets[index],
            "has_mask": prepared.nonempty[index].astype(np.uint8),
            "index": index,
        }

    return TrainingData(
        train=arrays(folds.repeated(train, length, np.random.default_rng([config.split_seed, seed]))),
        validation=arrays(np.resize(validation, tested)),
        test=arrays(np.resize(np.flatnonzero(part == folds.TEST), tested)),
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
