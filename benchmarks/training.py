"""What a training step costs, by the way data and logging go, and what bf16 with channels-last gains.

    python benchmarks/training.py [--steps 400] [--threads 2]

Three tables. The first times one epoch of a tiny network (a step is nearly all overhead): a bare loop over slices,
Lightning over the same slices (the project's way), Lightning with a DataLoader, and that with ``self.log`` in every
step. The second times a step of the ultrasound U-Net as the source has it (width 32, 160 x 160) in fp32 and in bf16
with channels-last, and what torch's own dropout adds to that. The third trains the U-Net of scale ``small`` to its end
in both precisions, from the same starts on the same generated frames, and compares the dice. Rows take turns; the first
of each is warm-up and left out.
"""

from __future__ import annotations

import argparse
import statistics
import time
from functools import partial

import numpy as np
import pytorch_lightning as pl
import torch
import torch.nn.functional as F
from rich.console import Console
from rich.table import Table
from torch.utils.data import DataLoader, TensorDataset

from _turns import in_turns, seconds_of
from reprise.data.batches import Batches, resident
from reprise.data.parts import TrainingData
from reprise.data.ultrasound import generate, resize
from reprise.loop import History, Loop, trainer_for
from reprise.metrics.segmentation import dice
from reprise.models.dropout import Dropout
from reprise.settings import Settings, TrainingConfig
from reprise.statistics import paired_effect
from reprise.studies.ultrasound import train as ultrasound
from reprise.studies.ultrasound.folds import parts
from reprise.studies.ultrasound.settings import UltrasoundSettings
from reprise.tasks.segment import Segment
from reprise.tasks.task import Task
from reprise.training import train_seed


class Tiny(Task):
    """A linear classifier: the arithmetic of a step is next to nothing."""

    def loss(self, batch):
        return F.cross_entropy(self.model(batch["image"]), batch["label"])


class Logged(Loop):
    """The loop with DataLoader's tuples and, where it is asked for, a log line in every step."""

    log_steps = False

    def training_step(self, batch, index):
        loss = super().training_step({"image": batch[0], "label": batch[1]}, index)
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

    def images(self, batch):
        return super().images(batch).contiguous(memory_format=torch.contiguous_format)


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
    loop = (Logged if loader else Loop)(Tiny(torch.nn.Linear(64, 10), settings), len(tensors["image"]) // 32)
    loop.log_steps = log_steps
    training = TrainingConfig(precision="32-true", accelerator="cpu")
    trainer = trainer_for(settings, training, History(None), progress=False, own=False)
    clock = Clock()
    trainer.callbacks.insert(0, clock)
    if loader:
        data = TensorDataset(tensors["image"], tensors["label"])
        train, validation = DataLoader(data, settings.batch_size, shuffle=True), DataLoader(data, 4096)
    else:
        train, validation = Batches(tensors, settings.batch_size, seed=0), Batches(tensors, 4096)
    trainer.fit(loop, train, validation)
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
    medians = {name: seconds * 1e3 for name, seconds in in_turns(ways, repetitions).items()}
    base = medians["bare loop over slices"]
    table = Table(title=f"One step, 32 x 64 linear classifier, {steps} steps, median of {repetitions}")
    for column in ("way", "ms a step", "above the bare loop, ms", "ratio"):
        table.add_column(column, justify="left" if column == "way" else "right")
    for name, value in medians.items():
        table.add_row(name, f"{value:.3f}", f"{value - base:+.3f}", f"{value / base:.2f}")
    console.print(table)


def settings_of(width: int, batch: int, dropout: float, epochs: int) -> UltrasoundSettings:
    """The ultrasound study's base, at a scale."""
    return UltrasoundSettings(
        epochs=epochs, batch_size=batch, learning_rate=1e-3, width=width, dropout=dropout, rotation=5,
        translation=0.0625, plateau_factor=0.25, plateau_patience=4,
    )  # fmt: skip


class Steps:
    """Training steps of the ultrasound network on random frames: the study's task, one precision, one layout."""

    def __init__(self, task: type[Segment], bf16: bool, width: int, side: int, batch: int, ours: bool = True) -> None:
        torch.manual_seed(0)
        settings = settings_of(width, batch, 0.5, 1)
        self.task, self.bf16 = task(ultrasound.build(settings, {"image": (side, side)}), settings, 0).train(), bf16
        for module in self.task.modules():
            if isinstance(module, Dropout) and not ours:
                module.__class__ = torch.nn.Dropout
        self.optimizer = self.task.optimizer(self.task.model.parameters())
        frames = torch.randint(0, 256, (2, batch, side, side), dtype=torch.uint8)
        self.batch = {"image": frames[0], "target": (frames[1] > 230).to(torch.uint8) * 255}

    def __call__(self) -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bf16):
            loss = self.task.loss(self.task.augment(self.batch))
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()


