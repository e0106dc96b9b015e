"""The LightningModule that every task shares: sums on the device, one number an epoch, own plateau schedule.

``self.log`` in every step costs a small network more than its backward pass; here a step adds to a running sum and the
epoch's end logs. A task says what its loss is, what it predicts, and how it augments; nothing else differs.
"""

from __future__ import annotations

from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import EarlyStopping
from torch import Tensor, nn

from reprise.config import Settings
from reprise.data.batches import Batch, epoch_seed

PLATEAU_STATE = ("best", "num_bad_epochs", "cooldown_counter", "last_epoch")


class Task(pl.LightningModule):
    """Trains ``model`` with the study's ``settings``.

    Args:
        model: the network.
        settings: the variant's settings (epochs, batch size, learning rate, ...).
        seed: of this run; dropout and augmentation of epoch e come from (seed, e).
    """

    def __init__(self, model: nn.Module, settings: Settings, seed: int = 0) -> None:
        super().__init__()
        self.model, self.settings, self.seed = model.to(memory_format=torch.channels_last), settings, seed
        self.totals: dict[str, Tensor | float] = {}
        self.counts: dict[str, int] = {}
        self.plateau: torch.optim.lr_scheduler.ReduceLROnPlateau | None = None
        self._stopped, self._plateau = False, {}  # of a killed run

    # What a task defines ------------------------------------------------------------------------------------------

    def loss(self, batch: Batch) -> Tensor:
        """The scalar that is minimised."""
        raise NotImplementedError(f"{type(self).__name__} must define its loss")

    def predict(self, batch: Batch) -> dict[str, Tensor]:
        """What is written for each example: tensors with the examples along the first axis."""
        raise NotImplementedError(f"{type(self).__name__} must define what it predicts")

    def augment(self, batch: Batch) -> Batch:
        """A training batch, changed at random. Default: as it is."""
        return batch

    def measures(self) -> dict[str, Tensor | float]:
        """Further numbers for every epoch's row in history.csv. Default: none."""
        return {}

    def optimizer(self) -> torch.optim.Optimizer:
        """Default: Adam, with the settings' learning rate and weight decay."""
        settings = self.settings
        # fused: one pass over the weights instead of eight; a network of two million steps in 1.5 ms, not 8
        return torch.optim.Adam(
            self.model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
        )

    # What Lightning calls -----------------------------------------------------------------------------------------

    def configure_optimizers(self) -> torch.optim.Optimizer:
        optimizer, settings = self.optimizer(), self.settings
        if settings.plateau_patience is not None:
            self.plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
                optimizer,
                factor=settings.plateau_factor,
                patience=settings.plateau_patience,
                min_lr=settings.least_learning_rate,
                threshold_mode="abs",  # as in the sources' Keras; "rel" takes a worse loss for a better one below zero
            )
        return optimizer

    def configure_callbacks(self) -> list[pl.Callback]:
        patience = self.settings.early_stopping
        return [] if patience is None else [EarlyStopping("val_loss", patience=patience)]

    def transfer_batch_to_device(self, batch: Batch, device: torch.device, dataloader_idx: int) -> Batch:
        return batch  # it lives there

    def on_train_epoch_start(self) -> None:
        torch.manual_seed(epoch_seed(self.seed, self.current_epoch) ^ self.global_rank)

    def training_step(self, batch: Batch, index: int) -> Tensor:
        loss = self.loss(self.augment(batch))
        self._add("train_loss", loss.detach(), 1)
        return loss

    def validation_step(self, batch: Batch, index: int) -> None:
        size = len(next(iter(batch.values())))
        self._add("val_loss", self.loss(batch) * size, size)

    def on_validation_epoch_end(self) -> None:
        self.log("val_loss", self._mean("val_loss"), sync_dist=self.trainer.world_size > 1)

    def on_train_epoch_end(self) -> None:
        self.log("train_loss", self._mean("train_loss"), sync_dist=self.trainer.world_size > 1)
        self.log("learning_rate", self.optimizers().param_groups[0]["lr"])
        for name, value in self.measures().items():
            self.log(name, value)
        if self.plateau is not None:
            # here, and not through Lightning: it steps schedules after checkpoints are written, and a resumed run
            # would miss one step
            self.plateau.step(float(self.trainer.callback_metrics["val_loss"]))

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["stopped"] = self.trainer.should_stop  # early; Lightning would train on
        if self.plateau is not None:
            # not its state_dict(): that one drags the optimizer's hooks, and with them this module, into the file
            checkpoint["plateau"] = {name: getattr(self.plateau, name) for name in PLATEAU_STATE}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self._stopped, self._plateau = checkpoint["stopped"], checkpoint.get("plateau", {})

    def on_fit_start(self) -> None:
        self.trainer.should_stop = self._stopped
        if self.plateau is not None:
            vars(self.plateau).update(self._plateau)

    def _add(self, name: str, value: Tensor, count: int) -> None:
        self.totals[name] = self.totals.get(name, 0.0) + value
        self.counts[name] = self.counts.get(name, 0) + count

    def _mean(self, name: str) -> Tensor | float:
        return self.totals.pop(name) / self.counts.pop(name)
