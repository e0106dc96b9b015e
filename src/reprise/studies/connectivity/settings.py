"""What the connectivity study can turn."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from reprise.settings import ImageSettings, StudyConfig

DATA = ("cifar",)
SHAPES = {"image": (32, 32, 3)}
PARAMETERS = {"sequential": 1_250_666, "concat": 29_558_518, "per_feature": 29_562_082}
LAYERS = 8


class ConnectivitySettings(ImageSettings):
    """What a variant can turn."""

    network: Literal["connected", "sequential", "matched"] = "connected"
    width: int = Field(32, ge=1)
    merge: Literal["concat", "pad", "sum", "max", "squeeze"] = "concat"
    resize: Literal["area", "nearest", "bilinear", "bicubic"] = "bilinear"
    per_feature: bool = False
    init: float | Literal["normal", "feed_forward"] = 1.0
    sigmoid: bool = True
    pooled: bool = False
    prune: float | None = Field(
        None, gt=0, lt=1, description="build without the gates that `start` closed below this, and train afresh"
    )


class Config(StudyConfig[ConnectivitySettings]):
    """pipelines/connectivity/params.yaml."""
