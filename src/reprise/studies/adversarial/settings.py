"""What the adversarial study can turn."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from reprise.settings import ImageSettings, Strict, StudyConfig

DATA = ("digits", "cifar")
SHAPES = {"image": (28, 28, 1)}
PARAMETERS = {"softmax": 7_850, "maxout": 1_233_610, "digitnet": 1_199_882}  # the mini-VGG is for 32 x 32 colours
SIZES = {"digits": (0.05, 0.1, 0.15, 0.2, 0.25, 0.3), "cifar": (2 / 255, 4 / 255, 8 / 255, 16 / 255, 0.1)}
JUDGED_SIZE = 8 / 255
JUDGED_AREA = 0.1
KINDS = ("step", "iterated", "targeted", "noise")
STICKERS = ("trained", "random", "grey", "crop")
TURN = 0.35  # radians, the furthest that stickers are turned: 20 degrees


class AdversarialSettings(ImageSettings):
    """What a variant can turn."""

    network: Literal["softmax", "maxout", "digitnet", "minivgg"]
    images: Literal["digits", "cifar"] = "digits"
    width: int = Field(32, ge=1, description="filters of the first convolution, or an eighth of maxout units")
    hardened: float | None = Field(None, gt=0, le=1, description="trained on gradient signs of this size as well")


class Probe(Strict):
    """What trained networks are asked."""

    images: int = Field(ge=1, description="the first so many test images")
    steps: int = Field(ge=2, description="of the iterated attack")
    areas: list[float] = Field(description="of stickers, shares of the image, rising; 0.1 among them decides")
    targets: list[int] = Field(min_length=1, description="classes that stickers are trained for")
    updates: int = Field(ge=1, description="steps in which a sticker is trained")
    batch: int = Field(ge=1)

    @field_validator("areas")
    @classmethod
    def _holds_the_judged(cls, areas: list[float]) -> list[float]:
        if areas != sorted(set(areas)) or not areas or areas[0] <= 0 or areas[-1] > 1 or JUDGED_AREA not in areas:
            raise ValueError(f"must rise within (0, 1] and hold {JUDGED_AREA:g}, at which claim 103 is judged")
        return areas

    @field_validator("targets")
    @classmethod
    def _are_classes(cls, targets: list[int]) -> list[int]:
        if len(set(targets)) < len(targets) or min(targets) < 0 or max(targets) > 9:
            raise ValueError("must be different classes from 0 to 9")
        return targets


class Config(StudyConfig[AdversarialSettings]):
    """pipelines/adversarial/params.yaml."""

    probe: Probe
