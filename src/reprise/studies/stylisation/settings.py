"""What the study of style transfer can turn."""

from __future__ import annotations

from pydantic import Field

from reprise.settings import ImageSettings, Strict, StudyConfig

DATA = ("cifar",)
SHAPES = {"image": (32, 32, 3)}
PARAMETERS = {"network": 1_250_858}
PAIRS = (("astronaut", "strokes"), ("chelsea", "dots"), ("coffee", "swirls"))  # photograph, generated painting
LAYERS = ("conv2", "conv1", "conv2", "conv3", "conv4")  # the content's, then the style's
WEIGHTS = (0.01, 0.1, 1.0, 10.0, 100.0)  # of the style, each loss in a unit of its own
EVEN = 2  # place of the weight at which neither is favoured


class StylisationSettings(ImageSettings):
    """What a variant can turn."""

    width: int = Field(32, ge=1, description="filters of the first convolutions")


class Probe(Strict):
    """How the trained networks are asked."""

    size: int = Field(ge=32, description="side of the pictures, pixels")
    steps: int = Field(ge=1, description="iterations of L-BFGS")


class Config(StudyConfig[StylisationSettings]):
    """pipelines/stylisation/params.yaml."""

    probe: Probe
