"""The architectures that every overview lists, as plain modules: nothing pretrained, every count pinned by a test.

Each file is one family and can be read in a minute. ``CATALOGUE`` lists the members with their published sizes;
``reprise.models.zoo.cost`` counts parameters, layers and multiply-adds without allocating a single weight (the
networks are built on PyTorch's *meta* device, where tensors have shapes and no memory).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from reprise.models.zoo.alexnet import AlexNet
from reprise.models.zoo.densenet import DenseNet
from reprise.models.zoo.fractalnet import FractalNet
from reprise.models.zoo.googlenet import GoogLeNet
from reprise.models.zoo.nin import NetworkInNetwork
from reprise.models.zoo.resnet import ResNet
from reprise.models.zoo.squeezenet import SqueezeNet
from reprise.models.zoo.vgg import VGG

__all__ = [
    "CATALOGUE",
    "VGG",
    "AlexNet",
    "Architecture",
    "DenseNet",
    "FractalNet",
    "GoogLeNet",
    "NetworkInNetwork",
    "ResNet",
    "SqueezeNet",
]

TORCHVISION = "torchvision 0.28, num_params of its IMAGENET1K_V1 weights"
IMGCLSMOB = "osmr/imgclsmob, asserted beside its CIFAR-10 model"


@dataclass(frozen=True)
class Architecture:
    """One member of the zoo and what others publish about it.

    Attributes:
        name: as papers write it.
        build: makes the module.
        shape: one input image, (channels, height, width).
        classes: outputs.
        layers: the depth in the network's name or paper.
        parameters: the published count.
        origin: where that count stands.
        giga_multiply_adds: published, in 10^9 for one image; None where nobody gives it (torchvision, ``_ops``).
        accuracy: published ImageNet top-1 accuracy in percent, one crop; None where there is none (torchvision).
    """

    name: str
    build: Callable[[], nn.Module]
    shape: tuple[int, int, int]
    classes: int
    layers: int
    parameters: int
    origin: str = TORCHVISION
    giga_multiply_adds: float | None = None
    accuracy: float | None = None


def _imagenet(name: str, build: Callable[[], nn.Module], layers: int, *published: float) -> Architecture:
    parameters, operations, accuracy = published
    return Architecture(name, build, (3, 224, 224), 1000, layers, int(parameters), TORCHVISION, operations, accuracy)


_ENTRIES = (
    Architecture(
        "AlexNet (2012)",
        AlexNet,
        (3, 227, 227),
        1000,
        8,
        60_965_224,
        "the Caffe weights, as public ports count them",
    ),
    _imagenet("AlexNet (2014)", lambda: AlexNet(one_tower=True), 8, 61_100_840, 0.714, 56.522),
    _imagenet("VGG-16", lambda: VGG(16), 16, 138_357_544, 15.47, 71.592),
    _imagenet("VGG-19", lambda: VGG(19), 19, 143_667_240, 19.632, 72.376),
    _imagenet("GoogLeNet", lambda: GoogLeNet(batch_norm=True), 22, 6_624_904, 1.498, 69.778),
    _imagenet("ResNet-152", lambda: ResNet(152), 152, 60_192_808, 11.514, 78.312),
    _imagenet("DenseNet-121", DenseNet, 121, 7_978_856, 2.834, 74.434),
    _imagenet("SqueezeNet 1.0", SqueezeNet, 18, 1_248_424, 0.819, 58.092),
    _imagenet("SqueezeNet 1.1", lambda: SqueezeNet("1.1"), 18, 1_235_496, 0.349, 58.178),
    Architecture("NiN", NetworkInNetwork, (3, 32, 32), 10, 9, 966_986, IMGCLSMOB),
    Architecture("FractalNet", FractalNet, (3, 32, 32), 10, 21, 33_724_618, IMGCLSMOB),
)
CATALOGUE: dict[str, Architecture] = {entry.name: entry for entry in _ENTRIES}
