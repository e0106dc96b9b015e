"""What the rotation study can turn."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from reprise.settings import ImageSettings, Strict, StudyConfig

DATA = ("cifar",)
SHAPES = {"image": (32, 32, 3)}
PARAMETERS = {"baseline": 1_250_858, "4_rot_4": 1_250_858, "8_rot_1": 1_250_858, "8_rot_4": 1_250_858}
TRANSPLANTS = tuple((k, n) for k in (4, 8) for n in (1, 2, 3, 4))  # rotated networks that get the baseline's weights


class RotationSettings(ImageSettings):
    """What a variant can turn."""

    width: int = Field(32, ge=1)
    rotations: Literal[1, 2, 4, 8] = 8
    rotated_last: int = Field(0, ge=0, le=4)
    merge: Literal["max", "concat", "squeeze"] = "max"


class Probe(Strict):
    """Turned test images."""

    images: int = Field(ge=1)
    angles: int = Field(ge=4, multiple_of=4, description="evenly over the circle, the first is 0")
    image: int = Field(5, ge=0, description="the source's single test image")


class Config(StudyConfig[RotationSettings]):
    """pipelines/rotation/params.yaml."""

    probe: Probe
