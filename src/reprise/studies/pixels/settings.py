"""What the study of images pixel by pixel can turn."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from reprise.settings import Settings, Strict, StudyConfig

DATA = ("digits",)
SHAPES = {"image": (28, 28, 1)}
PARAMETERS = {"cnn": 397_698, "row": 1_115_394, "diagonal": 1_002_498}
KINDS = ("cnn", "row", "diagonal")
SEED = 95  # of the draw that makes grey images binary, once for all


class PixelSettings(Settings):
    """What a variant can turn."""

    kind: Literal["cnn", "row", "diagonal"]
    width: int = Field(ge=1, description="features in the middle of a block; twice as many between blocks")
    layers: int = Field(ge=1, description="residual blocks")
    kernel: int = Field(7, ge=3, description="side of the first layer's kernel, odd")
    first: Literal["A", "B"] = Field("A", description="mask of the first layer; B sees what it is to predict")
    side: Literal[14, 28] = Field(28, description="of the images, pixels; 14: squares of four are averaged")
    examples: int | None = Field(None, ge=10, description="train on the first so many; null: all")


class Probe(Strict):
    """What trained networks are asked."""

    samples: int = Field(ge=1, description="images that are drawn")
    completed: int = Field(ge=1, description="test images whose lower half is drawn anew")
    times: int = Field(ge=1, description="how often each")
    pixels: int = Field(ge=1, description="whose gradients are looked at, drawn at random")


class Config(StudyConfig[PixelSettings]):
    """pipelines/pixels/params.yaml."""

    probe: Probe
