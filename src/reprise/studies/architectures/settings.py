"""What the architectures study can turn."""

from __future__ import annotations

from pydantic import Field

from reprise.settings import Settings, Strict


class Pattern(Settings):
    """The small network of claim 114, trained on handwritten digits of 8 x 8 pixels."""

    seeds: int = Field(ge=1)
    test_images: int = Field(ge=100, le=900, description="of 1,797; the rest trains")


class Config(Strict):
    """pipelines/architectures/params.yaml."""

    images: int = Field(ge=2, description="random images that the residual blocks are asked on")
    pattern: Pattern
