"""What the puzzles study can turn."""

from __future__ import annotations

from pydantic import Field

from reprise.settings import Strict


class Config(Strict):
    """pipelines/puzzles/params.yaml."""

    seeds: int = Field(40, ge=20, description="runs of the genetic algorithm for each fitness")
    replicates: int = Field(10_000, ge=100, description="bootstrap samples, and random texts for the χ² test")
    trials: int = Field(4_000, ge=100, description="simulated hands for each number of key presses")
    small_numbers: int = Field(2_000, ge=100, description="the published count is checked on 0 .. this")
