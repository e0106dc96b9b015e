"""What the initialisation study can turn."""

from __future__ import annotations

from pydantic import Field

from reprise.settings import Strict


class Config(Strict):
    """pipelines/initialisation/params.yaml."""

    seeds: int = Field(ge=3, description="random networks of each kind")
    depth: int = Field(ge=5, description="layers")
    width: int = Field(ge=16, description="units a layer")
    examples: int = Field(ge=16, description="random inputs")
    replicates: int = Field(ge=5, description="Monte Carlo estimates of the variance identity")
    draws: int = Field(ge=1000, description="sums in each estimate")
    descents: int = Field(ge=8, description="descents in the largest networks that learn the exclusive or")
    hessians: int = Field(ge=1000, description="random Hessians of each dimension")
    dimensions: int = Field(ge=4, le=20, description="largest dimension")
