"""Claim 143: positive inputs force all weights of a unit one way, and what the zig-zag costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reprise.claims.evidence import Finding, Metric, above, below, equals
from reprise.statistics import exact, mean_effect, proportion
from reprise.studies.losses import lesson
from reprise.studies.losses.settings import Config

LEARNING_RATES = (0.1, 0.2, 0.4, 0.8, 1.2, 1.6, 2.4, 3.2, 4.8, 6.4)
DRAWN_RATE = 0.8
GOAL = np.array([1.0, -1.0])
SHOWN = ("losses-zigzag",)


@dataclass(frozen=True)
class Zigzag:
    """Training with positive inputs beside training with the same inputs minus ½.

    Attributes:
        rates: the best learning rate of each, positive inputs first, found on other seeds than are judged.
        doublings: (repetitions,) log2 of the steps with positive inputs over those with centred ones, each at its rate.
        detours: (repetitions,) how much longer the path is, in units of the straight line, at one rate for both.
    """

    rates: tuple[float, float]
    doublings: np.ndarray
    detours: np.ndarray


def path(seed: int, centred: bool, rate: float) -> np.ndarray:
    """(steps + 1, 2) weights of one run, example by example, to (1, -1): inputs σ(u), or the same inputs minus ½."""
    rng = np.random.default_rng([143, seed])
    inputs = lesson.sigmoid(rng.normal(scale=2, size=(2000, 2))) - (0.5 if centred else 0)
    return lesson.descend_by_example(inputs, inputs @ GOAL, np.zeros(2), rate, 0.05, GOAL)


def compare(config: Config) -> Zigzag:
    """Chooses each kind's learning rate on twenty seeds and compares the two on others."""
    steps, rates = [], []
    for centred in (False, True):
        trials = {rate: [len(path(seed, centred, rate)) - 1 for seed in range(20)] for rate in LEARNING_RATES}
        rates.append(min(trials, key=lambda rate, trials=trials: np.mean(trials[rate])))
        runs = [path(seed, centred, rates[-1]) for seed in range(100, 100 + config.repetitions)]
        steps.append(np.array([len(run) - 1 for run in runs]))
    detours = [
        [lesson.detour(path(seed, centred, DRAWN_RATE)) for centred in (False, True)]
        for seed in range(config.repetitions)
    ]
    return Zigzag((rates[0], rates[1]), np.log2(steps[0] / steps[1]), -np.diff(detours, axis=1)[:, 0])


def findings(found: Zigzag) -> list[Finding]:
    """Signs of gradients, then the price."""
    positive, centred = found.rates
    return [
        *sign_findings(),
        Finding(
            143,
            "log2 of the steps that positive inputs need over the steps that the same inputs minus ½ need",
            mean_effect(found.doublings, unit="doublings"),
            above(0),
            note="A linear unit, one example a step, weights to be found (1, -1), each kind of input at the best of "
            f"ten learning rates (found on other seeds: {positive:g} and {centred:g}).",
            figures=SHOWN,
        ),
        Finding(
            143,
            "Path length over the straight line, positive minus centred inputs, learning rate 0.8",
            mean_effect(found.detours),
            above(0),
            note="The zig-zag itself, at one learning rate for both.",
            figures=SHOWN,
        ),
    ]


def sign_findings() -> list[Finding]:
    """How often all entries of a gradient have one sign: with positive inputs, centred ones, and over a batch."""
    rng = np.random.default_rng(143)
    positive = lesson.sigmoid(rng.normal(size=(2000, 10)))
    error = rng.normal(size=(2000, 1))
    found = []
    for name, inputs, expect in (("σ(u)", positive, equals(1)), ("tanh u", 2 * positive - 1, below(0.01))):
        same = one_sign(error * inputs)
        found.append(
            Finding(
                143,
                f"Share of single-example gradients whose ten entries have one sign, inputs {name}",
                exact(1.0, len(same)) if same.all() else proportion(int(same.sum()), len(same)),
                expect,
                note="With positive inputs it is an identity, not a frequency."
                if same.all()
                else "Chance alone gives 2 · 2^-10 = 0.2 %.",
            )
        )
    same = one_sign((error * positive).reshape(-1, 20, 10).mean(axis=1))
    found.append(
        Finding(
            143,
            "The same share for gradients averaged over 20 examples, inputs σ(u)",
            proportion(int(same.sum()), len(same)),
            kind="context",
            note="The argument is about one example at a time: a batch mixes errors of both signs.",
        )
    )
    return found


def one_sign(gradients: np.ndarray) -> np.ndarray:
    """(n,): whether all entries of each of (n, k) gradients are positive, or all negative."""
    return np.abs(np.sign(gradients).sum(axis=1)) == gradients.shape[1]


def metrics(found: Zigzag) -> dict[str, Metric]:
    """For the gate: the price in doublings."""
    return {"zigzag_doublings": Metric.over_seeds(found.doublings, "higher")}


def drawn_paths() -> dict[str, np.ndarray]:
    """Kind of input -> (steps + 1, 2) weights, for the figure."""
    return {"inputs σ(u)": path(100, False, DRAWN_RATE), "inputs σ(u) − ½": path(100, True, DRAWN_RATE)}
