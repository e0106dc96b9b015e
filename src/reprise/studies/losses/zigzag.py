"""Claim 143: positive inputs force all weights of a unit one way, and what the zig-zag costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Expect, Finding, Metric, above, below, equals, primary
from reprise.statistics import LEVEL, exact, mean_effect, proportion
from reprise.studies.losses import lesson
from reprise.studies.losses.settings import Config

LEARNING_RATES = (0.1, 0.2, 0.4, 0.8, 1.2, 1.6, 2.4, 3.2, 4.8, 6.4)
CHOOSING, JUDGED = 20, 500  # seeds that choose the learning rates; the first of those that are judged
COMMON_RATE = 0.8  # for both kinds, where paths are compared and drawn
DRAWN_GOAL = np.array([1.0, -1.0])
TOLERANCE = 0.05
BESIDE = LEVEL / 2  # two random secondary findings
SHOWN = ("losses-zigzag",)
Kind = Literal["positive", "signed", "centred"]  # of the inputs
KINDS: tuple[Kind, ...] = ("positive", "signed", "centred")


@dataclass(frozen=True)
class Zigzag:
    """Training with positive inputs beside training with the same inputs, of either sign or minus ½.

    Attributes:
        signed: (repetitions,) how much longer the path is, in units of the straight line, than with the same sizes of
            either sign, at one rate for both.
        detours: the same over inputs minus ½, which are shorter as well.
        rates: the best learning rate of each, positive inputs first, found on other seeds than are judged.
        doublings: (repetitions,) log2 of the steps with positive inputs over those with centred ones, each at its rate.
    """

    signed: np.ndarray
    detours: np.ndarray
    rates: tuple[float, float]
    doublings: np.ndarray


def goal(seed: int) -> np.ndarray:
    """(2,) the weights to be found: as far from zero as (1, -1), in any direction."""
    angle = np.random.default_rng([143, seed, 1]).uniform(0, 2 * np.pi)
    return np.sqrt(2) * np.array([np.cos(angle), np.sin(angle)])


def path(seed: int, kind: Kind, rate: float, wanted: np.ndarray | None = None) -> np.ndarray:
    """(steps + 1, 2) weights of one run, example by example, to ``wanted``.

    Inputs are σ(u); the same, each of either sign by chance; or the same minus ½.
    """
    wanted = goal(seed) if wanted is None else wanted
    rng = np.random.default_rng([143, seed])
    inputs = lesson.sigmoid(rng.normal(scale=2, size=(2000, 2)))
    if kind == "signed":
        inputs = inputs * np.random.default_rng([143, seed, 2]).choice([-1, 1], inputs.shape)
    elif kind == "centred":
        inputs = inputs - 0.5
    return lesson.descend_by_example(inputs, inputs @ wanted, np.zeros(2), rate, TOLERANCE, wanted)


def steps(run: np.ndarray, wanted: np.ndarray) -> float:
    """How many steps a run took to what it wanted; infinite where it never came there."""
    return len(run) - 1 if np.linalg.norm(run[-1] - wanted) <= TOLERANCE else np.inf


def compare(config: Config) -> Zigzag:
    """Chooses each kind's learning rate on some seeds and compares the two on others."""
    seeds = range(JUDGED, JUDGED + config.repetitions)

    def counted(seeds: range, kind: Kind, rate: float) -> np.ndarray:
        return np.array([steps(path(seed, kind, rate), goal(seed)) for seed in seeds])

    rates, taken = [], []
    for kind in ("positive", "centred"):
        trials = {rate: counted(range(CHOOSING), kind, rate).mean() for rate in LEARNING_RATES}
        rates.append(min(trials, key=trials.__getitem__))
        taken.append(counted(seeds, kind, rates[-1]))
    positive, signed, centred = (
        np.array([lesson.detour(path(seed, kind, COMMON_RATE)) for seed in seeds]) for kind in KINDS
    )
    return Zigzag(positive - signed, positive - centred, (rates[0], rates[1]), np.log2(taken[0] / taken[1]))


def findings(declared: Declaration, found: Zigzag) -> list[Finding]:
    """The price of the zig-zag, then the signs of gradients that force it."""
    positive, centred = found.rates
    return [
        primary(
            declared,
            mean_effect(found.signed, unit="straight lines"),
            note=f"A linear unit, one example a step, weights to find in any direction, learning rate {COMMON_RATE:g}.",
            figures=SHOWN,
        ),
        Finding(
            143,
            "Path over the straight line, positive inputs minus the same inputs minus ½, one learning rate for both",
            mean_effect(found.detours, unit="straight lines"),
            note="Inputs minus ½ have no sign in common and are shorter as well: at one rate a slower descent.",
            figures=SHOWN,
        ),
        Finding(
            143,
            "log2 of the steps that positive inputs need over the steps that the same inputs minus ½ need",
            mean_effect(found.doublings, unit="doublings", level=BESIDE),
            above(0),
            kind="secondary",
            note=f"Each at the best of ten learning rates, found on other seeds: {positive:g} and {centred:g}.",
            figures=SHOWN,
        ),
        *sign_findings(),
    ]


def sign_findings() -> list[Finding]:
    """How often all entries of a gradient have one sign: with positive inputs, centred ones, and over a batch."""
    rng = np.random.default_rng(143)
    positive = lesson.sigmoid(rng.normal(size=(2000, 10)))
    error = rng.normal(size=(2000, 1))
    single, centred = one_sign(error * positive), one_sign(error * (2 * positive - 1))
    batches = one_sign((error * positive).reshape(-1, 20, 10).mean(axis=1))
    alike = "Share of single-example gradients whose ten entries have one sign, inputs"
    cases = (
        (f"{alike} σ(u)", single, equals(1), "With positive inputs it is an identity, not a frequency."),
        (f"{alike} tanh u", centred, below(0.01), "Chance alone gives 2 · 2^-10 = 0.2 %."),
        (
            "The same share for gradients averaged over 20 examples, inputs σ(u)",
            batches,
            Expect(),
            "The argument is about one example at a time: a batch mixes errors of both signs.",
        ),
    )
    return [
        Finding(
            143,
            words,
            exact(1.0, len(same)) if same.all() else proportion(int(same.sum()), len(same), level=BESIDE),
            expect,
            kind="context" if expect == Expect() else "secondary",
            note=note,
        )
        for words, same, expect, note in cases
    ]


def one_sign(gradients: np.ndarray) -> np.ndarray:
    """(n,): whether all entries of each of (n, k) gradients are positive, or all negative."""
    return np.abs(np.sign(gradients).sum(axis=1)) == gradients.shape[1]


def metrics(found: Zigzag) -> dict[str, Metric]:
    """For the gate: how much longer the path is, than with signs by chance and than with inputs minus ½."""
    lengths = {"zigzag_longer": found.signed, "zigzag_detour": found.detours}
    return {name: Metric.over_seeds(values, "higher") for name, values in lengths.items()}


def drawn_paths() -> dict[str, np.ndarray]:
    """Kind of input -> (steps + 1, 2) weights, for the figure."""
    kinds: dict[str, Kind] = {"inputs σ(u)": "positive", "inputs ±σ(u)": "signed"}
    return {name: path(100, kind, COMMON_RATE, DRAWN_GOAL) for name, kind in kinds.items()}
