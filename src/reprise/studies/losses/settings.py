"""What the losses study can turn."""

from __future__ import annotations

from pydantic import Field

from reprise.settings import Strict


class Config(Strict):
    """pipelines/losses/params.yaml."""

    repetitions: int = Field(ge=10, description="random data sets for the zig-zag and for the line fits")
    points: int = Field(ge=10, le=60, description="points of each line")
    outliers: float = Field(gt=0, lt=0.5, description="share of the points that are outliers")
    units: int = Field(ge=10, description="dead units to revive")
    steps: int = Field(ge=100, description="training steps of the dead units")
