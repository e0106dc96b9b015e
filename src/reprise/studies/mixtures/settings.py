"""What the mixtures study can turn."""

from __future__ import annotations

from pydantic import Field

from reprise.settings import Strict


class Config(Strict):
    """pipelines/mixtures/params.yaml."""

    runs: int = Field(1000, ge=2, description="random starts, each on freshly drawn data")
    iterations: int = Field(10, ge=2, description="the source's number of iterations")
    long_iterations: int = Field(200, ge=10, description="enough for EM to settle")
    fits: int = Field(50, ge=2, description="fits with our own EM and with scikit-learn's")
    parity_iterations: int = Field(30, ge=1)
