"""What the thresholds study can turn."""

from __future__ import annotations

from pydantic import Field

from reprise.settings import Strict


class Config(Strict):
    """pipelines/thresholds/params.yaml."""

    random_images: int = Field(200, ge=2, description="images of random size, type and histogram")
