"""What the recurrence study can turn."""

from __future__ import annotations

from pydantic import Field, field_validator

from reprise.settings import Strict


class Otherwise(Strict):
    """Other choices that claim 136's source leaves open, one at a time."""

    radii: list[float] = Field(min_length=1, description="in place of the spectral radii above 1")
    hidden: int = Field(ge=4)
    inputs: float = Field(gt=0, description="how many times as large")


class Gains(Strict):
    """Products of Jacobians over many steps."""

    networks: int = Field(ge=5, description="random networks")
    hidden: int = Field(ge=4)
    steps: int = Field(ge=20)
    radii: list[float] = Field(min_length=3, description="spectral radii of U, 1 and 2 among them")
    otherwise: Otherwise

    @field_validator("radii")
    @classmethod
    def _holds_both(cls, radii: list[float]) -> list[float]:
        if not {1.0, 2.0} <= set(radii):
            raise ValueError("must hold 1 and 2, at which growth per step is told beside claims 136 and 137")
        return radii


class Memory(Strict):
    """Small networks that learn to hold the first number, or symbol, of a sequence."""

    seeds: int = Field(ge=2, description="of the networks by which claim 140 is judged, and those beside them")
    shown: int = Field(ge=2, description="seeds of all others: shorter lags, open gates, symbols")
    lags: list[int] = Field(min_length=2, description="steps between what is to be held and the question, rising")
    rates: list[float] = Field(min_length=1, description="learning rates; the one with the lowest loss counts")
    hidden: int = Field(ge=4)
    batch: int = Field(ge=4)
    updates: int = Field(ge=20)

    @field_validator("lags")
    @classmethod
    def _rises(cls, lags: list[int]) -> list[int]:
        if lags != sorted(set(lags)) or lags[0] < 1:
            raise ValueError("must rise, from at least 1: the last one decides")
        return lags


class Config(Strict):
    """pipelines/recurrence/params.yaml."""

    cases: int = Field(ge=3, description="random networks compared with PyTorch, and gradients clipped")
    gains: Gains
    memory: Memory
