"""Cells against background by a U-Net without padding, as published: weighted cross-entropy, momentum, deformations."""

from __future__ import annotations

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reprise.data.batches import Batch
from reprise.data.elastic import random_grey, random_grid, sample
from reprise.models.tiles import predict_tiled, unet_margin, unet_surplus
from reprise.tasks.task import Task

TILE = 512  # side of a tile's answer at most: a slice of the challenge at once, a fifth less work than in four tiles


class Cells(Task):
    """Training arrays are tiles of one size: ``image`` bytes, ``label`` 0 or 1, ``weight``; the loss takes the middle.

    Predictions are whole pictures of any size, (n, h, w): the probability of being inside a cell, in half precision.

    The settings' further fields: ``depth``; ``momentum`` in [0, 1), 0 for Adam; ``augment``, with ``rotation`` in
    degrees, ``translation`` as a share, ``elastic`` in pixels, ``contrast`` and ``brightness``.
    """

    def images(self, batch: Batch) -> Tensor:
        """(n, h, w) bytes or floats -> (n, 1, h, w) about 0."""
        return (batch["image"].float().unsqueeze(1) - 128) / 64

    def augment(self, batch: Batch) -> Batch:
        settings = self.settings
        if not settings.augment:
            return batch
        image, label, weight = (batch[name].float().unsqueeze(1) for name in ("image", "label", "weight"))
        grid = random_grid(
            (len(image), *image.shape[-2:]),
            image.device,
            settings.rotation,
            settings.translation,
            settings.elastic,
            True,
        )
        both = sample(torch.cat([image, weight], dim=1), grid)
        grey = random_grey(both[:, :1], settings.contrast, 128 * settings.brightness)
        return batch | {"image": grey[:, 0], "label": sample(label, grid, nearest=True)[:, 0], "weight": both[:, 1]}

    def loss(self, batch: Batch) -> Tensor:
        logits = self.model(self.images(batch))[0].float()
        label, weight = (_middle(batch[name], logits.shape[-1]) for name in ("label", "weight"))
        each = F.cross_entropy(logits, label.long(), reduction="none")
        return (weight.float() * each).mean()

    def predict(self, batch: Batch) -> dict[str, Tensor]:
        depth = self.settings.depth
        images = self.images(batch)
        step = 2**depth
        sizes = TILE // step * step, unet_margin(depth), step, unet_surplus(depth)
        logits = predict_tiled(lambda x: self.model(x)[0], images, *sizes)
        return {"probability": torch.softmax(logits.float(), dim=1)[:, 1].half()}

    def optimizer(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        settings = self.settings
        if not settings.momentum:
            return super().optimizer(parameters)
        return torch.optim.SGD(
            parameters, lr=settings.learning_rate, momentum=settings.momentum, weight_decay=settings.weight_decay
        )


def _middle(maps: Tensor, side: int) -> Tensor:
    """(n, h, w) -> (n, side, side)."""
    top, left = ((length - side) // 2 for length in maps.shape[-2:])
    return maps[:, top : top + side, left : left + side]
