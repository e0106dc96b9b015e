"""What the CIFAR-10 studies cost: images per second by the way a step is driven, and a rotated convolution's price.

    python benchmarks/cifar.py [--images 2000] [--width 32] [--batch 32] [--threads 2] [--time-to-accuracy 0.8]

The first table trains the mini-VGG with shifts and flips: a bare loop over slices, Lightning over the same slices (a
study's own path), on a GPU also with torch.compile and as a replayed CUDA graph. The second compares RotatedConv2d with
a plain convolution of rotations x filters maps, which is the same arithmetic. Rows are medians of repetitions that take
turns; the first of each is warm-up. ``--time-to-accuracy`` trains the baseline of params.yaml on prepared data and
prints the seconds and epochs until validation accuracy is reached.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from _turns import in_turns, seconds_of
from reprise.data import shapes
from reprise.data.batches import Batches, resident
from reprise.data.cifar import as_arrays
from reprise.data.parts import TrainingData
from reprise.layers import RotatedConv2d
from reprise.loop import precision_for
from reprise.settings import TrainingConfig
from reprise.studies.rotation import train as rotation
from reprise.studies.rotation.settings import SHAPES, RotationSettings
from reprise.training import train_seed
from reprise.workspace import Workspace


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--time-to-accuracy", type=float)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    name = torch.cuda.get_device_name() if device.type == "cuda" else f"CPU, {options.threads} threads"
    console = Console()
    if options.time_to_accuracy is not None:
        console.print(f"{name}: {time_to_accuracy(options.time_to_accuracy)}")
        return
    console.print(steps_table(options, device, name))
    console.print(layer_table(options, device, name))


def steps_table(options: argparse.Namespace, device: torch.device, name: str) -> Table:
    """Images per second of one epoch, by the way its steps are driven."""
    settings = RotationSettings(
        epochs=1, batch_size=options.batch, learning_rate=1e-3, width=options.width, translation=0.1, flip=True
    )
    images, labels, held_images, held_labels = shapes.generate(options.images, 100, 0)
    train = as_arrays(images, labels, np.arange(options.images))
    held = as_arrays(held_images, held_labels, np.arange(100))
    data = TrainingData(train, held, held)
    training = TrainingConfig(threads=options.threads)
    ways: dict[str, Callable[[], None]] = {
        "bare loop": Bare(settings, train, device),
        "study (Lightning over slices)": lambda: run_study(settings, data, training),
    }
    if device.type == "cuda":
        ways["bare loop, torch.compile"] = Bare(settings, train, device, compiled=True)
        ways["CUDA graph"] = Graphed(settings, train, device)
        ways["study, torch.compile"] = lambda: run_study(settings, data, training.model_copy(update={"compile": True}))
    seconds = in_turns({name: partial(seconds_of, way) for name, way in ways.items()}, options.repetitions)
    table = Table(title=f"mini-VGG, width {options.width}, batches of {options.batch}, {name}")
    for column in ("way", "images/s", "ms a step", "against the bare loop"):
        table.add_column(column, justify="left" if column == "way" else "right")
    steps = options.images // options.batch
    for way, taken in seconds.items():
        ratio = taken / seconds["bare loop"]
        table.add_row(way, f"{options.images / taken:,.0f}", f"{1000 * taken / steps:.2f}", f"{ratio:.2f} x")
    return table


def run_study(settings: RotationSettings, data: TrainingData, training: TrainingConfig) -> None:
    """One epoch on the study's path, with what comes before and after it (build, validation, prediction)."""
    train_seed(rotation, settings, data, 0, training)


class Bare:
    """One epoch by hand: the same batches, augmentation, loss and optimiser."""

    def __init__(self, settings, arrays, device, compiled: bool = False) -> None:
        torch.manual_seed(0)
        self.task = rotation.task(rotation.build(settings, SHAPES), settings, 0).to(device).train()
        if compiled:
            self.task.model.compile()
        self.optimizer = self.task.optimizer(self.task.model.parameters())
        self.bf16 = precision_for(TrainingConfig()) == "bf16-mixed"  # as the study's path chooses it
        self.batches = Batches(resident(arrays, device), settings.batch_size, 0, epoch=lambda: 0)
        self.device = device

    def step(self, batch) -> None:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            loss = self.task.loss(self.task.augment(batch))
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=False)

    def __call__(self) -> None:
        for batch in self.batches:
            self.step(batch)


