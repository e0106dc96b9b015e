"""What the regularisation study can turn."""

from __future__ import annotations

from pydantic import Field

from reprise.settings import Strict


class Config(Strict):
    """pipelines/regularisation/params.yaml."""

    repetitions: int = Field(ge=10, description="random regression problems for ridge and for scaling")
    scale: float = Field(gt=1, description="how much larger one feature's scale is than the other's")
    degree: int = Field(ge=3, le=20, description="of the polynomial that may overfit")
    points: int = Field(ge=10, description="noisy points it is fitted to")
