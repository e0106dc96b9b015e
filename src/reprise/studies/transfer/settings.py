"""What the study of transfer can turn."""

from __future__ import annotations

from pydantic import Field

from reprise.settings import ImageSettings, StudyConfig

DATA = ("digits", "letters")
SHAPES = {"image": (28, 28, 1)}
PARAMETERS = {"digits": 889_834}
SHOTS = (1, 5, 25, 100)  # images of each letter; variants are KIND_SHOTS
KINDS = ("scratch", "frozen", "tuned")


class TransferSettings(ImageSettings):
    """What a variant can turn."""

    per_class: int | None = Field(None, ge=1, description="images of each letter; null: trains on all digits")
    frozen: bool = Field(False, description="trains the last layer alone")
    width: int = Field(32, ge=1)


class Config(StudyConfig[TransferSettings]):
    """pipelines/transfer/params.yaml."""