def speed(width: int, side: int, batch: int, repetitions: int, console: Console) -> None:
    """The second table."""
    ways = {
        "fp32": Steps(Contiguous, False, width, side, batch),
        "fp32, channels-last": Steps(Segment, False, width, side, batch),
        "bf16, channels-last (ours)": Steps(Segment, True, width, side, batch),
        "the same, torch's dropout": Steps(Segment, True, width, side, batch, ours=False),
    }
    medians = in_turns({way: partial(seconds_of, step) for way, step in ways.items()}, repetitions)
    table = Table(title=f"U-Net, width {width}, {side} x {side}, batch {batch}: one step, median of {repetitions}")
    for column in ("way", "ms a step", "images/s", "ratio"):
        table.add_column(column, justify="left" if column == "way" else "right")
    for way, median in medians.items():
        table.add_row(way, f"{median * 1e3:.0f}", f"{batch / median:.1f}", f"{medians['fp32'] / median:.2f}")
    console.print(table)


def agreement(epochs: int, seeds: int, console: Console) -> None:
    """The third table: scale ``small`` trained to its end both ways, from the same starts."""
    frames = generate(subjects=16, frames=36, seed=11)
    images, targets = resize(frames.images, 64), resize(frames.true_masks.astype(np.uint8) * 255, 64)
    part = parts(frames.subject, 0, 0, 5)
    data = TrainingData(
        *(
            {"image": images[part == p], "target": targets[part == p], "index": np.flatnonzero(part == p)}
            for p in (0, 1, 2)
        )
    )
    settings = settings_of(8, 8, 0.1, epochs)
    truth = data.test["target"] > 127
    scores: dict[str, list[np.ndarray]] = {"32-true": [], "bf16-mixed": []}
    seconds: dict[str, list[float]] = {"32-true": [], "bf16-mixed": []}
    for seed in range(seeds):
        for precision, found in scores.items():
            training = TrainingConfig(precision=precision, accelerator="cpu", threads=torch.get_num_threads())
            start = time.perf_counter()
            result = train_seed(ultrasound, settings, data, seed, training)
            seconds[precision].append(time.perf_counter() - start)
            found.append(dice(truth, result.predictions["test/probability"] > 0.5))
    table = Table(
        title=f"U-Net, width 8, 64 x 64, batch 8, {epochs} epochs of {len(data.train['index'])} generated frames"
    )
    for column in ("precision", "seconds, median", f"test dice by seed (n = {len(truth)} frames)"):
        table.add_column(column, justify="right" if column == "seconds, median" else "left")
    for precision, found in scores.items():
        by_seed = ", ".join(f"{score.mean():.3f}" for score in found)
        table.add_row(precision, f"{statistics.median(seconds[precision]):.1f}", by_seed)
    console.print(table)
    difference = np.subtract(scores["bf16-mixed"], scores["32-true"])
    effect = paired_effect(difference, frames.subject[part == 2])
    console.print(
        f"dice, bf16 minus fp32: {effect.value:+.4f} [{effect.low:+.4f}, {effect.high:+.4f}] (95 %, {seeds} seeds, "
        f"{effect.n} subjects)"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--width", type=int, default=32, help="of the U-Net whose step is timed")
    parser.add_argument("--side", type=int, default=160)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=20, help="of the U-Nets compared by dice; 0: none")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    console = Console()
    console.print(f"torch {torch.__version__}, Lightning {pl.__version__}, {arguments.threads} threads")
    overhead(arguments.steps, arguments.repetitions, console)
    speed(arguments.width, arguments.side, arguments.batch, arguments.repetitions, console)
    if arguments.epochs:
        agreement(arguments.epochs, arguments.seeds, console)
