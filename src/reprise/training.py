"""Trains every seed of one variant in one process, resumes what was killed, writes predictions.

A study's module gives its ``Config`` and three functions: ``data(workspace, settings, seed)``, ``build(settings, shape,
structure)`` and ``task(model, settings, seed)``; where more than predictions is wanted of a trained network, a fourth,
``after(task, data, predict)``, returns further arrays. What lies in the output folder afterwards is the same, bit for
bit, whether the run was killed on the way or not (same machine, CPU); a finished seed is never trained twice.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Checkpoint
from safetensors.torch import load_file, save_file

from reprise.config import Settings, TrainingConfig
from reprise.data.batches import Batches, epoch_seed, resident
from reprise.files import read_json, read_npz, replacing, write_json, write_npz, write_text
from reprise.tasks.task import Task

Arrays = dict[str, np.ndarray]
Listener = Callable[[int, dict[str, float]], None]  # (epoch, metrics)


@dataclass(frozen=True)
class TrainingData:
    """Arrays by name with the examples along the first axis; ``index`` (n,) points into the prepared file.

    Attributes:
        train, validation, test: the three parts.
        probes: further parts that are only predicted, by name (rotated test images, say).
        structure: what ``build`` needs to know beyond the settings (which connections a pruned network keeps).
    """

    train: Arrays
    validation: Arrays
    test: Arrays
    probes: dict[str, Arrays] = field(default_factory=dict)
    structure: Any = None

    @property
    def predicted(self) -> dict[str, Arrays]:
        """The parts that a trained network predicts."""
        return {"validation": self.validation, "test": self.test, **self.probes}

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one input."""
        return self.train["image"].shape[1:]

    def digest(self) -> str:
        """Changes when any value of any array changes."""
        digest = hashlib.blake2b(digest_size=16)
        digest.update(repr(self.structure).encode())
        for part in (self.train, *self.predicted.values()):
            for name, array in sorted(part.items()):
                digest.update(f"{name}{array.dtype}{array.shape}".encode())
                digest.update(np.ascontiguousarray(array).view(np.uint8).data)
        return digest.hexdigest()


@dataclass
class Result:
    """What one seed ends with."""

    weights: dict[str, torch.Tensor]
    predictions: Arrays
    history: list[dict[str, float]]
    best_epoch: int


def precision_for(training: TrainingConfig) -> str:
    """``auto``: bf16 where the hardware multiplies it natively (GPUs from Ampere; CPUs with AVX512-BF16 or AMX)."""
    if training.precision != "auto":
        return training.precision
    if torch.cuda.is_available() and training.accelerator in ("auto", "gpu", "cuda"):
        native = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        native = torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
    return "bf16-mixed" if native else "32-true"


class History(Checkpoint):
    """Keeps the epoch metrics and the best weights, and saves after every epoch what a killed run needs.

    A ``Checkpoint`` callback runs after all others, so that what it saves is complete. The file is replaced in one
    step: a kill while it is written leaves the one before.
    """

    def __init__(self, path: Path | None, listener: Listener | None = None) -> None:
        self.path, self.listener = path, listener
        self.rows: list[dict[str, float]] = []
        self.best_loss, self.best_epoch, self.best_weights = float("inf"), -1, {}

    def on_train_epoch_end(self, trainer: pl.Trainer, task: Task) -> None:
        metrics = {name: float(value) for name, value in trainer.callback_metrics.items()}
        epoch = trainer.current_epoch
        self.rows.append({"epoch": epoch, **metrics})
        if not np.isfinite(metrics["train_loss"]):
            raise ValueError(f"the loss is {metrics['train_loss']} in epoch {epoch}: lower the learning rate")
        if metrics["val_loss"] < self.best_loss:
            self.best_loss, self.best_epoch = metrics["val_loss"], epoch
            self.best_weights = {name: t.detach().to("cpu", copy=True) for name, t in task.model.state_dict().items()}
        if self.path is not None and trainer.is_global_zero:
            with replacing(self.path) as temporary:
                trainer.save_checkpoint(temporary)
        if self.listener is not None and trainer.is_global_zero:
            self.listener(epoch, metrics)

    def state_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("rows", "best_loss", "best_epoch", "best_weights")}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        vars(self).update(state)


def train_seed(
    study: Any,
    settings: Settings,
    data: TrainingData,
    seed: int,
    training: TrainingConfig,
    folder: Path | None = None,
    listener: Listener | None = None,
    progress: bool = False,
) -> Result:
    """Trains one network and predicts validation and test with its best weights.

    Args:
        study: module with ``build`` and ``task``.
        settings: of the variant.
        data: arrays of the three parts.
        seed: initial weights, order, dropout and augmentation all come from it.
        training: device, precision and strategy.
        folder: where to resume from and to save to; None trains without saving.
        listener: called after every epoch.
        progress: shows Lightning's bar.

    Raises:
        ValueError: the loss became infinite or NaN.
    """
    last = folder / "last.ckpt" if folder else None
    torch.manual_seed(epoch_seed(seed, 2**31))
    task: Task = study.task(study.build(settings, data.shape, data.structure), settings, seed)
    history = History(last, listener)
    trainer = _trainer(settings, training, history, progress)
    device = trainer.strategy.root_device
    ranks = {"rank": trainer.global_rank, "world": trainer.world_size}
    train = Batches(
        resident(data.train, device), settings.batch_size, seed, epoch=lambda: trainer.current_epoch, **ranks
    )
    size = max(4 * settings.batch_size, 256)
    validation = Batches(resident(data.validation, device), size)
    if training.compile:
        task.model.compile()
    resume = str(last) if last is not None and last.is_file() else None
    trainer.fit(task, train, validation, ckpt_path=resume, weights_only=False)  # our own file, written above
    task.model.load_state_dict(history.best_weights)

    def predict(module: Task, arrays: Arrays) -> Arrays:
        return _predict(module, Batches(resident(arrays, device), size), device)

    predictions = {
        f"{part}/{name}": array
        for part, arrays in data.predicted.items()
        for name, array in predict(task, arrays).items()
    }
    if hasattr(study, "after"):
        predictions |= study.after(task, data, predict)
    return Result(history.best_weights, predictions, history.rows, history.best_epoch)


