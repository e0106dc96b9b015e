"""What a training step costs, by the way data and logging go, and what bf16 with channels-last gains.

    python benchmarks/training.py [--steps 400] [--threads 2]

Two tables. The first times one epoch of a tiny network (a step is nearly all overhead): a bare loop over slices,
Lightning over the same slices (the project's way), Lightning with a DataLoader, and that with ``self.log`` in every
step. The second trains the ultrasound U-Net in fp32 and in bf16 with channels-last on the same generated frames, and
shows the dice of both. Each row is the median of repetitions that take turns; the first is warm-up and left out.
"""

from __future__ import annotations

import argparse
import statistics
import time
from types import SimpleNamespace

import numpy as np
import pytorch_lightning as pl
import torch
import torch.nn.functional as F
from rich.console import Console
from rich.table import Table
from torch.utils.data import DataLoader, TensorDataset

from reprise.config import Settings, TrainingConfig
from reprise.data.batches import Batches, resident
from reprise.data.ultrasound import generate, resize, split_by_subject
from reprise.metrics.segmentation import dice
from reprise.models.unet import UNet
from reprise.studies.ultrasound import UltrasoundSettings
from reprise.tasks.segment import Segment
from reprise.tasks.task import Task
from reprise.training import History, TrainingData, _trainer, train_seed


class Tiny(Task):
    """A linear classifier: the arithmetic of a step is next to nothing."""

    def loss(self, batch):
        return F.cross_entropy(self.model(batch["image"]), batch["label"])


class Logged(Tiny):
    """The same, with a log line in every step and DataLoader's tuples."""

    def training_step(self, batch, index):
        loss = self.loss({"image": batch[0], "label": batch[1]})
        self._add("train_loss", loss.detach(), 1)
        if self.log_steps:
            self.log("step_loss", loss)
        return loss

    def validation_step(self, batch, index):
        super().validation_step({"image": batch[0], "label": batch[1]}, index)


