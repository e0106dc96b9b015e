"""Density: how probable a network finds images, in nats an image and bits a dimension."""

from __future__ import annotations

import math

from torch import Tensor

from reprise.data.batches import Batch
from reprise.tasks.task import Task


class Density(Task):
    """Minimises the mean negative log likelihood; predictions are ``nats``, (n,), of each image.

    The network has ``log_probability``, from (n, c, h, w) whole numbers to (n,) nats.
    """

    def loss(self, batch: Batch) -> Tensor:
        return self._nats(batch).mean()

    def predict(self, batch: Batch) -> dict[str, Tensor]:
        return {"nats": self._nats(batch)}

    def _nats(self, batch: Batch) -> Tensor:
        return -self.model.log_probability(batch["image"].permute(0, 3, 1, 2).long()).float()


def bits_per_dimension(nats: Tensor | float, shape: tuple[int, ...]) -> Tensor | float:
    """Nats an image -> bits a number of it; ``shape`` is (h, w, c)."""
    return nats / (math.log(2) * math.prod(shape))
