"""The classifiers that are to be deceived, one of them hardened by training on what deceives it."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from reprise.data import cifar, digits
from reprise.data.batches import Batch
from reprise.data.parts import TrainingData
from reprise.layers import Maxout
from reprise.models.digitnet import DigitNet
from reprise.models.minivgg import MiniVGG
from reprise.studies.adversarial.settings import AdversarialSettings
from reprise.tasks.attacks import gradient_sign
from reprise.tasks.classify import Classify
from reprise.workspace import Workspace

PIECES = 5  # linear functions of which a maxout unit takes the largest


def data(workspace: Workspace, settings: AdversarialSettings, seed: int) -> TrainingData:
    """Digits, or CIFAR-10."""
    source = digits if settings.images == "digits" else cifar
    return source.training_data(workspace.prepared(settings.images), settings.protocol, most_classes=10)


def build(settings: AdversarialSettings, shapes: dict[str, tuple[int, ...]], structure: Any = None) -> nn.Module:
    """The variant's network for ten classes."""
    size, _, channels = shapes["image"]
    width, pixels = settings.width, size * size * channels
    if settings.network == "softmax":
        return nn.Sequential(nn.Flatten(), nn.Linear(pixels, 10))
    if settings.network == "maxout":
        units = 8 * width
        layers = Maxout(pixels, units, PIECES), Maxout(units, units, PIECES), nn.Linear(units, 10)
        return nn.Sequential(nn.Flatten(), *layers)
    if settings.network == "minivgg":
        return MiniVGG(channels=channels, width=width, hidden=16 * width, size=size)
    return DigitNet(size=size, width=width, hidden=4 * width)


class Harden(Classify):
    """Cross-entropy; where ``hardened`` is set, its mean with that of images changed against the network as it is.

    Half and half, as Goodfellow, Shlens and Szegedy (2015) trained.
    """

    def logits(self, images: Tensor) -> Tensor:
        """Logits of (n, c, h, w) images in [0, 1]."""
        return self.model(self.images({"image": (255 * images).permute(0, 2, 3, 1)})).float()

    def loss(self, batch: Batch) -> Tensor:
        loss = super().loss(batch)
        if self.settings.hardened is None or not self.training:
            return loss
        images, labels = batch["image"].permute(0, 3, 1, 2).float() / 255, batch["label"].long()
        changed = gradient_sign(self.logits, images, labels, self.settings.hardened)
        return (loss + super().loss(batch | {"image": (255 * changed).permute(0, 2, 3, 1)})) / 2


task = Harden
