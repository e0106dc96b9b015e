"""What the study of activations can turn."""

from __future__ import annotations

from pydantic import Field

from reprise.settings import Strict

DATA = ("digits",)


class Learning(Strict):
    """Networks with two hidden layers that learn handwritten digits."""

    seeds: int = Field(ge=2, description="each with its own split")
    examples: int = Field(ge=64, description="training images")
    tested: int = Field(ge=50, description="test images")
    hidden: int = Field(ge=2, description="units of each hidden layer")
    rates: list[float] = Field(min_length=1, description="of gradient descent; the one with the lowest loss counts")
    steps: int = Field(ge=10)
    batch: int = Field(ge=1)
    revived: int = Field(ge=10, description="steps of the networks whose units all begin dead")


class Config(Strict):
    """pipelines/activations/params.yaml."""

    networks: int = Field(ge=5, description="random deep networks")
    learning: Learning
