"""Claim 155: with a large penalty a flexible model underfits, with hardly any it overfits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reprise.claims.evidence import Finding, above
from reprise.statistics import mean_effect
from reprise.studies.regularisation import lesson
from reprise.studies.regularisation.settings import Config

RIDGE = np.logspace(-8, 2, 41)


@dataclass(frozen=True)
class Errors:
    """Mean squared errors, (problems, strengths), of a polynomial fitted to noisy points of a sine.

    Attributes:
        train: on the points that it was fitted to.
        test: from the sine itself, on a grid.
    """

    train: np.ndarray
    test: np.ndarray

    @property
    def medians(self) -> dict[str, np.ndarray]:
        """(strengths,) of each, over the problems."""
        return {"training error": np.median(self.train, axis=0), "test error": np.median(self.test, axis=0)}


def fit_errors(config: Config) -> Errors:
    """Fits twice as many problems as the settings' ``repetitions``: half to choose λ on, half to judge it on."""
    train, test = np.empty((2, 2 * config.repetitions, len(RIDGE)))
    grid = np.linspace(-1, 1, 400)
    basis = np.polynomial.legendre.legvander(grid, config.degree)
    for seed in range(2 * config.repetitions):
        rng = np.random.default_rng([155, seed])
        x = rng.uniform(-1, 1, config.points)
        y = np.sin(np.pi * x) + rng.normal(scale=0.3, size=config.points)
        coefficients = lesson.ridge_polynomial(x, y, config.degree, RIDGE)
        design = np.polynomial.legendre.legvander(x, config.degree)
        train[seed] = ((coefficients @ design.T - y) ** 2).mean(axis=1)
        test[seed] = ((coefficients @ basis.T - np.sin(np.pi * grid)) ** 2).mean(axis=1)
    return Errors(train, test)


def findings(config: Config, errors: Errors) -> list[Finding]:
    """Both ends of λ against the one that was chosen on other problems."""
    chosen = int(np.median(errors.test[: config.repetitions], axis=0).argmin())
    judged = np.log10(errors.test[config.repetitions :])
    train = errors.train[config.repetitions :]
    ends = [
        Finding(
            155,
            f"log10 of the test error at {text} over that at λ = {RIDGE[chosen]:.2g}",
            mean_effect(judged[:, end] - judged[:, chosen], unit="log10", together=2),
            above(0),
            kind="secondary",
            note=f"Degree {config.degree} through {config.points} noisy points of a sine; λ chosen on "
            f"{config.repetitions} problems, judged on {config.repetitions} others.",
            figures=("regularisation-minimisers",),
        )
        for end, text in ((0, f"λ = {RIDGE[0]:g} (overfitting)"), (-1, f"λ = {RIDGE[-1]:g} (underfitting)"))
    ]
    rise = Finding(
        155,
        "log10 of the training error at the largest over that at the smallest λ",
        mean_effect(np.log10(train[:, -1] / train[:, 0]), unit="log10"),
        note="The training error only ever rises with λ, so it cannot choose λ.",
    )
    return [*ends, rise]
