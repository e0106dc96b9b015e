"""Segmentation of one structure: soft dice over the batch, with or without a head that says whether it is there."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from reprise.data.augment import random_affine
from reprise.data.batches import Batch
from reprise.tasks.task import Task


def soft_dice(logits: Tensor, target: Tensor, smooth: float = 1.0) -> Tensor:
    """Dice of probabilities over the *whole flattened batch*, as the source's code has it (CLAIMS 1.6).

    Its docstring speaks of an average over samples; the code sums over the batch first, so that an empty mask weighs
    nothing beside a full one. ``smooth`` keeps an all-empty batch defined.

    Args:
        logits: (n, 1, h, w).
        target: (n, 1, h, w) in [0, 1].
    """
    probability, target = torch.sigmoid(logits.float()).flatten(), target.float().flatten()
    overlap = (probability * target).sum()
    return (2 * overlap + smooth) / (probability.sum() + target.sum() + smooth)


class Segment(Task):
    """``-dice + 0.5 BCE(has_mask)``; Adam, learning rate cut when the validation loss stalls (claims 82, 87)."""

    def images(self, batch: Batch) -> Tensor:
        """What the network sees: (n, 1, h, w) floats, scaled by the settings."""
        images = batch["image"].unsqueeze(1).float()
        if (
            self.settings.scaling == "standardised"
        ):  # each image by itself, so that no statistics travel with the weights
            deviation, mean = torch.std_mean(images, dim=(1, 2, 3), keepdim=True)
            images = (images - mean) / (deviation + 1e-6)
        return images.contiguous(memory_format=torch.channels_last)

    def augment(self, batch: Batch) -> Batch:
        settings = self.settings
        if not (settings.rotation or settings.translation):
            return batch
        both = torch.stack([batch["image"], batch["target"]], dim=1).float()
        both = random_affine(both, settings.rotation, settings.translation)
        return batch | {"image": both[:, 0], "target": both[:, 1]}

    def loss(self, batch: Batch) -> Tensor:
        logits, has_mask = self.model(self.images(batch))
        loss = -soft_dice(logits, batch["target"].unsqueeze(1).float() / 255)
        if has_mask is not None:
            loss = loss + 0.5 * F.binary_cross_entropy_with_logits(has_mask.float(), batch["has_mask"].float())
        return loss

    def predict(self, batch: Batch) -> dict[str, Tensor]:
        logits, has_mask = self.model(self.images(batch))
        outputs = {"probability": torch.sigmoid(logits[:, 0].float()).half()}
        if has_mask is not None:
            outputs["has_mask_logit"] = has_mask.float()
        return outputs
