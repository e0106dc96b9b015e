"""Networks that learn handwritten digits: with few images or many, small or large, with dropout or not.

Every seed has its own split and its own first weights, and cells that differ in dropout alone share both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import torch
from torch import nn

from reprise.data.handwritten import Handwritten
from reprise.studies.thinned.settings import Learning
from reprise.sweep import Network
from reprise.sweep.stacked import Stack, train_stacked
from reprise.sweep.work import Work

CLASSES = 10


@dataclass(frozen=True)
class Cell:
    """One kind of network.

    Attributes:
        examples: training images.
        hidden: units of each hidden layer.
        noise: share of training labels drawn anew.
        dropout: of hidden units.
    """

    examples: int
    hidden: tuple[int, ...]
    noise: float = 0.0
    dropout: float = 0.0


def cells(config: Learning) -> dict[str, Cell]:
    """What is trained, by name."""
    large, small, share = (config.large,), (config.small,), config.dropout
    return {
        "few": Cell(config.few, large),
        "few_dropped": Cell(config.few, large, dropout=share),
        "many": Cell(config.many, large),
        "many_dropped": Cell(config.many, large, dropout=share),
        "noisy_small": Cell(config.many, small, config.noise),
        "noisy_large": Cell(config.many, large, config.noise),
        "noisy_dropped": Cell(config.many, large, config.noise, share),
        "ensemble": Cell(config.many, (config.ensemble, config.ensemble), dropout=share),
    }


@dataclass(frozen=True)
class Own(Work):
    """Every seed draws its batches from its own training images.

    Attributes:
        images: (seeds, examples) positions of them.
    """

    images: dict[int, np.ndarray] = field(default_factory=dict)

    @property
    def per_epoch(self) -> int:
        return max(1, len(next(iter(self.images.values()))) // self.batch_size)

    def order(self, seed: int, epoch: int) -> np.ndarray:
        rng = np.random.default_rng([192, seed, epoch])
        return self.images[seed][rng.permutation(len(self.images[seed]))][: self.per_epoch * self.batch_size].reshape(
            self.per_epoch, self.batch_size
        )


@dataclass(frozen=True)
class Trained:
    """Networks of one cell, one a seed.

    Attributes:
        layers: weight (seeds, out, in) and bias (seeds, out) of each layer.
        inputs, labels: all images (n, pixels) in [0, 1], and their true labels.
        taught: (n,) labels that were trained with.
        train, test: (seeds, ...) positions.
    """

    layers: list[tuple[np.ndarray, np.ndarray]]
    inputs: np.ndarray
    labels: np.ndarray
    taught: np.ndarray
    train: np.ndarray
    test: np.ndarray

    def hidden(self, seed: int, index: np.ndarray) -> list[np.ndarray]:
        """Rectified activations of each hidden layer, (images, units)."""
        x, found = self.inputs[index], []
        for weight, bias in self.layers[:-1]:
            x = np.maximum(x @ weight[seed].T + bias[seed], 0)
            found.append(x)
        return found

    def answers(self, seed: int, last: np.ndarray) -> np.ndarray:
        """Labels that the last layer gives for what the layer before it holds."""
        weight, bias = self.layers[-1]
        return (last @ weight[seed].T + bias[seed]).argmax(axis=1)

    def accuracy(self, seed: int, part: str) -> float:
        """On ``train``, with the labels that were taught, or on ``test`` with the true ones; dropout is off."""
        index = getattr(self, part)[seed]
        truth = (self.taught if part == "train" else self.labels)[index]
        return float((self.answers(seed, self.hidden(seed, index)[-1]) == truth).mean())


def split(seed: int, examples: int, tested: int, of: int) -> tuple[np.ndarray, np.ndarray]:
    """Training and test positions of one seed among ``of`` images; fewer training images are the first of more.

    Raises:
        ValueError: there are not so many images.
    """
    if examples + tested > of:
        raise ValueError(f"{examples} training and {tested} test images are asked for, {of} are there; lower learning")
    order = np.random.default_rng([192, seed]).permutation(of)
    return order[tested : tested + examples], order[:tested]


def train(config: Learning, cell: Cell, images: Handwritten) -> Trained:
    """Trains one network a seed, all of them at once."""
    inputs, labels = images.inputs, images.labels
    rng = np.random.default_rng(192)
    drawn = rng.random(len(labels)) < cell.noise
    taught = np.where(drawn, rng.integers(CLASSES, size=len(labels)), labels)
    parts = [split(seed, cell.examples, config.tested, len(labels)) for seed in range(config.seeds)]
    work = Own(
        _build(cell, inputs.shape[1]),
        (torch.from_numpy(inputs), torch.from_numpy(taught)),
        None,
        config.batch,
        config.steps,
        (config.steps,),
        images={seed: part[0] for seed, part in enumerate(parts)},
    )
    _, stack = train_stacked(work, [Network("adam", config.rate, seed) for seed in range(config.seeds)])
    return Trained(_layers(stack), inputs, labels, taught, *(np.stack(each) for each in zip(*parts, strict=True)))


def _build(cell: Cell, pixels: int) -> Callable[[], nn.Module]:
    def build() -> nn.Module:
        sizes, layers = (pixels, *cell.hidden), []
        for before, after in pairwise(sizes):
            layers += [nn.Linear(before, after), nn.ReLU(), nn.Dropout(cell.dropout)]
        return nn.Sequential(*layers, nn.Linear(sizes[-1], CLASSES))

    return build


def _layers(stack: Stack) -> list[tuple[np.ndarray, np.ndarray]]:
    arrays = [value.numpy() for value in stack.parameters.values()]
    return list(zip(arrays[::2], arrays[1::2], strict=True))
