"""What the study of optimizers can turn."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from reprise.settings import Strict, VariantName

DATA = ("digits", "letters")


class Grid(Strict):
    """Which networks are trained, and on what."""

    images: Literal["digits", "letters"] = Field(description="data set")
    examples: int = Field(ge=1, description="training images, each seen once")
    tested: int = Field(ge=1, description="test images")
    shrink: int = Field(ge=1, le=4, description="sides of the images are divided by it")
    width: int = Field(ge=1, description="filters of the first convolution; the second has twice as many")
    hidden: int = Field(ge=1, description="units of the dense layer")
    lowest: float = Field(gt=0, description="learning rate")
    highest: float = Field(gt=0)
    rates: int = Field(ge=2, description="from lowest to highest, evenly spread on a log scale")
    seeds: int = Field(ge=1)
    batch: int = Field(ge=1)
    readings: int = Field(ge=1, description="points of each curve")

    @model_validator(mode="after")
    def _rising(self) -> Grid:
        if self.lowest >= self.highest:
            raise ValueError(f"lowest ({self.lowest:g}) is not below highest ({self.highest:g})")
        return self


class Part(Strict):
    """One stage: all rates and seeds of one optimizer."""

    optimizer: Literal["adam", "adadelta", "adagrad", "sgd"]
    dropout: float = Field(ge=0, lt=1, description="share dropped of what each dense layer is given")


class Config(Strict):
    """pipelines/optimizers/params.yaml."""

    grid: Grid
    parts: dict[VariantName, Part] = Field(min_length=1)
