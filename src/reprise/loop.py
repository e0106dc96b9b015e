"""A task in Lightning's hands: sums on the device, one number an epoch, an own schedule, and what a killed run needs.

``self.log`` in every step costs a small network more than its backward pass; here a step adds to a running sum and the
epoch's end logs.
"""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Checkpoint, EarlyStopping
from pytorch_lightning.utilities.exceptions import MisconfigurationException
from torch import Tensor

from reprise import checkpoints
from reprise.data.batches import Batch, epoch_seed
from reprise.settings import Settings, TrainingConfig
from reprise.tasks.task import Sums, Task

Listener = Callable[[int, dict[str, float]], None]  # (epoch, metrics)
Weights = dict[str, Tensor]
PLATEAU_STATE = ("best", "num_bad_epochs", "cooldown_counter", "last_epoch")


class Loop(pl.LightningModule):
    """Trains a task for its settings' epochs.

    Args:
        task: what is trained.
        steps: batches of one epoch.
    """

    def __init__(self, task: Task, steps: int) -> None:
        super().__init__()
        self.task, self.steps = task, steps
        self.players = task.players()
        self.automatic_optimization = not self.players
        self.sums: dict[str, dict[str, tuple[Tensor | float, int]]] = {"train": {}, "validation": {}}
        self.plateau: torch.optim.lr_scheduler.ReduceLROnPlateau | None = None
        self._stopped, self._plateau = False, {}  # of a killed run

    def configure_optimizers(self) -> Any:
        task, settings = self.task, self.task.settings
        if self.players:
            return [task.optimizer(player.parameters()) for player in self.players.values()]
        optimizer = task.optimizer(task.model.parameters())
        if settings.plateau_patience is not None:
            self.plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
                optimizer,
                mode="min" if settings.better == "lower" else "max",
                factor=settings.plateau_factor,
                patience=settings.plateau_patience,
                min_lr=settings.least_learning_rate,
                threshold_mode="abs",  # as in the sources' Keras; "rel" takes a worse loss for a better one below zero
            )
        return optimizer

    def configure_callbacks(self) -> list[pl.Callback]:
        settings = self.task.settings
        if settings.early_stopping is None:
            return []
        mode = "min" if settings.better == "lower" else "max"
        return [EarlyStopping(settings.measure, patience=settings.early_stopping, mode=mode)]

    def transfer_batch_to_device(self, batch: Batch, device: torch.device, dataloader_idx: int) -> Batch:
        return batch  # it lives there

    def on_train_epoch_start(self) -> None:
        torch.manual_seed(epoch_seed(self.task.seed, self.current_epoch) ^ self.global_rank)

    def on_train_batch_start(self, batch: Batch, index: int) -> None:
        if self.plateau is None:  # from the step alone, so that a resumed run needs no schedule to be restored
            factor = self.task.rate(self.current_epoch + index / self.steps)
            for optimizer in self._optimizers():
                for group in optimizer.param_groups:
                    group["lr"] = group.setdefault("initial_lr", group["lr"]) * factor

    def training_step(self, batch: Batch, index: int) -> Tensor | None:
        batch = self.task.augment(batch)
        if self.players:
            self._step_in_turn(batch)
            return None
        loss = self.task.loss(batch)
        self._add("train", {"train_loss": (loss.detach(), 1)})
        return loss

    def _step_in_turn(self, batch: Batch) -> None:
        total = torch.zeros((), device=self.device)
        for (name, player), optimizer in zip(self.players.items(), self._optimizers(), strict=True):
            for other in self.players.values():
                other.requires_grad_(other is player)
            loss = self.task.loss_of(name, batch)
            optimizer.zero_grad()
            self.manual_backward(loss)
            if self.task.settings.clip is not None:
                self.configure_gradient_clipping(optimizer, self.task.settings.clip, "norm")
            optimizer.step()
            self._add("train", {f"train_loss_{name}": (loss.detach(), 1)})
            total = total + loss.detach()
        for player in self.players.values():
            player.requires_grad_(True)
        self._add("train", {"train_loss": (total, 1)})

    def configure_gradient_clipping(
        self, optimizer: Any, gradient_clip_val: Any = None, gradient_clip_algorithm: Any = None
    ) -> None:
        """Clips as Lightning does, but also what a fused optimizer is to step with bf16.

        Lightning refuses that with any mixed precision, since a fused optimizer undoes the scaling of gradients by
        itself, after they were clipped. With bf16 they are not scaled.

        Raises:
            ValueError: they are scaled, and the optimizer is fused.
        """
        fused = any(group.get("fused") for group in optimizer.param_groups)
        if gradient_clip_val is None or not fused or self.trainer.precision not in ("bf16-mixed", "16-mixed"):
            super().configure_gradient_clipping(optimizer, gradient_clip_val, gradient_clip_algorithm)
        elif self.trainer.precision == "bf16-mixed":
            each = [weight for group in optimizer.param_groups for weight in group["params"]]
            torch.nn.utils.clip_grad_norm_(each, gradient_clip_val)
        else:
            raise ValueError(
                "params.yaml: training: precision: 16-mixed scales gradients, which are not clipped then "
                f"(clip: {gradient_clip_val:g}); choose bf16-mixed or 32-true"
            )

    def validation_step(self, batch: Batch, index: int) -> None:
        self._add("validation", self.task.validate(batch))

    def on_validation_epoch_end(self) -> None:
        self._log_means("validation")

    def on_train_epoch_end(self) -> None:
        self._log_means("train")
        self.log("learning_rate", self._optimizers()[0].param_groups[0]["lr"])
        for name, value in self.task.measures().items():
            self.log(name, value)
        if self.plateau is not None:
            # here, and not through Lightning: it steps schedules after checkpoints are written, and a resumed run
            # would miss one step
            self.plateau.step(measured(self.task.settings, self.trainer.callback_metrics))

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

    def _optimizers(self) -> list[Any]:
        found = self.optimizers()
        return found if isinstance(found, list) else [found]

    def _add(self, part: str, sums: Sums) -> None:
        for name, (value, count) in sums.items():
            total, seen = self.sums[part].get(name, (0.0, 0))
            self.sums[part][name] = total + value, seen + count

    def _log_means(self, part: str) -> None:
        for name, (total, count) in self.sums[part].items():
            self.log(name, total / count, sync_dist=self.trainer.world_size > 1)
        self.sums[part] = {}


