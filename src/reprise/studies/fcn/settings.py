"""What the study of fully convolutional networks can turn."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from reprise.settings import Settings, Strict, StudyConfig

DATA = ("scenes",)
SHAPES = {"image": (360, 480, 3), "label": (360, 480)}
PARAMETERS = {"32s": 134_346_581, "16s": 134_357_354, "8s": 134_362_751}
STAGED = ("32s", "16s", "8s")  # fine-tuned one from the other


class FCNSettings(Settings):
    """What a variant can turn."""

    stride: Literal[8, 16, 32] = 32
    learned: bool = Field(False, description="up-sampling filters are trained, from bilinear on")
    width: int = Field(64, ge=1, description="filters of the first stage")
    dense: int = Field(4096, ge=1, description="filters of fc6 and fc7")
    convolutions: list[int] = Field([2, 2, 3, 3, 3], min_length=5, max_length=5, description="of each stage")
    form: Literal["published", "same"] = "published"
    norm: bool = Field(False, description="batch norm, to train without pretrained weights")
    dropout: float = Field(0.5, ge=0, lt=1)
    weights: str = Field(
        "", description="folder with VGG-16's ImageNet weights; where it is empty training starts anew"
    )
    flip: bool = False
    momentum: float = Field(0.0, ge=0, lt=1, description="of gradient descent; 0: Adam")
    total: bool = Field(False, description="losses of pixels are added up, not averaged")


class Exact(Strict):
    """What is compared with an independent computation."""

    width: int = Field(ge=1, description="of the VGG whose dense layers become convolutions")
    dense: int = Field(ge=1)
    pictures: int = Field(ge=4, description="halved and doubled again; half of them are learned from")
    starts: int = Field(ge=2, description="random filters that learning begins with")
    steps: int = Field(ge=1, description="of learning a filter")


class Config(StudyConfig[FCNSettings]):
    """pipelines/fcn/params.yaml."""

    exact: Exact