class Contiguous(Segment):
    """Segmentation with PyTorch's default memory layout."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.model.to(memory_format=torch.contiguous_format)

    def _images(self, batch):
        return super()._images(batch).contiguous(memory_format=torch.contiguous_format)


def bare(tensors, settings) -> float:
    """Seconds a step of plain PyTorch over slices."""
    torch.manual_seed(0)
    model = torch.nn.Linear(64, 10)
    optimizer = torch.optim.Adam(model.parameters(), lr=settings.learning_rate)
    batches = Batches(tensors, settings.batch_size, seed=0)
    start = time.perf_counter()
    for batch in batches:
        optimizer.zero_grad()
        F.cross_entropy(model(batch["image"]), batch["label"]).backward()
        optimizer.step()
    return (time.perf_counter() - start) / len(batches)


class Clock(pl.Callback):
    """Times the training epoch alone: no set-up, no validation."""

    def on_train_epoch_start(self, trainer, module):
        self.start = time.perf_counter()

    def on_train_batch_end(self, trainer, module, outputs, batch, index):
        self.seconds = (time.perf_counter() - self.start) / (index + 1)


def lightning(tensors, settings, loader: bool, log_steps: bool) -> float:
    """Seconds a step under Lightning."""
    torch.manual_seed(0)
    task = (Logged if loader else Tiny)(torch.nn.Linear(64, 10), settings)
    task.log_steps = log_steps
    trainer = _trainer(settings, TrainingConfig(precision="32-true", accelerator="cpu"), History(None), False)
    clock = Clock()
    trainer.callbacks.insert(0, clock)
    if loader:
        data = TensorDataset(tensors["image"], tensors["label"])
        train, validation = DataLoader(data, settings.batch_size, shuffle=True), DataLoader(data, 4096)
    else:
        train, validation = Batches(tensors, settings.batch_size, seed=0), Batches(tensors, 4096)
    trainer.fit(task, train, validation)
    return clock.seconds


def overhead(steps: int, repetitions: int, console: Console) -> None:
    """The first table."""
    rng = np.random.default_rng(0)
    settings = Settings(epochs=1, batch_size=32, learning_rate=1e-3)
    arrays = {"image": rng.normal(size=(steps * 32, 64)).astype(np.float32), "label": rng.integers(0, 10, steps * 32)}
    tensors = resident(arrays, "cpu")
    ways = {
        "bare loop over slices": lambda: bare(tensors, settings),
        "Lightning over slices (ours)": lambda: lightning(tensors, settings, loader=False, log_steps=False),
        "Lightning, DataLoader": lambda: lightning(tensors, settings, loader=True, log_steps=False),
        "Lightning, DataLoader, self.log": lambda: lightning(tensors, settings, loader=True, log_steps=True),
    }
    times = {name: [] for name in ways}
    for _ in range(repetitions + 1):
        for name, way in ways.items():
            times[name].append(way() * 1e3)
    medians = {name: statistics.median(values[1:]) for name, values in times.items()}
    base = medians["bare loop over slices"]
    table = Table(title=f"One step, 32 x 64 linear classifier, {steps} steps, median of {repetitions}")
    for column in ("way", "ms a step", "above the bare loop, ms", "ratio"):
        table.add_column(column, justify="left" if column == "way" else "right")
    for name, value in medians.items():
        table.add_row(name, f"{value:.3f}", f"{value - base:+.3f}", f"{value / base:.2f}")
    console.print(table)


def unet(epochs: int, seeds: int, console: Console) -> None:
    """The second table."""
    frames = generate(subjects=10, frames=24, seed=11)
    images, targets = resize(frames.images, 64), resize(frames.true_masks.astype(np.uint8) * 255, 64)
    part = split_by_subject(frames.subject, 0)
    data = TrainingData(
        *(
            {
                "image": images[part == p],
                "target": targets[part == p],
                "has_mask": (targets[part == p] > 127).any((1, 2)).astype(np.uint8),
                "index": np.flatnonzero(part == p),
            }
            for p in (0, 1, 2)
        )
    )
    settings = UltrasoundSettings(
        epochs=epochs, batch_size=16, learning_rate=1e-3, width=16, dropout=0.1, has_mask=True, rotation=5,
        translation=0.0625, plateau_factor=0.25, plateau_patience=4,
    )  # fmt: skip

    def build(settings, shape, structure):
        return UNet(1, 1, settings.width, padding="same", norm=True, activation="elu", dropout=settings.dropout,
                    down="stride", up="nearest", first_kernel=7, head_size=shape[-1] // 16)  # fmt: skip

    ways = {
        "fp32": ("32-true", Contiguous),
        "fp32, channels-last": ("32-true", Segment),
        "bf16, channels-last (ours)": ("bf16-mixed", Segment),
    }
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    scores: dict[str, list[float]] = {way: [] for way in ways}
    truth = data.test["target"] > 127
    for seed in range(seeds):
        for way, (precision, task) in ways.items():
            study = SimpleNamespace(build=build, task=task)
            training = TrainingConfig(precision=precision, accelerator="cpu", threads=torch.get_num_threads())
            start = time.perf_counter()
            result = train_seed(study, settings, data, seed, training)
            seconds[way].append(time.perf_counter() - start)
            scores[way].append(float(dice(truth, result.predictions["test/probability"] > 0.5).mean()))
    table = Table(
        title=f"U-Net, width 16, 64 x 64, batch 16, {epochs} epochs of {len(data.train['index'])} generated frames, "
        f"{seeds} seeds taking turns"
    )
    for column in ("way", "seconds, median", "ratio", f"test dice by seed (n = {len(truth)})"):
        table.add_column(column, justify="left" if column == "way" else "right")
    slow = statistics.median(seconds["fp32"])
    for way in ways:
        median = statistics.median(seconds[way])
        table.add_row(way, f"{median:.1f}", f"{slow / median:.2f}", ", ".join(f"{s:.3f}" for s in scores[way]))
    console.print(table)
    difference = np.subtract(scores["bf16, channels-last (ours)"], scores["fp32"])
    low, high = difference.min(), difference.max()
    console.print(f"dice, bf16 minus fp32: {difference.mean():+.4f} (seeds from {low:+.4f} to {high:+.4f})")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    console = Console()
    console.print(f"torch {torch.__version__}, Lightning {pl.__version__}, {arguments.threads} threads")
    overhead(arguments.steps, arguments.repetitions, console)
    unet(arguments.epochs, arguments.seeds, console)