class Graphed(Bare):
    """The same, recorded once as a CUDA graph and replayed on each batch."""

    def __init__(self, settings, arrays, device) -> None:
        super().__init__(settings, arrays, device)
        self.optimizer = torch.optim.Adam(self.task.model.parameters(), lr=settings.learning_rate, capturable=True)
        self.size = settings.batch_size
        self.held = {name: tensor.clone() for name, tensor in next(iter(self.batches)).items()}
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                self.step(self.held)
        torch.cuda.current_stream().wait_stream(side)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.step(self.held)

    def __call__(self) -> None:
        for batch in self.batches:
            if len(batch["label"]) < self.size:
                continue  # the graph has one shape
            for name, tensor in batch.items():
                self.held[name].copy_(tensor)
            self.graph.replay()


def layer_table(options: argparse.Namespace, device: torch.device, name: str) -> Table:
    """Forward and backward of each layer, beside a plain convolution that does the same arithmetic."""
    table = Table(title=f"3 x 3 convolutions of the mini-VGG, width {options.width}, {name}")
    for column in ("maps", "at", "rotations", "plain, ms", "rotated (max), ms", "ratio"):
        table.add_column(column, justify="right")
    width, total = options.width, {4: [0.0, 0.0], 8: [0.0, 0.0]}
    for inputs, outputs, side in ((3, width, 32), (width, width, 32), (width, 2 * width, 15), (2 * width,) * 2 + (15,)):
        images = torch.randn(options.batch, inputs, side, side, device=device)
        images = images.to(memory_format=torch.channels_last).requires_grad_(inputs != 3)  # images need no gradient
        for rotations in (4, 8):
            plain = torch.nn.Conv2d(inputs, rotations * outputs, 3, device=device).to(memory_format=torch.channels_last)
            rotated = RotatedConv2d(inputs, outputs, rotations).to(device)
            ways = {
                name: partial(seconds_of, partial(many, m, images))
                for name, m in (("plain", plain), ("rotated", rotated))
            }
            seconds = in_turns(ways, options.repetitions)
            plain_ms, rotated_ms = (1000 * seconds[way] / 10 for way in ("plain", "rotated"))
            maps, at = f"{inputs} to {outputs}", f"{side} x {side}"
            total[rotations] = [total[rotations][0] + plain_ms, total[rotations][1] + rotated_ms]
            ratio = f"{rotated_ms / plain_ms:.2f} x"
            table.add_row(maps, at, str(rotations), f"{plain_ms:.2f}", f"{rotated_ms:.2f}", ratio)
    for rotations, (plain_ms, rotated_ms) in total.items():
        ratio = f"{rotated_ms / plain_ms:.2f} x"
        table.add_row("all four", "", str(rotations), f"{plain_ms:.2f}", f"{rotated_ms:.2f}", ratio)
    return table


def many(layer: torch.nn.Module, images: torch.Tensor) -> None:
    """Ten times forward and backward."""
    for _ in range(10):
        layer(images).sum().backward()


def time_to_accuracy(goal: float) -> str:
    """Trains rotation's baseline, seed 0, on the prepared data; when was ``goal`` first reached on validation?"""
    space = Workspace("rotation")
    settings = space.config.variants["baseline"]
    data = rotation.data(space, settings, 0)
    start, reached, best = time.perf_counter(), [], [0.0]

    def listen(epoch: int, found: dict[str, float]) -> None:
        best.append(found["val_accuracy"])
        if found["val_accuracy"] >= goal and not reached:
            reached.append((epoch + 1, time.perf_counter() - start))

    train_seed(rotation, settings, data, 0, space.params.training, listener=listen)
    total = time.perf_counter() - start
    end = f"all {len(best) - 1} epochs {total:.1f} s, best {max(best):.4f}"
    if not reached:
        return f"validation accuracy {goal:g} was never reached; {end}"
    return f"validation accuracy {goal:g} after {reached[0][0]} epochs, {reached[0][1]:.1f} s; {end}"


if __name__ == "__main__":
    main()
