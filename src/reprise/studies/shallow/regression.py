"""Claim 141: the same network fits a curve, and its hand-written gradient is right for either loss."""

from __future__ import annotations

import numpy as np

from reprise.claims.evidence import Finding, above, below
from reprise.statistics import exact, seeds_effect
from reprise.studies.shallow import lesson
from reprise.studies.shallow.classification import SECONDARIES
from reprise.studies.shallow.settings import Config


def explained_variance(config: Config) -> np.ndarray:
    """(seeds,): share of a sine's variance, on new points, that a network explains which was fitted to noisy ones."""
    explained = []
    for seed in range(config.seeds):
        rng = np.random.default_rng([141, seed])
        x = rng.uniform(-3, 3, size=(config.points, 1))
        y = np.sin(2 * x[:, 0]) + rng.normal(scale=0.1, size=len(x))
        net = lesson.fit(x, y, config.hidden, rng, regression=True)
        grid = np.linspace(-3, 3, 400)[:, None]
        truth = np.sin(2 * grid[:, 0])
        explained.append(1 - np.mean((net(grid) - truth) ** 2) / truth.var())
    return np.array(explained)


def gradient_error() -> float:
    """Largest error of the lesson's gradient against difference quotients over five points, over both losses."""
    step = 1e-3
    rng = np.random.default_rng(141)
    x, labels = lesson.circle(20, rng)
    worst = 0.0
    for regression in (False, True):
        theta = rng.normal(size=4 * 5 + 1)
        options = (x, labels, 5, 0.01, regression)
        near, far = (
            np.array([lesson.loss_and_gradient(theta + h * one, *options)[0] for one in np.eye(len(theta))])
            - np.array([lesson.loss_and_gradient(theta - h * one, *options)[0] for one in np.eye(len(theta))])
            for h in (step, 2 * step)
        )
        numeric = (8 * near - far) / (12 * step)
        worst = max(worst, np.abs(numeric - lesson.loss_and_gradient(theta, *options)[1]).max())
    return worst


def findings(config: Config) -> list[Finding]:
    """'It can also be used for regression', and the oracle of the gradient."""
    return [
        Finding(
            141,
            f"Regression: share of the variance of sin 2x explained by {config.hidden} hidden units and a plain output",
            seeds_effect(explained_variance(config), together=SECONDARIES),
            above(0.9),
            kind="secondary",
            note="The best line explains next to nothing of two periods of a sine.",
        ),
        Finding(
            141,
            "Largest error of the hand-written gradient",
            exact(gradient_error(), 42),
            below(1e-6),
            kind="oracle",
            oracle="difference quotients over five points, good to about 1e-11",
        ),
    ]
