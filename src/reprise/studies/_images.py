"""What the image-classification studies share: their settings, and how CIFAR's arrays become training data."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from reprise.config import Settings


class ClassifySettings(Settings):
    """What every classification variant can turn."""

    rotation: float = Field(0.0, ge=0, le=180, description="degrees, either way")
    translation: float = Field(0.0, ge=0, lt=1, description="share of the side, either way")
    flip: bool = False
    scaling: Literal["unit", "centred"] = Field("unit", description="x / 255, or (x - 128) / 128")
