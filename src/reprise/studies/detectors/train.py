"""One backbone, and on it each rung of the ladder (claims 122-130)."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import nn

from reprise.data.annotated import Pictures, load
from reprise.data.parts import Arrays, TrainingData
from reprise.loop import Weights
from reprise.models.detection import (
    STRIDES,
    Backbone,
    DefaultBoxHead,
    GridHead,
    MaskHead,
    ProposalHead,
    RegionHead,
    TagHead,
)  # fmt: skip
from reprise.studies.detectors.proposals import read_searched, windows
from reprise.studies.detectors.settings import CLASSES, DetectorSettings
from reprise.tasks.detect import Detect
from reprise.tasks.regions import POOLED, Faster, Regions
from reprise.tasks.single_pass import SIZES, DefaultBoxes, Grid, Tagging
from reprise.workspace import Workspace

BACKBONE = "backbone."


def data(workspace: Workspace, settings: DetectorSettings, seed: int) -> TrainingData:
    """Pictures with padded objects; proposals or masks where the rung needs them.

    Raises:
        ValueError: masks are needed and there are none.
    """
    path = workspace.prepared("objects")
    pictures = load(path)
    if settings.kind == "mask" and not pictures.masks.shape[1]:
        raise ValueError(f"{path}: these pictures have no masks, which a mask branch learns from")
    proposals = None
    if settings.kind in ("rcnn", "fast"):
        proposals = read_searched(workspace).boxes
    elif settings.kind == "window":
        each = windows(pictures.size, workspace.config.proposals)
        proposals = np.broadcast_to(each, (len(pictures.images), *each.shape))
    train, test = (_part(pictures, chosen, proposals, settings) for chosen in (~pictures.test, pictures.test))
    return TrainingData(train, None, test, len(pictures.class_names))


def _part(pictures: Pictures, chosen: np.ndarray, proposals: np.ndarray | None, settings: DetectorSettings) -> Arrays:
    found = {
        "index": np.flatnonzero(chosen),
        "image": pictures.images[chosen],
        "boxes": pictures.boxes[chosen],
        "classes": pictures.classes[chosen],
        "count": pictures.count[chosen],
    }
    if proposals is not None:
        found["proposals"] = proposals[chosen]
    if settings.kind == "mask":
        found["masks"] = pictures.masks[chosen].astype(np.uint8)
    return found


def build(settings: DetectorSettings, shapes: dict[str, tuple[int, ...]], structure: Any = None) -> nn.Module:
    """The backbone with the heads of the rung; ``structure`` is the number of classes."""
    classes = structure or CLASSES
    backbone = Backbone(settings.width)
    channels = backbone.channels
    parts: dict[str, nn.Module] = {"backbone": backbone}
    if settings.kind in ("tagging", "localise"):
        parts["head"] = TagHead(channels, classes, settings.kind == "localise")
    elif settings.kind == "grid":
        parts["head"] = GridHead(channels, classes)
    elif settings.kind == "ssd":
        parts["head"] = DefaultBoxHead(channels, classes, len(SIZES), len(STRIDES))
    else:
        parts["head"] = RegionHead(channels, classes, POOLED)
    if settings.kind in ("faster", "mask"):
        parts["proposer"] = ProposalHead(channels, 1)
    if settings.kind == "mask":
        parts["mask"] = MaskHead(channels, classes)
    return nn.ModuleDict(parts)


def adopt(model: nn.Module, weights: Weights, settings: DetectorSettings) -> None:
    """Every detector starts from the backbone of the network that tags, and from nothing else of it."""
    backbone = {name.removeprefix(BACKBONE): each for name, each in weights.items() if name.startswith(BACKBONE)}
    model["backbone"].load_state_dict(backbone)


def task(model: nn.Module, settings: DetectorSettings, seed: int) -> Detect:
    """How the rung is trained."""
    tasks = {
        "tagging": Tagging,
        "localise": Tagging,
        "grid": Grid,
        "ssd": DefaultBoxes,
        "faster": Faster,
        "mask": Faster,
    }
    return tasks.get(settings.kind, Regions)(model, settings, seed)
