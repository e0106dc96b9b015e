"""What the study of codes can turn."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from reprise.settings import ImageSettings, Strict, StudyConfig

DATA = ("cifar", "digits", "letters")
SHAPES = {"image": (28, 28, 1)}
PARAMETERS = {"code_8": 39_929, "from_pixels": 57_770}
SIZES = (2, 8, 32)  # variants code_SIZE
WEIGHTS = ("labels_001", "labels_01", "labels_1")  # variants of code_8 whose code has to tell classes too, rising


class EncoderSettings(ImageSettings):
    """What a variant can turn."""

    images: Literal["cifar", "digits"] = "digits"
    examples: int = Field(ge=10, description="training images")
    code: int = Field(ge=1, description="numbers that an image becomes")
    width: int = Field(16, ge=1)
    label_weight: float = Field(0.0, ge=0, description="of the cross-entropy beside the reconstruction's error")
    classifies: bool = Field(False, description="two dense layers on the code in place of a decoder")
    frozen: bool = Field(False, description="the encoder")


class Probe(Strict):
    """What trained encoders are asked."""

    images: int = Field(ge=10, description="test images whose codes are moved")
    strengths: list[float] = Field(min_length=1, description="of a move, in standard deviations of the codes")
    shots: list[int] = Field(min_length=1, description="letters of each class that are known")
    draws: int = Field(ge=2, description="of these letters")


class Config(StudyConfig[EncoderSettings]):
    """pipelines/encoder/params.yaml."""

    probe: Probe
