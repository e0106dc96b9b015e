"""Networks that learn handwritten digits: with few images or many, small or large, with dropout or not.

Every seed has its own split and its own first weights, and cells that differ in dropout alone share both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from torch import nn

from reprise.data.handwritten import Handwritten
from reprise.studies.thinned.settings import Learning
from reprise.sweep import Network
from reprise.sweep.splits import CLASSES, Parts, accuracies, parted
from reprise.sweep.stacked import Stack, train_stacked


@dataclass(frozen=True)
class Cell:
    """One kind of network.

    Attributes:
        examples: training images.
        hidden: units of each hidden layer.
        noise: share of training labels drawn anew.
        dropout: of hidden units.
        long: whether it learns until wrong labels are fitted too.
    """

    examples: int
    hidden: tuple[int, ...]
    noise: float = 0.0
    dropout: float = 0.0
    long: bool = False


def cells(config: Learning) -> dict[str, Cell]:
    """What is trained, by name."""
    large, small, share = (config.large,), (config.small,), config.dropout
    return {
        "few": Cell(config.few, large),
        "few_dropped": Cell(config.few, large, dropout=share),
        "many": Cell(config.many, large),
        "many_dropped": Cell(config.many, large, dropout=share),
        "noisy_small": Cell(config.many, small, config.noise, long=True),
        "noisy_large": Cell(config.many, large, config.noise, long=True),
        "noisy_dropped": Cell(config.many, large, config.noise, share, long=True),
        "ensemble": Cell(config.many, (config.ensemble, config.ensemble), dropout=config.thinned, long=True),
    }


@dataclass(frozen=True)
class Trained:
    """Networks of one cell, one a seed.

    Attributes:
        layers: weight (seeds, out, in) and bias (seeds, out) of each layer.
        parts: images, labels, and each seed's split.
        accuracy: (seeds,) by ``train`` (labels that were taught) and ``test`` (true ones); dropout is off.
        rise: (seeds,) of the training accuracy over the last tenth of the steps.
    """

    layers: list[tuple[np.ndarray, np.ndarray]]
    parts: Parts
    accuracy: dict[str, np.ndarray]
    rise: np.ndarray

    def hidden(self, seed: int, index: np.ndarray) -> list[np.ndarray]:
        """Rectified activations of each hidden layer, (images, units)."""
        x, found = self.parts.inputs[index], []
        for weight, bias in self.layers[:-1]:
            x = np.maximum(x @ weight[seed].T + bias[seed], 0)
            found.append(x)
        return found

    def answers(self, seed: int, last: np.ndarray) -> np.ndarray:
        """Labels that the last layer gives for what the layer before it holds."""
        weight, bias = self.layers[-1]
        return (last @ weight[seed].T + bias[seed]).argmax(axis=1)


def train(config: Learning, cell: Cell, images: Handwritten) -> Trained:
    """Trains one network a seed, all of them at once."""
    parts = parted(images, config.seeds, cell.examples, config.tested, cell.noise)
    steps, fitted = config.fitted if cell.long else config.steps, []
    work = parts.work(build(cell, images.inputs.shape[1]), config.batch, steps, (steps - steps // 10, steps))
    networks = [Network("adam", config.rate, seed) for seed in range(config.seeds)]
    _, stack = train_stacked(work, networks, lambda _, stack: fitted.append(accuracies(stack, parts, "train")))
    accuracy = {"train": fitted[-1], "test": accuracies(stack, parts, "test")}
    return Trained(_layers(stack), parts, accuracy, fitted[-1] - fitted[0])


def build(cell: Cell, pixels: int) -> Callable[[], nn.Module]:
    """What makes a network of one cell."""

    def made() -> nn.Module:
        sizes, layers = (pixels, *cell.hidden), []
        for before, after in pairwise(sizes):
            layers += [nn.Linear(before, after), nn.ReLU(), nn.Dropout(cell.dropout)]
        return nn.Sequential(*layers, nn.Linear(sizes[-1], CLASSES))

    return made


def _layers(stack: Stack) -> list[tuple[np.ndarray, np.ndarray]]:
    arrays = [value.numpy() for value in stack.parameters.values()]
    return list(zip(arrays[::2], arrays[1::2], strict=True))
