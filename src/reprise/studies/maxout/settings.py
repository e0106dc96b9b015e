"""What the maxout study can turn."""

from __future__ import annotations

from pydantic import Field

from reprise.settings import Strict

DATA = ("digits",)


class Learning(Strict):
    """Dense and convolutional networks, with maxout and with rectifiers."""

    examples: int = Field(ge=1, description="training images")
    tested: int = Field(ge=1, description="test images")
    shrink: int = Field(ge=1, le=2, description="sides of the images are divided by it")
    seeds: int = Field(ge=2)
    epochs: int = Field(ge=1)
    batch: int = Field(ge=1)
    rate: float = Field(gt=0, description="of Adam")
    dropout: float = Field(ge=0, lt=1, description="share of hidden units dropped")
    dropped: float = Field(ge=0, lt=1, description="share of pixels dropped")
    pieces: int = Field(ge=1, description="of each maxout unit")
    hidden: int = Field(ge=1, description="units of each of two dense layers")
    width: int = Field(ge=1, description="maps of the first convolution; the second has twice as many")


class Config(Strict):
    """pipelines/maxout/params.yaml."""

    learning: Learning
