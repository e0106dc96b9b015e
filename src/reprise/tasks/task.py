"""What every task shares: a network, how it is trained, and what it predicts.

A task says what its loss is, what it predicts and how a batch is changed at random; `reprise.loop` trains it and
`reprise.networks` asks it. Nothing here needs Lightning, so that a trained network can be asked without it.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from reprise.data.batches import Batch
from reprise.settings import Settings

Sums = dict[str, tuple[Tensor, int]]  # by measure: a sum over examples, and how many


class Task(nn.Module):
    """Trains ``model`` with the study's ``settings``.

    Args:
        model: the network.
        settings: the variant's settings (epochs, batch size, learning rate, ...).
        seed: of this run; dropout and augmentation of epoch e come from (seed, e).
    """

    def __init__(self, model: nn.Module, settings: Settings, seed: int = 0) -> None:
        super().__init__()
        self.model, self.settings, self.seed = model.to(memory_format=torch.channels_last), settings, seed

    def loss(self, batch: Batch) -> Tensor:
        """The scalar that is minimised."""
        raise NotImplementedError(f"{type(self).__name__} must define its loss")

    def predict(self, batch: Batch) -> dict[str, Tensor]:
        """What is written for each example: tensors with the examples along the first axis (logits, nats, boxes)."""
        raise NotImplementedError(f"{type(self).__name__} must define what it predicts")

    def augment(self, batch: Batch) -> Batch:
        """A training batch, changed at random. Default: as it is."""
        return batch

    def validate(self, batch: Batch) -> Sums:
        """What a validation batch adds to the epoch's measures. Default: the loss, as ``val_loss``."""
        size = len(next(iter(batch.values())))
        return {"val_loss": (self.loss(batch) * size, size)}

    def measures(self) -> dict[str, Tensor | float]:
        """Further numbers for every epoch's row in history.csv. Default: none."""
        return {}

    def optimizer(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """Default: Adam, with the settings' learning rate and weight decay."""
        settings = self.settings
        # fused: one pass over the weights instead of eight; a network of two million steps in 1.5 ms, not 8
        return torch.optim.Adam(parameters, lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True)

    def rate(self, epoch: float) -> float:
        """What the learning rate is multiplied by after so many epochs (a step is a fraction of one)."""
        return 1 - epoch / self.settings.epochs if self.settings.decay == "linear" else 1.0

    # Several networks that step in turn ----------------------------------------------------------------------------

    def players(self) -> dict[str, nn.Module]:
        """Networks that step one after the other on every batch, each while the others are frozen. Default: none.

        A generator and its critic are two. Each has an optimizer of its own and its own clipping.
        """
        return {}

    def loss_of(self, player: str, batch: Batch) -> Tensor:
        """What one player minimises."""
        raise NotImplementedError(f"{type(self).__name__} has players and must define what {player} minimises")
