"""What the ultrasound study can turn."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from reprise.settings import Settings, Strict, StudyConfig

DATA = ("ultrasound",)
SHAPES = {"image": (160, 160), "target": (160, 160), "has_mask": ()}  # at scale `full`
PARAMETERS = {"raw": 8_202_849, "cleaned": 8_202_849, "cleaned_has_mask": 8_254_050}  # at `full`


class UltrasoundSettings(Settings):
    """What a variant can turn."""

    network: Literal["source", "starter"] = Field("source", description="source's network, or its root")
    width: int = Field(ge=1)
    dropout: float = Field(ge=0, lt=1)
    has_mask: bool = False
    clean: Literal["none", "both", "origin"] = "none"
    steps: int = Field(1, ge=1, description="batches of an epoch at least: frames are repeated, evenly, until then")
    scaling: Literal["raw", "standardised"] = "raw"
    rotation: float = Field(ge=0, le=180, description="degrees")
    translation: float = Field(ge=0, lt=1, description="share of the side; the source's 10 px of 160 are 0.0625")


class Cleaning(Strict):
    """The near-duplicate rule (claims 84, 85)."""

    hash: Literal["strips", "blocks", "robust"]
    threshold: float = Field(gt=0, lt=2)


class Config(StudyConfig[UltrasoundSettings]):
    """pipelines/ultrasound/params.yaml."""

    folds: int = Field(ge=3, description="parts of the subjects, of which each seed tests another")
    split_seed: int = Field(ge=0, description="of which subject is in which part")
    cleaning: Cleaning
