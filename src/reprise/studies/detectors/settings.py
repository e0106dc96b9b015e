"""What the detectors study can turn."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from reprise.settings import Settings, Strict, StudyConfig

DATA = ("objects",)
SHAPES = {"image": (256, 256, 3)}  # at scale `full`
PARAMETERS = {  # at `full`, four classes
    "tagging": 587_044,
    "faster": 775_982,
    "mask": 866_482,
    "grid": 587_177,
    "ssd": 500_694,
}
CLASSES = 4  # of generated scenes

Kind = Literal["tagging", "localise", "window", "rcnn", "fast", "faster", "mask", "grid", "ssd"]


class DetectorSettings(Settings):
    """What a variant can turn."""

    kind: Kind
    width: int = Field(ge=2, description="channels of the first convolution; maps have four times as many")
    overlap: float = Field(0.5, gt=0, lt=1, description="from which a region is to find an object")
    stride: Literal[4, 8, 16] = Field(16, description="of the single pass's grid, pixels")
    loss: Literal["cross_entropy", "focal"] = Field("cross_entropy", description="of whether a cell has an object")
    gamma: float = Field(2.0, ge=0)
    alpha: float = Field(0.25, gt=0, lt=1)


class Proposals(Strict):
    """Boxes that are looked at one by one."""

    most: int = Field(ge=10, description="of a picture, by selective search")
    smallest: float = Field(gt=0, lt=1, description="window, share of the side")
    sizes: int = Field(ge=1, description="of windows, half an octave apart")
    step: float = Field(gt=0, le=1, description="from window to window at most, share of its side")


class Config(StudyConfig[DetectorSettings]):
    """pipelines/detectors/params.yaml."""

    proposals: Proposals
    drawn: int = Field(ge=1, description="detectors whose best, median and worst pictures are drawn at most")
