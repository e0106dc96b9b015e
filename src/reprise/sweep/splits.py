"""Networks that learn handwritten digits, each seed from its own split: training images, test images, wrong labels.

Seeds then vary in everything that chance decides. Two splits of the same images have some in common;
``reprise.overlap`` widens intervals by that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from reprise.data.handwritten import Handwritten
from reprise.sweep.networks import grid
from reprise.sweep.stacked import Stack, train_stacked
from reprise.sweep.work import Work

CLASSES = 10
DRAWN = 192  # what splits, orders and wrong labels are drawn from, with the seed
TEST_BATCH = 200


@dataclass(frozen=True)
class Parts:
    """Images, and which of them each seed learns and is tested on.

    Attributes:
        inputs: (n, pixels) float32 in [0, 1].
        labels: (n,) true ones.
        taught: (n,) those that are trained with.
        train, test: (seeds, ...) positions.
    """

    inputs: np.ndarray
    labels: np.ndarray
    taught: np.ndarray
    train: np.ndarray
    test: np.ndarray

    def work(
        self, build: Callable[[], nn.Module], batch: int, steps: int, readings: tuple[int, ...] | None = None
    ) -> Own:
        """What networks of one architecture train with; read at the end alone where nothing else is said."""
        examples = (torch.from_numpy(self.inputs), torch.from_numpy(self.taught))
        return Own(build, examples, None, batch, steps, readings or (steps,), images=self.train)


@dataclass(frozen=True)
class Own(Work):
    """Every seed draws its batches from its own training images.

    Attributes:
        images: (seeds, examples) positions of them.
    """

    images: np.ndarray = field(default_factory=lambda: np.empty((0, 0), dtype=np.int64))

    @property
    def per_epoch(self) -> int:
        return max(1, self.images.shape[1] // self.batch_size)

    def order(self, seed: int, epoch: int) -> np.ndarray:
        drawn = np.random.default_rng([DRAWN, seed, epoch]).permutation(self.images.shape[1])
        return self.images[seed][drawn[: self.per_epoch * self.batch_size]].reshape(self.per_epoch, self.batch_size)


def split(seed: int, examples: int, tested: int, of: int) -> tuple[np.ndarray, np.ndarray]:
    """Training and test positions of one seed among ``of`` images; fewer training images are the first of more.

    Raises:
        ValueError: there are not so many images.
    """
    if examples + tested > of:
        raise ValueError(f"{examples} training and {tested} test images are asked for, {of} are there; lower learning")
    order = np.random.default_rng([DRAWN, seed]).permutation(of)
    return order[tested : tested + examples], order[:tested]


def parted(images: Handwritten, seeds: int, examples: int, tested: int, noise: float = 0.0) -> Parts:
    """A split a seed; of all images a share ``noise`` has its label drawn anew in training, a tenth of which stay.

    Raises:
        ValueError: there are not so many images.
    """
    labels, rng = images.labels, np.random.default_rng(DRAWN)
    drawn = rng.random(len(labels)) < noise
    taught = np.where(drawn, rng.integers(CLASSES, size=len(labels)), labels)
    pairs = [split(seed, examples, tested, len(labels)) for seed in range(seeds)]
    return Parts(images.inputs, labels, taught, *(np.stack(each) for each in zip(*pairs, strict=True)))


@torch.inference_mode()
def accuracies(stack: Stack, parts: Parts, part: Literal["train", "test"]) -> np.ndarray:
    """(networks,) accuracy of each on its own images: ``train`` with the taught labels, ``test`` with the true ones."""
    if not len(stack):
        return np.empty(0)
    taught = parts.taught if part == "train" else parts.labels
    inputs, labels = torch.from_numpy(parts.inputs), torch.from_numpy(taught)
    own = torch.from_numpy(getattr(parts, part))[[network.seed for network in stack.networks]]
    correct = torch.zeros(len(stack))

    def right(parameters: dict[str, Tensor], buffers: dict[str, Tensor], x: Tensor, y: Tensor) -> Tensor:
        return (functional_call(stack.model, {**parameters, **buffers}, (x,)).argmax(dim=-1) == y).sum()

    stack.model.eval()
    for places in own.split(TEST_BATCH, dim=1):
        correct += vmap(right)(stack.parameters, stack.buffers, inputs[places], labels[places])
    stack.model.train()
    return (correct / own.shape[1]).double().numpy()


def by_rate(
    build: Callable[[], nn.Module], parts: Parts, rates: Sequence[float], batch: int, steps: int
) -> dict[str, np.ndarray]:
    """Plain gradient descent at every rate with every seed, one row a network.

    Returns:
        ``learning_rate``, ``seed``, training ``loss`` over the last tenth of the steps, ``test_accuracy`` on the seed's
        own test images, and the step at which it ``diverged``, or 0; what diverged has neither loss nor accuracy.
    """
    networks = grid(["sgd"], rates, range(len(parts.train)))
    readings = tuple(round(steps * (tenth + 1) / 10) for tenth in range(10))
    curves, stack = train_stacked(parts.work(build, batch, steps, readings), networks)
    found = dict(zip(stack.networks, accuracies(stack, parts, "test"), strict=True))
    return {
        "learning_rate": np.array([network.learning_rate for network in networks]),
        "seed": np.array([network.seed for network in networks]),
        "loss": np.array([curve.loss[-1] for curve in curves]),
        "test_accuracy": np.array([found.get(network, np.nan) for network in networks]),
        "diverged": np.array([curve.diverged for curve in curves]),
    }
