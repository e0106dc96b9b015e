"""Weights of length one (claims 72-78).

Source: "Internal weight normalisation" (raghakot). A neuron compares its input with a template; dividing the template
by its length leaves the comparison alone. Applied to the mini-VGG's convolutions, to its dense layers, to both, the
write-up's figure ends at .8533 (conv), .8428 (dense), .8204 (neither) and .8082 (both): "the benefits are lost when
both are normalised".

What is varied: which layers; ELU for ReLU; the two other ways the author names, a penalty on the length's distance from
one and weights written in spherical coordinates; and a penalty on filters that resemble each other.

Cost: ``small`` about half a minute a variant on two cores; ``full`` is for a GPU (26-33 minutes a network on
the source's).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from reprise.config import StudyConfig, VariantName
from reprise.studies._images import SHAPE, ImageSettings, image_data

if TYPE_CHECKING:
    from torch import nn

    from reprise.tasks.classify import Classify
    from reprise.training import TrainingData
    from reprise.workspace import Workspace

__all__ = ["DATA", "PARAMETERS", "SHAPE", "Config", "UnitNormSettings", "build", "data", "task"]

DATA = "cifar"
PARAMETERS = dict.fromkeys(("baseline", "conv", "dense", "both"), 1_250_858)


class UnitNormSettings(ImageSettings):
    """What a variant can turn."""

    width: int = Field(32, ge=1)
    unit_norm: Literal["conv", "dense", "both"] | None = None
    activation: Literal["relu", "elu"] = "relu"
    norm_penalty: float = Field(0.0, ge=0, description="weight of the mean squared distance of lengths from 1")
    spherical: bool = False
    diversity_penalty: float = Field(0.0, ge=0, description="weight of the mean squared cosine between filters")


class Config(StudyConfig):
    """The section ``unitnorm`` of params.yaml."""

    base: UnitNormSettings
    variants: dict[VariantName, UnitNormSettings]


def data(workspace: Workspace, settings: UnitNormSettings, seed: int) -> TrainingData:
    """CIFAR-10."""
    return image_data(workspace, settings)


def build(settings: UnitNormSettings, shape: tuple[int, ...], structure: None = None) -> nn.Module:
    """The mini-VGG with some of its weights constrained."""
    from torch import nn

    from reprise.layers.unitnorm import spherical
    from reprise.models.minivgg import MiniVGG

    model = MiniVGG(
        size=shape[0],
        width=settings.width,
        hidden=16 * settings.width,
        unit_norm=settings.unit_norm,
        activation=settings.activation,
    )
    if settings.spherical:
        for layer in model.modules():
            if isinstance(layer, nn.Conv2d):
                spherical(layer)
    return model


def task(model: nn.Module, settings: UnitNormSettings, seed: int) -> Classify:
    """Cross-entropy, plus the penalties."""
    from reprise.tasks.classify import Penalised

    return Penalised(model, settings, seed)
