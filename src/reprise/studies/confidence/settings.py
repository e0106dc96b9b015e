"""What the confidence study can turn."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from reprise.settings import ImageSettings, Strict, StudyConfig

DATA = ("cifar",)
SHAPES = {"image": (32, 32, 3)}
PARAMETERS = {"resnet": 269_722, "minivgg": 1_250_858, "lenet5": 62_006}
STRENGTHS = {
    "blur": (0.5, 1.0, 1.5, 2.0, 3.0),  # standard deviation, pixels
    "jpeg": (60, 30, 15, 8, 3),  # quality
    "noise": (8, 16, 32, 48, 64),  # standard deviation, of 255
    "fgsm": (1, 2, 4, 8, 16),  # step, of 255
}
INFLATION = 1.3  # the source's own example of claim 29


class ConfidenceSettings(ImageSettings):
    """What a variant can turn."""

    network: Literal["resnet", "minivgg", "lenet5"] = "resnet"
    depth: int = Field(20, ge=8, description="of the residual network: 6n + 2")
    width: int = Field(16, ge=1, description="channels of the first stage (resnet) or layer (minivgg)")
    batch_norm: bool = True
    momentum: float = Field(0.9, ge=0, lt=1, description="of gradient descent; 0: Adam")
    drops: list[float] = Field([0.5, 0.75], description="shares of the epochs after which the rate falls tenfold")
    protocol: Literal["held_out"] = Field("held_out", description="calibration needs images that were not trained on")
    held_out: float = Field(0.1, gt=0, lt=1, description="share of the training images kept for validation")
    examples: int | None = Field(None, ge=10, description="train on the first so many of what remains; null: all")


class Probe(Strict):
    """Distorted test images."""

    images: int = Field(ge=1, description="the first so many are also distorted")


class Family(Strict):
    """Many small networks of settings drawn at random (claim 35)."""

    networks: int = Field(ge=4, description="how many")
    epochs: int = Field(ge=1)
    examples: int = Field(ge=10, description="train on the first so many")


class Config(StudyConfig[ConfidenceSettings]):
    """pipelines/confidence/params.yaml."""

    probe: Probe
    family: Family
