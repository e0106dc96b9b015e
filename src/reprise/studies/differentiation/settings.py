"""What the differentiation study can turn."""

from __future__ import annotations

from pydantic import Field

from reprise.settings import Strict


class Config(Strict):
    """pipelines/differentiation/params.yaml."""

    points: int = Field(ge=10, description="random points at which derivatives are compared")
    sizes: list[int] = Field(min_length=2, description="numbers of inputs (or outputs) for the cost curves")
    chain: int = Field(ge=16, description="steps of the recurrence whose cost is counted")
    iterations: int = Field(ge=2, le=9, description="iterations of the logistic map for expression swell")
    steps: int = Field(ge=10, description="gradient descent steps")
