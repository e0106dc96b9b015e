"""What the convolution study can turn."""

from __future__ import annotations

from pydantic import Field

from reprise.settings import Strict


class Grid(Strict):
    """The geometries over which size formulas are compared: every combination that fits."""

    size: int = Field(ge=4, description="input sizes 1 .. size")
    kernel: int = Field(ge=2, description="kernel sizes 1 .. kernel")
    stride: int = Field(ge=2, description="strides 1 .. stride")
    padding: int = Field(ge=1, description="paddings 0 .. padding")


class Config(Strict):
    """pipelines/convolution/params.yaml."""

    grid: Grid
    cases: int = Field(ge=10, description="random tensors compared with PyTorch, each of another geometry")
    edges: int = Field(ge=20, description="random edges and lines that are pooled")
    rounds: int = Field(ge=2, le=4, description="poolings in a row")
