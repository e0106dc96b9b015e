"""Claims 20-22: how many units are active, and which weights a step of gradient descent or of Adam changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from scipy.stats import binom

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Finding, above, between, equals, primary
from reprise.statistics import SHARE, exact, mean_effect
from reprise.studies.thinned import lesson
from reprise.studies.thinned.settings import Config

UNITS, CLASSES, INPUTS, BATCH, KEEP = 100, 10, 64, 8, 0.5
STEPS = 10  # of Adam, after the first
RATES = {"sgd": 0.1, "adam": 0.001}
BETAS = (0.9, 0.999)  # of Adam: its usual ones
FIGURE = "thinned-updates"


@dataclass(frozen=True)
class Shares:
    """Shares of the weights behind the dropped layer that a step changed, one a repetition.

    Attributes:
        expected: what ``all`` is expected to be (`expected_share`), from each network's own step.
        all: of all weights, one mask a batch.
        rectified: the same behind rectified units that see pixels.
        by_example: of all weights, one mask an example, as TensorFlow's listing draws them.
        dropped: for each optimizer, of the weights behind dropped units, from the second step on.
    """

    expected: np.ndarray
    all: np.ndarray
    rectified: np.ndarray
    by_example: np.ndarray
    dropped: dict[str, np.ndarray]


class Net:
    """A hundred positive inputs, dropout, and a softmax layer with random weights; a new mask each step.

    Args:
        seed: of weights, examples and masks.
        optimizer: ``sgd`` or ``adam``.
        by_example: a mask for each example, not one for the batch.
        rectified: the inputs are rectified units with random weights, which see random pixels.
    """

    def __init__(self, seed: int, optimizer: str, by_example: bool = False, rectified: bool = False) -> None:
        self.rng, self.by_example, self.rectified = np.random.default_rng([21, seed]), by_example, rectified
        draw = self.rng.standard_normal
        self.hidden = torch.tensor(draw((UNITS, INPUTS)) * (2 / INPUTS) ** 0.5)
        self.weight = torch.tensor(draw((CLASSES, UNITS)) * (2 / UNITS) ** 0.5, requires_grad=True)
        kind = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[optimizer]
        self.optimizer = kind([self.weight], lr=RATES[optimizer])

    def step(self) -> tuple[np.ndarray, np.ndarray]:
        """One step.

        Returns:
            The change of every weight (classes, units), and which units were kept, (units,): by any example.
        """
        if self.rectified:
            inputs = F.relu(torch.tensor(self.rng.random((BATCH, INPUTS))) @ self.hidden.T)
        else:
            inputs = torch.tensor(np.abs(self.rng.standard_normal((BATCH, UNITS))))
        mask = torch.tensor(self.rng.random((BATCH if self.by_example else 1, UNITS)) < KEEP)
        labels = torch.tensor(self.rng.integers(CLASSES, size=BATCH))
        active = inputs * mask / KEEP
        before = self.weight.detach().clone()
        self.optimizer.zero_grad()
        F.cross_entropy(active @ self.weight.T, labels).backward()
        self.optimizer.step()
        return (self.weight.detach() - before).numpy(), mask.any(dim=0).numpy()


def measure(config: Config) -> Shares:
    """Every share, one a random network."""
    expected = np.array([expected_share(*Net(seed, "sgd").step()) for seed in range(config.repetitions)])
    whole = [
        np.array([(Net(seed, "sgd", **kind).step()[0] != 0).mean() for seed in range(config.repetitions)])
        for kind in ({}, {"rectified": True}, {"by_example": True})
    ]
    dropped = {name: np.array([_behind_dropped(seed, name) for seed in range(config.adam)]) for name in RATES}
    return Shares(expected, *whole, dropped)


def expected_share(change: np.ndarray, kept: np.ndarray) -> float:
    """The share of weights that a step changes, expected over masks: what it changes behind kept and dropped units.

    Args:
        change: (classes, units).
        kept: (units,) bool, neither all nor none.
    """
    changed = change != 0
    return float(KEEP * changed[:, kept].mean() + (1 - KEEP) * changed[:, ~kept].mean())


def _behind_dropped(seed: int, optimizer: str) -> float:
    net = Net(seed, optimizer)
    net.step()
    changes = [net.step() for _ in range(STEPS)]
    return float(np.mean([(change[:, ~kept] != 0).mean() for change, kept in changes]))


def coasting() -> float:
    """How far Adam moves a weight in its second step, in learning rates, if only the first had a gradient."""
    first, second = BETAS
    mean, square = (beta * (1 - beta) / (1 - beta**2) for beta in (first, second))  # over the gradient, its square
    return float(mean / square**0.5)


def _moved(gradient: float) -> float:
    weight = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([weight], lr=RATES["adam"], betas=BETAS)
    for each in (gradient, 0.0):
        before, weight.grad = weight.detach().clone(), torch.full((1,), each, dtype=torch.float64)
        optimizer.step()
    return float((before - weight.detach()).abs() / RATES["adam"])


def findings(declared: Declarations, shares: Shares) -> list[Finding]:
    """How many units, how many weights, and Adam's exception."""
    law = binom(200, KEEP)
    networks = len(np.unique(lesson.every_mask(10), axis=0))
    found = [
        primary(declared[20], exact(float(law.cdf(100 - gap) * 2)), of=f"{active}")
        for active, gap in ((90, 10), (103, 3))
    ]
    return [
        *found,
        Finding(
            20,
            "Different masks of ten units over 2^10",
            exact(networks / 2**10),
            equals(1),
            kind="oracle",
            oracle="enumeration",
        ),
        Finding(20, "Standard deviation of the active units of 200", exact(float(law.std()), 200, "units")),
        primary(
            declared[21],
            exact(float(shares.expected[np.abs(shares.expected - KEEP).argmax()]), len(shares.expected)),
            note="Of the source's listing, tf.nn.dropout, it is not true for batches of more than one: it draws a mask "
            "for every example.",
            figures=(FIGURE,),
        ),
        Finding(
            21,
            "Share of the weights that it changed, over random masks",
            mean_effect(shares.all, possible=SHARE),
            between(0.45, 0.55),
            kind="secondary",
        ),
        Finding(
            21,
            "The same, a mask for every example, as the listing (tf.nn.dropout) draws them",
            mean_effect(shares.by_example, possible=SHARE),
            variant="code",
            note=f"With the batch of {BATCH} of the source's later experiment: a unit is kept by one example or other "
            f"with a probability of {1 - (1 - KEEP) ** BATCH:.3f}, in a batch of one with {KEEP}.",
        ),
        Finding(
            21,
            "The same, one mask a batch, behind rectified units with random weights that see random pixels",
            mean_effect(shares.rectified, possible=SHARE),
            note="Some units are silent for every image of a batch, so that less than half is updated.",
        ),
        primary(
            declared[22],
            exact(coasting()),
            note="Whatever the gradient was: the averages of it and of its square go on moving what once had one.",
        ),
        Finding(
            22,
            "Difference from what torch.optim.Adam moves such a weight, gradients from 0.001 to 1,000",
            exact(max(abs(coasting() - _moved(gradient)) for gradient in (1e-3, 1.0, 1e3)), 3),
            between(0, 1e-4),
            kind="oracle",
            oracle="torch.optim.Adam",
        ),
        Finding(
            22,
            "Share of the weights behind dropped units that a step of Adam changes, from the second step on",
            mean_effect(shares.dropped["adam"], possible=SHARE),
            above(0),
            kind="secondary",
            note="Networks with random weights and inputs.",
            figures=(FIGURE,),
        ),
        Finding(
            22,
            "The same share under plain gradient descent",
            mean_effect(shares.dropped["sgd"], possible=SHARE),
            between(0, 0),
            kind="secondary",
        ),
    ]
