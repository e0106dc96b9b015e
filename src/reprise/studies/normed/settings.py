"""What the study of batch norm can turn."""

from __future__ import annotations

from pydantic import Field

from reprise.settings import Strict

DATA = ("digits",)


class Learning(Strict):
    """Networks with two hidden layers that learn handwritten digits."""

    seeds: int = Field(ge=2)
    examples: int = Field(ge=64, description="training images")
    tested: int = Field(ge=50, description="test images")
    hidden: int = Field(ge=2, description="units of each hidden layer")
    rate: float = Field(gt=0, description="of gradient descent where rates are not compared")
    rates: list[float] = Field(min_length=3, description="rising; where the largest usable one is looked for")
    steps: int = Field(ge=10)
    readings: int = Field(ge=2, description="of the distribution of a layer's inputs")
    batch: int = Field(ge=2)
    noise: float = Field(
        gt=0, lt=1, description="share of training labels drawn anew, where overfitting is asked about"
    )
    overfit: int = Field(ge=10, description="steps there")


class Config(Strict):
    """pipelines/normed/params.yaml."""

    learning: Learning
