"""Claim 146: the cost is a mean of losses, and which loss one chooses decides what its minimiser estimates."""

from __future__ import annotations

import numpy as np
from scipy import optimize, special

from reprise.claims.evidence import Finding, between
from reprise.statistics import exact
from reprise.studies.losses import lesson


def best_constant(loss: lesson.Loss, truth: np.ndarray, bounds: tuple[float, float]) -> float:
    """The one prediction for all examples that costs least, by a bracketing search."""
    solved = optimize.minimize_scalar(
        lambda constant: lesson.cost(loss, truth, np.full_like(truth, constant)),
        bounds=bounds,
        method="bounded",
        options={"xatol": 1e-10},
    )
    return float(solved.x)


def findings() -> list[Finding]:
    """argmin of J for a constant prediction: mean, median, base rate."""
    rng = np.random.default_rng(146)
    y = rng.exponential(size=101)
    labels = (rng.random(101) < 0.3).astype(float)
    cases = (
        ("squared loss: the mean", lesson.squared, y, y.mean(), (0, 5)),
        ("L1 loss: the median", lesson.absolute, y, np.median(y), (0, 5)),
        (
            "cross-entropy: the base rate's logit",
            lesson.binary_cross_entropy,
            labels,
            special.logit(labels.mean()),
            (-5, 5),
        ),
    )
    return [
        Finding(
            146,
            f"Distance of argmin J for a constant prediction from theory, {name}",
            exact(abs(best_constant(loss, truth, bounds) - closed), len(truth)),
            between(0, 1e-6),
            kind="oracle",
            oracle="closed form; a bracketing search finds a smooth minimum to about √ε = 1.5e-8",
        )
        for name, loss, truth, closed, bounds in cases
    ]
