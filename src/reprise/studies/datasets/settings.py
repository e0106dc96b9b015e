"""What the data-set cards can turn."""

from __future__ import annotations

from pydantic import Field

from reprise.settings import Strict

DATA = ("cifar", "digits")


class Config(Strict):
    """pipelines/datasets/params.yaml."""

    threshold: float = Field(gt=0, le=2, description="cosine distance under which two images are near-duplicates")
    most_pairs: int = Field(ge=1, description="where a set has more, they are not told from its other images")
    compared: int = Field(ge=10, description="images of each part on which the finder is held against scipy")
    altered: int = Field(ge=10, description="test images that are altered to see how many the finder knows again")
    shown: int = Field(ge=1, le=40, description="pairs on the contact sheet, from the nearest to the threshold")
