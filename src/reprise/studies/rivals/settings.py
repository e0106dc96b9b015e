"""What the study of two networks against each other can turn."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from reprise.settings import ImageSettings, Strict, StudyConfig

DATA = ("digits",)
SHAPES = {"image": (28, 28, 1), "label": ()}
PARAMETERS = {
    "judge": 1_199_882,
    "dense": 1_083_921,
    "dense_at_once": 1_083_921,
    "conv": 679_042,
    "labelled": 1_091_601,
    "conv_labelled": 752_002,
}
JUDGE = "judge"  # the variant that classifies, and whose features are compared
DENSE, CONV, AT_ONCE = "dense", "conv", "dense_at_once"
LABELLED, CONV_LABELLED = "labelled", "conv_labelled"
CLASSES = 10


class RivalSettings(ImageSettings):
    """What a variant can turn."""

    network: Literal["judge", "dense", "conv"]
    width: int = Field(ge=1, description="of the layers")
    latent: int = Field(32, ge=1, description="numbers in a generator's code")
    labelled: bool = Field(False, description="both are given the digit")
    turns: bool = Field(True, description="in turn, the other frozen; false: one step for both, each down its own loss")


class Probe(Strict):
    """What trained networks are asked."""

    drawn: int = Field(ge=20, description="images, as many of each label")
    steps: int = Field(ge=2, description="of the walk between two codes")

    @field_validator("drawn")
    @classmethod
    def _of_each_label(cls, drawn: int) -> int:
        if drawn % CLASSES:
            raise ValueError(f"must be a multiple of {CLASSES}, as many of each label")
        return drawn


class Config(StudyConfig[RivalSettings]):
    """pipelines/rivals/params.yaml."""

    probe: Probe
