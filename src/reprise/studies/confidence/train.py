"""Networks that are surer or less sure than they are right (claims 29-41)."""

from __future__ import annotations

from torch import nn

from reprise.data import cifar
from reprise.data.parts import TrainingData
from reprise.models.lenet import LeNet5
from reprise.models.minivgg import MiniVGG
from reprise.models.resnet import ResNet
from reprise.studies.confidence.settings import ConfidenceSettings
from reprise.tasks.stepwise import Stepwise
from reprise.workspace import Workspace


def data(workspace: Workspace, settings: ConfidenceSettings, seed: int) -> TrainingData:
    """CIFAR-10 or CIFAR-100; ``structure`` is the number of classes."""
    path = workspace.prepared("cifar")
    return cifar.training_data(path, settings.protocol, settings.held_out, settings.examples, structure="classes")


def build(settings: ConfidenceSettings, shapes: dict[str, tuple[int, ...]], structure: int | None = None) -> nn.Module:
    """The variant's network; ``structure`` is the number of classes, ten where it is not said."""
    size, _, channels = shapes["image"]
    classes = structure or 10
    if settings.network == "lenet5":
        return LeNet5(classes, channels, size)
    if settings.network == "minivgg":
        width, norm = settings.width, settings.batch_norm
        return MiniVGG(classes, channels, width, hidden=16 * width, size=size, batch_norm=norm)
    return ResNet(settings.depth, settings.width, classes, channels, settings.batch_norm)


task = Stepwise  # gradient descent with momentum or Adam, to the last epoch
