"""What the dropout study can turn."""

from __future__ import annotations

from pydantic import Field

from reprise.settings import Strict

DATA = ("digits",)
ENSEMBLE_TESTED = 500  # test images that all thinned networks are asked about


class Learning(Strict):
    """Networks that learn handwritten digits."""

    seeds: int = Field(ge=2, description="each with its own split")
    tested: int = Field(ge=50, description="test images of each split")
    few: int = Field(ge=20, description="training images that are few")
    many: int = Field(ge=40, le=1200, description="training images that are many")
    small: int = Field(ge=1, description="hidden units of a small network")
    large: int = Field(ge=2, description="hidden units of a large one")
    noise: float = Field(gt=0, lt=1, description="share of training labels that are drawn anew, where noise is learned")
    dropout: float = Field(gt=0, lt=1, description="share of hidden units dropped")
    steps: int = Field(ge=10)
    fitted: int = Field(ge=10, description="steps where labels are drawn anew, enough to fit them, and of the ensemble")
    batch: int = Field(ge=1)
    rate: float = Field(gt=0, description="learning rate of Adam")
    removals: int = Field(ge=1, description="random halves of the hidden units that are removed")
    thinned: float = Field(gt=0, lt=1, description="share dropped of those, in training and in the average")
    ensemble: int = Field(ge=1, le=8, description="units of each of two hidden layers, all of whose masks are tried")


class Config(Strict):
    """pipelines/thinned/params.yaml."""

    repetitions: int = Field(ge=10, description="random layers for one step of gradient descent")
    adam: int = Field(ge=5, description="random networks for Adam's steps")
    learning: Learning
