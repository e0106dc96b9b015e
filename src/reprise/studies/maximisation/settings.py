"""What the study of activation maximisation can turn."""

from __future__ import annotations

from pydantic import Field

from reprise.settings import ImageSettings, Strict, StudyConfig

DATA = ("digits",)
SHAPES = {"image": (28, 28, 1)}
PARAMETERS = {"network": 1_199_882}
STARTS = ("ones", "half", "zeros", "random")  # the source's four; further random ones follow
CONSTANTS = {"ones": 1.0, "half": 0.5, "zeros": 0.0}


class MaximisationSettings(ImageSettings):
    """What a variant can turn."""

    width: int = Field(32, ge=1, description="filters of the first convolution")
    hidden: int = Field(128, ge=1, description="units of the first dense layer")


class Probe(Strict):
    """How the trained networks are asked."""

    random_starts: int = Field(ge=2, description="of each class, the same for every network")
    steps: int = Field(10, ge=1, description="the source's iterations")
    rate: float = Field(1.0, gt=0, description="the source's length of a step")
    long: int = Field(ge=10, description="iterations of the four starts, for the claim that ten are enough")
    regularised: int = Field(ge=1, description="pictures a class in the regularised form")
    regularised_steps: int = Field(ge=1)


class Config(StudyConfig[MaximisationSettings]):
    """pipelines/maximisation/params.yaml."""

    probe: Probe
    bootstrap: int = Field(ge=20, description="resamples of the images for claim 9")
    neighbours: int = Field(ge=10, description="training images that results are held against")
