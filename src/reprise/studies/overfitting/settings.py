"""What the study of overfitting can turn."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from reprise.settings import ImageSettings, StudyConfig

DATA = ("cifar", "digits")
SHAPES = {"image": (28, 28, 1)}
PARAMETERS = dict.fromkeys(("digits", "wrong_20", "stopped_20"), 889_834)
PLANTED = {0: "digits", 20: "wrong_20", 40: "wrong_40"}  # per cent of wrong labels: what is trained to the end on them


class OverfittingSettings(ImageSettings):
    """What a variant can turn."""

    images: Literal["cifar", "digits"] = "digits"
    examples: int = Field(ge=10, description="training images: few, so that there is something to overfit")
    wrong: float = Field(0.0, ge=0, lt=1, description="share of training and development labels that are wrong")
    width: int = Field(32, ge=1)


class Config(StudyConfig[OverfittingSettings]):
    """pipelines/overfitting/params.yaml."""
