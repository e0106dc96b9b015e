"""What the study of saliency and feature inversion can turn."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from reprise.settings import ImageSettings, Strict, StudyConfig

DATA = ("digits", "cifar")
SHAPES = {"image": (28, 28, 1)}
PARAMETERS = {"digits": 1_199_882}
MAPS = (
    "gradient", "weighted", "integrated", "smooth", "occlusion", "inversion", "edges", "untrained",
    "untrained_weighted", "chance",
)  # fmt: skip
LAYERS = {
    "digits": ("conv1", "conv2", "dense1", "dense2"),
    "cifar": ("conv1", "conv2", "conv3", "conv4", "hidden", "output"),
}
LOGITS = ("dense2", "output")
HIDDEN = {"digits": "dense1", "cifar": "hidden"}  # the last hidden layer


class SaliencySettings(ImageSettings):
    """What a variant can turn."""

    data: Literal["digits", "cifar"] = Field("digits", description="images, and with them the network")
    width: int = Field(32, ge=1, description="filters of the first convolution")
    hidden: int = Field(128, ge=1, description="units of the first dense layer")


class Probe(Strict):
    """How the trained networks are asked."""

    images: int = Field(ge=2, description="first test images whose pixels are deleted")
    steps: int = Field(ge=2, description="of a deletion curve")
    path: int = Field(ge=1, description="nodes of integrated gradients")
    samples: int = Field(ge=1, description="noisy copies for SmoothGrad")
    noise: float = Field(0.15, ge=0, description="their standard deviation, of the range")
    window: int = Field(ge=1, description="side of the square that occludes, pixels")
    stride: int = Field(ge=1)
    inversion_steps: int = Field(ge=1)
    smoothness: float = Field(ge=0, description="weight of total variation where it is on")
    inverted: int = Field(ge=1, description="first test images that are inverted at every layer")


class Config(StudyConfig[SaliencySettings]):
    """pipelines/saliency/params.yaml."""

    probe: Probe
