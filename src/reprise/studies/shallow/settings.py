"""What the shallow study can turn."""

from __future__ import annotations

from pydantic import Field

from reprise.settings import Strict


class Config(Strict):
    """pipelines/shallow/params.yaml."""

    seeds: int = Field(ge=3, description="data sets and networks of each kind")
    points: int = Field(ge=20, description="training points; ten times as many for the test")
    hidden: int = Field(ge=2, description="hidden units of the network that is judged")
    widths: list[int] = Field(min_length=2, description="numbers of hidden units for the curve")
