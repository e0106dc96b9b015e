"""A class for every pixel: cross-entropy over all pixels whose class is known, as FCNs are trained."""

from __future__ import annotations

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reprise.data.batches import Batch
from reprise.tasks.task import Sums, Task

IGNORE = 255
MEAN = (123.68, 116.779, 103.939)  # of ImageNet's pictures, red first, as VGG's weights expect it
AT_ONCE = 8  # pictures whose scores are held at a time where nothing is trained


class Label(Task):
    """Cross-entropy of the classes at every pixel; predictions are label maps, (n, h, w) uint8.

    The settings' further fields: ``flip``; ``momentum`` in [0, 1), 0 for Adam; ``total`` adds the losses of all pixels
    up in place of their mean, as the FCN's release does, whose learning rate of 1e-10 belongs to that.
    """

    def images(self, batch: Batch) -> Tensor:
        """(n, h, w, 3) bytes -> (n, 3, h, w) floats, ImageNet's mean taken away."""
        images = batch["image"].permute(0, 3, 1, 2).float()
        images = images - torch.tensor(MEAN, device=images.device).view(3, 1, 1)
        return images if self.settings.total else images / 64

    def augment(self, batch: Batch) -> Batch:
        if not self.settings.flip:
            return batch
        mirror = torch.rand(len(batch["image"]), device=batch["image"].device) < 0.5
        changed = {}
        for name in ("image", "label"):
            tensor = batch[name]
            where = mirror.view(-1, *[1] * (tensor.dim() - 1))
            changed[name] = torch.where(where, tensor.flip(2), tensor)
        return batch | changed

    def loss(self, batch: Batch) -> Tensor:
        labels = batch["label"].long()
        total = pixel_loss(self.model(self.images(batch)).float(), labels)
        return total if self.settings.total else total / (labels != IGNORE).sum().clamp(min=1)

    def validate(self, batch: Batch) -> Sums:
        losses, right, known = 0.0, 0.0, 0
        for images, labels in zip(self.images(batch).split(AT_ONCE), batch["label"].long().split(AT_ONCE), strict=True):
            logits = self.model(images).float()
            losses = losses + pixel_loss(logits, labels)
            right = right + (logits.argmax(dim=1) == labels).sum()
            known += int((labels != IGNORE).sum())
        return {"val_loss": (losses, known), "val_accuracy": (right, known)}

    def predict(self, batch: Batch) -> dict[str, Tensor]:
        said = [self.model(images).argmax(dim=1).to(torch.uint8) for images in self.images(batch).split(AT_ONCE)]
        return {"predicted": torch.cat(said)}

    def optimizer(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        settings = self.settings
        if not settings.momentum:
            return super().optimizer(parameters)
        parameters = list(parameters)
        weights, biases = ([p for p in parameters if (p.dim() > 1) == many] for many in (True, False))
        groups = [  # as in the release: biases learn twice as fast and do not decay
            {"params": weights, "lr": settings.learning_rate, "weight_decay": settings.weight_decay},
            {"params": biases, "lr": 2 * settings.learning_rate},
        ]
        return torch.optim.SGD(groups, momentum=settings.momentum)


def pixel_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Sum of the cross-entropies over all pixels whose label is not 255.

    Args:
        logits: (n, classes, h, w).
        labels: (n, h, w) integers.
    """
    return F.cross_entropy(logits, labels, ignore_index=IGNORE, reduction="sum")