def measured(settings: Settings, metrics: Any) -> float:
    """The epoch's value of the measure that the settings name.

    Raises:
        ValueError: the task does not give it.
    """
    if settings.measure not in metrics:
        given = ", ".join(sorted(metrics))
        raise ValueError(f"measure: found {settings.measure!r}, but the task measures {given}; keeps: last needs none")
    return float(metrics[settings.measure])


class History(Checkpoint):
    """Keeps every epoch's metrics and the best weights, and saves after every epoch what a killed run needs.

    A ``Checkpoint`` callback runs after all others, so that what it saves is complete.
    """

    def __init__(self, folder: Path | None, listener: Listener | None = None) -> None:
        self.folder, self.listener = folder, listener
        self.rows: list[dict[str, float]] = []
        self.best, self.best_epoch = math.nan, -1
        self.best_weights: Weights = {}

    def on_train_epoch_end(self, trainer: pl.Trainer, loop: Loop) -> None:
        metrics = {name: float(value) for name, value in trainer.callback_metrics.items()}
        epoch, settings = trainer.current_epoch, loop.task.settings
        self.rows.append({"epoch": epoch, **metrics})
        if not math.isfinite(metrics["train_loss"]):
            raise ValueError(f"the loss is {metrics['train_loss']} in epoch {epoch}: lower the learning rate")
        if settings.keeps != "last":
            value = measured(settings, metrics)
            improved = value < self.best if settings.better == "lower" else value > self.best
            if math.isfinite(value) and (improved or self.best_epoch < 0):
                self.best, self.best_epoch, self.best_weights = value, epoch, weights_of(loop.task)
        if self.folder is not None and trainer.is_global_zero:
            checkpoints.save(self.folder, "last", ".ckpt", trainer.save_checkpoint)
        elif self.folder is not None:
            trainer.save_checkpoint(self.folder / "last")  # writes nothing: the first process waits there for all
        if self.listener is not None and trainer.is_global_zero:
            self.listener(epoch, metrics)

    def state_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("rows", "best", "best_epoch", "best_weights")}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        vars(self).update(state)


def weights_of(task: Task) -> Weights:
    """A copy of the network's weights on the CPU."""
    return {name: t.detach().to("cpu", copy=True) for name, t in task.model.state_dict().items()}


def precision_for(training: TrainingConfig) -> str:
    """``auto``: bf16 where the hardware multiplies it natively (GPUs from Ampere; CPUs with AVX512-BF16 or AMX)."""
    if training.precision != "auto":
        return training.precision
    if torch.cuda.is_available() and training.accelerator in ("auto", "gpu", "cuda"):
        native = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        native = torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
    return "bf16-mixed" if native else "32-true"


def trainer_for(
    settings: Settings, training: TrainingConfig, history: History, progress: bool, own: bool
) -> pl.Trainer:
    """Lightning's Trainer, quiet; ``own``: the task steps its optimizers itself, and clips there.

    Raises:
        ValueError: the machine has no such accelerator, or there is no such strategy.
    """
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    logging.getLogger("pytorch_lightning.utilities.rank_zero").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="pytorch_lightning")
    warnings.filterwarnings("ignore", module="lightning_fabric")
    try:
        return pl.Trainer(
            max_epochs=settings.epochs,
            accelerator=training.accelerator,
            devices=training.devices,
            strategy=training.strategy,
            precision=precision_for(training),
            callbacks=[history],
            logger=False,
            enable_checkpointing=True,
            enable_progress_bar=progress,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            use_distributed_sampler=False,  # Batches gives each process its share
            gradient_clip_val=None if own else settings.clip,
        )
    except (
        MisconfigurationException,
        ValueError,
        ImportError,
        RuntimeError,
    ) as error:  # a GPU where there is none, a strategy that does not exist
        raise ValueError(f"params.yaml: training: {' '.join(str(error).split())}") from None
