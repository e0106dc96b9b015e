"""Reconstruction: mean squared error of what is decoded, and the cross-entropy of labels told by the code if wanted."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from reprise.data.batches import Batch
from reprise.tasks.task import Task


class Reconstruct(Task):
    """Trains an ``AutoEncoder``; the settings' further field ``label_weight`` is that of the cross-entropy."""

    def images(self, batch: Batch) -> Tensor:
        """(n, c, h, w) in [0, 1]."""
        return batch["image"].permute(0, 3, 1, 2).float() / 255

    def loss(self, batch: Batch) -> Tensor:
        images = self.images(batch)
        code, decoded = self.model(images)
        loss = F.mse_loss(decoded.float(), images)
        if self.settings.label_weight:
            logits = self.model.labels(code).float()
            loss = loss + self.settings.label_weight * F.cross_entropy(logits, batch["label"].long())
        return loss

    def predict(self, batch: Batch) -> dict[str, Tensor]:
        """``error``: mean squared error of each image's pixels, (n,)."""
        images = self.images(batch)
        return {"error": (self.model(images)[1].float() - images).square().flatten(1).mean(dim=1)}
