"""What the unit-norm study can turn."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from reprise.settings import ImageSettings, StudyConfig

DATA = ("cifar",)
SHAPES = {"image": (32, 32, 3)}
PARAMETERS = dict.fromkeys(("baseline", "conv", "dense", "both"), 1_250_858)


class UnitNormSettings(ImageSettings):
    """What a variant can turn."""

    width: int = Field(32, ge=1)
    unit_norm: Literal["conv", "dense", "both"] | None = None
    activation: Literal["relu", "elu"] = "relu"
    norm_penalty: float = Field(0.0, ge=0, description="weight of the mean squared distance of lengths from 1")
    spherical: bool = False
    diversity_penalty: float = Field(0.0, ge=0, description="weight of the mean squared cosine between filters")


class Config(StudyConfig[UnitNormSettings]):
    """pipelines/unitnorm/params.yaml."""
