"""Classification: cross-entropy, images shifted and mirrored on the device."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from reprise.data.augment import random_affine
from reprise.data.batches import Batch
from reprise.tasks.task import Task


class Classify(Task):
    """Mean cross-entropy of the labels; predictions are logits, (n, classes)."""

    def _images(self, batch: Batch) -> Tensor:
        images = batch["image"].permute(0, 3, 1, 2)  # stored (n, h, w, c): that is channels-last already
        images = images.float() if images.dtype == torch.uint8 else images
        return images / 255 if self.settings.scaling == "unit" else (images - 128) / 128

    def augment(self, batch: Batch) -> Batch:
        settings = self.settings
        if not (settings.rotation or settings.translation or settings.flip):
            return batch
        images = batch["image"].permute(0, 3, 1, 2).float()
        moved = random_affine(images, settings.rotation, settings.translation, settings.flip)
        return batch | {"image": moved.permute(0, 2, 3, 1)}

    def loss(self, batch: Batch) -> Tensor:
        return F.cross_entropy(self.model(self._images(batch)).float(), batch["label"].long())

    def predict(self, batch: Batch) -> dict[str, Tensor]:
        return {"logits": self.model(self._images(batch)).float()}
