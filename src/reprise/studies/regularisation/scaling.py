"""Claim 157: scaled features shorten the way to the minimum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, above, between, primary
from reprise.statistics import SHARE, exact, mean_effect
from reprise.studies.regularisation import lesson
from reprise.studies.regularisation.settings import Config


@dataclass(frozen=True)
class Compared:
    """Descent without scaling beside descent with it, one number a problem.

    Attributes:
        ratios: log10 of the steps without over those with features in [-1, 1].
        z_scored: the same with z-scores.
        alike: the same as ratios, of features that have one scale to begin with, as large as the larger one.
        turns: share of the unscaled steps that undo the one before, in the steep weight.
        excess: unscaled steps beyond the bound that the condition number gives.
    """

    ratios: np.ndarray
    z_scored: np.ndarray
    alike: np.ndarray
    turns: np.ndarray
    excess: np.ndarray


def problem(seed: int, scale: float, first: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Two centred features on scales ``first`` and ``scale``, (200, 2), and a centred target; both matter alike."""
    rng = np.random.default_rng([157, seed])
    X = rng.normal(size=(200, 2)) * [first, scale]
    y = X @ [1 / first, 1 / scale] + rng.normal(scale=0.1, size=200)
    return X - X.mean(axis=0), y - y.mean()


def descend(X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Path of the distance to the least-squares solution from weights 0, at the best fixed rate; Hessian; κ."""
    hessian = 2 * X.T @ X / len(y)
    rate, condition = lesson.best_rate(hessian)
    solution = np.linalg.lstsq(X, y, rcond=None)[0]
    return lesson.descend_quadratic(hessian, -solution, rate, 1e-3, 100_000), hessian, condition


def compare_descents(config: Config) -> Compared:
    """Every random problem three times, and twice with features of one scale."""
    ratios, z_scored, alike, turns, excess = [], [], [], [], []
    for seed in range(config.repetitions):
        X, y = problem(seed, config.scale)
        raw, _, condition = descend(X, y)
        for found, scaled in ((ratios, X / np.abs(X).max(axis=0)), (z_scored, lesson.z_score(X))):
            found.append(np.log10((len(raw) - 1) / (len(descend(scaled, y)[0]) - 1)))
        X, y = problem(seed, config.scale, config.scale)
        counts = [len(descend(inputs, y)[0]) - 1 for inputs in (X, X / np.abs(X).max(axis=0))]
        alike.append(np.log10(counts[0] / counts[1]))
        moves = np.diff(raw[:, 1])
        turns.append(np.mean(moves[1:] * moves[:-1] < 0))
        bound = np.log(1e-3) / np.log((condition - 1) / (condition + 1))
        excess.append((len(raw) - 1) - np.ceil(bound))
    return Compared(*(np.array(each) for each in (ratios, z_scored, alike, turns, excess)))


def findings(declared: Declaration, config: Config, compared: Compared) -> list[Finding]:
    """Fewer steps, the zig-zag, the bound from theory, and the source's own example of a saturated unit."""
    shown = ("regularisation-scaling",)
    return [
        primary(
            declared,
            mean_effect(compared.ratios, unit="log10"),
            note=f"Linear regression, features on scales 1 and {config.scale:g}; learning rates 2 / (L + μ).",
            figures=shown,
        ),
        Finding(
            157,
            f"The same where both features have the scale {config.scale:g} to begin with",
            mean_effect(compared.alike, unit="log10", together=4),
            above(0),
            kind="secondary",
            note="It is the different scales that cost steps; being in [-1, 1] saves none.",
            figures=shown,
        ),
        Finding(
            157,
            "The same with z-scores, which do not keep to [-1, 1]",
            mean_effect(compared.z_scored, unit="log10", together=4),
            above(0),
            kind="secondary",
            figures=shown,
        ),
        Finding(
            157,
            "Share of unscaled steps that undo the direction of the one before, in the steep weight",
            mean_effect(compared.turns, possible=SHARE, together=4),
            above(0.5),
            kind="secondary",
            note="The zig-zag: the best rate overshoots in the steep direction so as to move at all in the flat one.",
            figures=shown,
        ),
        Finding(
            157,
            "Steps beyond the bound log(1/1000) / log((κ-1)/(κ+1)), largest of all problems",
            exact(max(compared.excess), config.repetitions, "steps"),
            between(-np.inf, 1),
            kind="oracle",
            oracle="theory of gradient descent on quadratics: steps grow as the condition number κ",
        ),
        Finding(
            157,
            "log10 of a sigmoid unit's mean slope with z-scored over that with raw features of scale 100",
            mean_effect(saturation(config.repetitions), unit="log10", together=4),
            above(0),
            kind="secondary",
            note="S3's own example: where Wx + b is large the sigmoid is flat and its gradient small.",
        ),
    ]


def saturation(repetitions: int) -> np.ndarray:
    """(repetitions,): log10 of a sigmoid unit's mean slope on z-scores over that on features of scale 100."""
    ratios = []
    for seed in range(repetitions):
        rng = np.random.default_rng([158, seed])
        X = rng.normal(size=(200, 10)) * 100
        w = rng.normal(scale=10**-0.5, size=10)
        slopes = [lesson.sigmoid_slope(inputs @ w).mean() for inputs in (lesson.z_score(X), X)]
        ratios.append(np.log10(slopes[0] / slopes[1]))
    return np.array(ratios)
