"""Segmenting a nerve in ultrasound frames whose labels contradict each other (claims 79-87).

Source: "Ultrasound nerve segmentation" (raghakot). A U-Net with batch norm, ELU and dropout scores .35-.45 (mean dice,
both empty = 1), below the ~.6 of predicting nothing; near-identical frames carry opposite labels; without them it
scores ~.55, and a second head that says whether there is a nerve at all adds more (leaderboard .68).

What is varied: whether contradictory near-duplicates are dropped, the second head, the network it grew from, and the
split. Subjects are kept whole by default; the source split by image, so that neighbouring frames of one sweep fell on
both sides (variant ``raw_by_image`` shows what that hides).

Cost of one variant: ``small`` about a minute on two cores; ``full`` (160 x 160, width 32, 200 epochs) is for
a GPU: the source took four minutes an epoch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from reprise.config import Settings, Strict, StudyConfig, VariantName
from reprise.data.ultrasound import TRAIN, VALIDATION, load, split_by_image, split_by_subject
from reprise.files import read_npz

if TYPE_CHECKING:
    from torch import nn

    from reprise.tasks.segment import Segment
    from reprise.training import TrainingData
    from reprise.workspace import Workspace

DATA = "ultrasound"
SHAPE = (160, 160)  # of one input at scale `full`
PARAMETERS = {"raw": 8_202_849, "cleaned": 8_202_849, "cleaned_has_mask": 8_254_050, "starter": 7_759_521}  # at `full`


class UltrasoundSettings(Settings):
    """What a variant can turn."""

    network: Literal["source", "starter"] = Field("source", description="source's network, or its root")
    width: int = Field(ge=1)
    dropout: float = Field(ge=0, lt=1)
    has_mask: bool = False
    clean: Literal["none", "both", "origin"] = "none"
    split: Literal["subject", "image"] = "subject"
    scaling: Literal["raw", "standardised"] = "raw"
    rotation: float = Field(ge=0, le=180, description="degrees")
    translation: float = Field(ge=0, lt=1, description="share of the side; the source's 10 px of 160 are 0.0625")


class Cleaning(Strict):
    """The near-duplicate rule (claims 84, 85)."""

    hash: Literal["strips", "blocks", "robust"]
    threshold: float = Field(gt=0, lt=2)


class Config(StudyConfig):
    """The section ``ultrasound`` of params.yaml."""

    split_seed: int
    cleaning: Cleaning
    base: UltrasoundSettings
    variants: dict[VariantName, UltrasoundSettings]


def split(workspace: Workspace, settings: UltrasoundSettings) -> np.ndarray:
    """(n,) 0 train, 1 validation, 2 test; the same for every seed, so that variants are compared frame by frame."""
    prepared = load(workspace.prepared(DATA))
    if settings.split == "image":
        return split_by_image(prepared.nonempty, workspace.config.split_seed)
    return split_by_subject(prepared.subject, workspace.config.split_seed)


def data(workspace: Workspace, settings: UltrasoundSettings, seed: int) -> TrainingData:
    """Frames at working size, without what the cleaning rule drops; test frames are never cleaned."""
    from reprise.training import TrainingData

    prepared = load(workspace.prepared(DATA))
    part = split(workspace, settings)
    keep = np.ones(len(part), bool)
    if settings.clean != "none":
        with read_npz(workspace.prepared("ultrasound_cleaning")) as cleaning:
            keep = ~cleaning[f"dropped/{settings.clean}"]

    def arrays(select: np.ndarray) -> dict[str, np.ndarray]:
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


def build(settings: UltrasoundSettings, shape: tuple[int, ...], structure: None = None) -> nn.Module:
    """The source's network (8,254,050 trainable parameters at width 32 and 160 x 160 with the head) or its root."""
    from reprise.models.unet import UNet

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
        head_size=shape[-1] // 16 if settings.has_mask else 0,
    )


def task(model: nn.Module, settings: UltrasoundSettings, seed: int) -> Segment:
    """Soft dice, and half a binary cross-entropy for the head."""
    from reprise.tasks.segment import Segment

    return Segment(model, settings, seed)
