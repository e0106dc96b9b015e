"""Which networks a sweep trains, and what one of them gives."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from reprise.registry import nearest
from reprise.sweep.rules import RULES


@dataclass(frozen=True)
class Network:
    """One network of a sweep.

    Attributes:
        optimizer: a key of ``reprise.sweep.rules.RULES``.
        learning_rate: above 0.
        seed: of the first weights, the order of the examples and the dropout masks.
        dropout: probability of being dropped, for every dropout layer; None leaves the layers' own.
    """

    optimizer: str
    learning_rate: float
    seed: int = 0
    dropout: float | None = None

    def __post_init__(self) -> None:
        if self.optimizer not in RULES:
            raise ValueError(f"no optimizer {self.optimizer!r}{nearest(self.optimizer, RULES)}")
        if not (self.learning_rate > 0 and math.isfinite(self.learning_rate)):
            raise ValueError(f"learning rate {self.learning_rate}: expected a finite number above 0")
        if self.seed < 0:
            raise ValueError(f"seed {self.seed}: expected 0 or more")
        if self.dropout is not None and not 0 <= self.dropout < 1:
            raise ValueError(f"dropout {self.dropout}: expected a share from 0 to below 1")


def grid(
    optimizers: Iterable[str],
    learning_rates: Iterable[float],
    seeds: Iterable[int] = (0,),
    dropouts: Iterable[float | None] = (None,),
) -> list[Network]:
    """Every combination; seeds vary fastest."""
    every = itertools.product(optimizers, dropouts, learning_rates, seeds)
    return [Network(name, float(rate), int(seed), share) for name, share, rate, seed in every]


@dataclass
class Curve:
    """What one network gave.

    Attributes:
        steps: at which the others were read, rising.
        loss, accuracy: training loss and accuracy, the means over all steps since the last reading, each batch before
            it was learned from.
        test_loss, test_accuracy: of the test examples, with dropout off; nan where there are none.
        diverged: the step whose loss was no finite number, counted from 1, or 0. From there on the network is left
            alone, and everything it would have given is nan.
    """

    steps: Sequence[int]
    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    test_loss: list[float] = field(default_factory=list)
    test_accuracy: list[float] = field(default_factory=list)
    diverged: int = 0

    def add(self, loss: float, accuracy: float, test_loss: float, test_accuracy: float) -> None:
        """One reading."""
        for values, value in zip(self.read, (loss, accuracy, test_loss, test_accuracy), strict=True):
            values.append(value)

    def end(self, diverged: int) -> None:
        """Fills the readings that a diverged network no longer gives."""
        self.diverged = diverged
        while len(self.loss) < len(self.steps):
            self.add(*[math.nan] * 4)

    @property
    def read(self) -> tuple[list[float], ...]:
        """The four lists."""
        return self.loss, self.accuracy, self.test_loss, self.test_accuracy


def table(networks: Sequence[Network], curves: Sequence[Curve]) -> dict[str, np.ndarray]:
    """One row a network and reading."""
    pairs = [(n, c, i) for n, c in zip(networks, curves, strict=True) for i in range(len(c.steps))]
    return {
        "optimizer": np.array([n.optimizer for n, _, _ in pairs]),
        "learning_rate": np.array([n.learning_rate for n, _, _ in pairs]),
        "dropout": np.array([math.nan if n.dropout is None else n.dropout for n, _, _ in pairs]),
        "seed": np.array([n.seed for n, _, _ in pairs]),
        "step": np.array([c.steps[i] for _, c, i in pairs]),
        "loss": np.array([c.loss[i] for _, c, i in pairs]),
        "accuracy": np.array([c.accuracy[i] for _, c, i in pairs]),
        "test_loss": np.array([c.test_loss[i] for _, c, i in pairs]),
        "test_accuracy": np.array([c.test_accuracy[i] for _, c, i in pairs]),
        "diverged": np.array([c.diverged for _, c, _ in pairs]),
    }
