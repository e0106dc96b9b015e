"""Classification: cross-entropy, images shifted and mirrored on the device."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from reprise.data.augment import random_affine
from reprise.data.batches import Batch
from reprise.layers.unitnorm import filter_similarity, norm_penalty
from reprise.tasks.task import Sums, Task


class Classify(Task):
    """Mean cross-entropy of the labels; predictions are logits, (n, classes)."""

    def images(self, batch: Batch) -> Tensor:
        """What the network sees: (n, c, h, w) floats, scaled by the settings."""
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
        return F.cross_entropy(self.model(self.images(batch)).float(), batch["label"].long())

    def validate(self, batch: Batch) -> Sums:
        """Validation loss and accuracy, from one pass; penalties on weights are part of neither."""
        logits, labels = self.model(self.images(batch)).float(), batch["label"].long()
        return {
            "val_loss": (F.cross_entropy(logits, labels) * len(labels), len(labels)),
            "val_accuracy": ((logits.argmax(dim=1) == labels).sum(), len(labels)),
        }

    def predict(self, batch: Batch) -> dict[str, Tensor]:
        return {"logits": self.model(self.images(batch)).float()}


class Penalised(Classify):
    """Cross-entropy plus penalties on the convolutions' weights, where their settings are above 0 (claims 76, 78)."""

    def loss(self, batch: Batch) -> Tensor:
        loss = super().loss(batch)
        weights = [layer.weight for layer in self.model.modules() if isinstance(layer, torch.nn.Conv2d)]
        if self.settings.norm_penalty:
            loss = loss + self.settings.norm_penalty * norm_penalty(weights)
        if self.settings.diversity_penalty:
            loss = loss + self.settings.diversity_penalty * sum(map(filter_similarity, weights)) / len(weights)
        return loss

    def measures(self) -> dict[str, Tensor | float]:
        """Mean similarity of the convolutions' filters."""
        weights = [layer.weight.detach() for layer in self.model.modules() if isinstance(layer, torch.nn.Conv2d)]
        return {"filter_similarity": sum(map(filter_similarity, weights)) / len(weights)}


class Gated(Classify):
    """A connected network; each gate's value is a column ``gate_MERGE_INPUT`` (claim 56; means of per-feature gates).

    A connection that pruning removed has a gate of 0, so that seeds pruned differently have the same columns.
    """

    def measures(self) -> dict[str, Tensor | float]:
        return {
            f"gate_{i}_{j}": float(merge[j].detach().mean()) if j in merge else 0.0
            for i, merge in enumerate(self.model.gates())
            for j in range(i + 2)
        }