def train_variant(
    study: Any,
    settings: Settings,
    seeds: int,
    load: Callable[[int], TrainingData],
    training: TrainingConfig,
    out: Path,
    checkpoints: Path,
    listener: Callable[[int], Listener] | None = None,
    progress: bool = False,
    code: str = "",
) -> None:
    """Trains ``seeds`` networks and writes weights, predictions.npz, history.csv and run.json to ``out``.

    Args:
        load: seed -> data.
        checkpoints: folder for what a killed run needs; emptied when all is done.
        listener: seed -> what to call after every epoch of that seed.
        code: digest of the code; a checkpoint of other code, settings or data is not resumed.
    """
    torch.set_num_threads(training.threads)
    torch.use_deterministic_algorithms(True, warn_only=True)
    results = []
    key = None
    for seed in range(seeds):
        data = load(seed)
        stamp = [settings.model_dump(mode="json"), training.model_dump(mode="json"), data.digest(), code]
        key = hashlib.blake2b(json.dumps(stamp, sort_keys=True).encode(), digest_size=8).hexdigest()
        folder = checkpoints / f"seed-{seed}-{key}"
        if not (folder / "done.json").is_file():
            folder.mkdir(parents=True, exist_ok=True)
            result = train_seed(
                study, settings, data, seed, training, folder, listener(seed) if listener else None, progress
            )
            _save(result, folder)
        results.append(_load(folder))
    _write(results, data, out, training, settings)
    shutil.rmtree(checkpoints, ignore_errors=True)


def _trainer(settings: Settings, training: TrainingConfig, history: History, progress: bool) -> pl.Trainer:
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    logging.getLogger("pytorch_lightning.utilities.rank_zero").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="pytorch_lightning")
    warnings.filterwarnings("ignore", module="lightning_fabric")
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
        gradient_clip_val=getattr(settings, "clip", None),
    )


def _predict(task: Task, batches: Batches, device: torch.device) -> Arrays:
    """In float32 whatever trained: logits of eight bits tie, and a tie goes to the lower class."""
    task.to(device).eval()
    collected: dict[str, list[np.ndarray]] = {}
    with torch.inference_mode():
        for batch in batches:
            for name, tensor in task.predict(batch).items():
                collected.setdefault(name, []).append(tensor.cpu().numpy())
    return {name: np.concatenate(parts) for name, parts in collected.items()}


def _save(result: Result, folder: Path) -> None:
    with replacing(folder / "weights.safetensors") as temporary:
        save_file({name: t.contiguous() for name, t in result.weights.items()}, temporary)
    write_npz(folder / "predictions.npz", **result.predictions)
    write_json(folder / "done.json", {"history": result.history, "best_epoch": result.best_epoch})
    (folder / "last.ckpt").unlink(missing_ok=True)


def _load(folder: Path) -> Result:
    done = read_json(folder / "done.json")
    with read_npz(folder / "predictions.npz") as archive:
        predictions = {name: archive[name] for name in archive.files}
    return Result(load_file(folder / "weights.safetensors"), predictions, done["history"], done["best_epoch"])


def _write(results: list[Result], data: TrainingData, out: Path, training: TrainingConfig, settings: Settings) -> None:
    arrays = {name: np.stack([result.predictions[name] for result in results]) for name in results[0].predictions}
    for part, content in {"train": data.train, **data.predicted}.items():
        arrays[f"{part}/index"] = content["index"]
    weights = {f"seed{i}/{name}": t.contiguous() for i, r in enumerate(results) for name, t in r.weights.items()}
    columns = sorted({name for result in results for row in result.history for name in row} - {"epoch"})
    lines = [",".join(["seed", "epoch", *columns])]
    for seed, result in enumerate(results):
        for row in result.history:
            lines.append(",".join([str(seed), f"{row['epoch']:.0f}", *(f"{row[name]:.7g}" for name in columns)]))
    write_npz(out / "predictions.npz", **arrays)
    with replacing(out / "weights.safetensors") as temporary:
        save_file(weights, temporary)
    write_text(out / "history.csv", "\n".join(lines) + "\n")
    parameters = [
        sum(t.numel() for name, t in result.weights.items() if "running_" not in name and "num_b" not in name)
        for result in results
    ]
    write_json(
        out / "run.json",
        {
            "parameters": round(np.mean(parameters)),  # pruned networks differ from seed to seed
            "best_epoch": [result.best_epoch for result in results],
            "epochs": [len(result.history) for result in results],
            "examples": {part: len(getattr(data, part)["index"]) for part in ("train", "validation", "test")},
            "precision": precision_for(training),
            "settings": settings.model_dump(mode="json"),
        },
    )
