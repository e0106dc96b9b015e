"""Claim 160: Var(Wx) = n Var(W) Var(x) by simulation, for distributions that are not normal."""

from __future__ import annotations

import numpy as np

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, between, primary
from reprise.statistics import mean_effect
from reprise.studies.initialisation import lesson
from reprise.studies.initialisation.settings import Config

TERMS = 32  # n
MEAN, VARIANCE = 1 / np.sqrt(2 * np.pi), 1 / 2 - 1 / (2 * np.pi)  # of max(0, N(0, 1))


def variances(config: Config) -> tuple[np.ndarray, np.ndarray]:
    """(replicates,) estimates of Var(Wx) with Var(W) = 1/n: for x of mean 0 and variance 1, and x out of a ReLU."""
    rng = np.random.default_rng(160)
    centred, rectified = [], []
    for _ in range(config.replicates):
        w = rng.uniform(-1, 1, size=(config.draws, TERMS)) * np.sqrt(3 / TERMS)
        x = rng.exponential(size=(config.draws, TERMS)) - 1
        centred.append((w * x).sum(axis=1).var(ddof=1))
        rectified.append((w * np.maximum(0, rng.normal(size=w.shape))).sum(axis=1).var(ddof=1))
    return np.array(centred), np.array(rectified)


def findings(declared: Declaration, config: Config) -> list[Finding]:
    """The identity where its means are 0, where they are not, and the full formula."""
    centred, rectified = variances(config)
    return [
        primary(
            declared,
            mean_effect(centred),
            note=f"n = {TERMS}; W uniform, x exponential minus 1: the identity needs independence and means 0, not "
            f"normality. {config.replicates} estimates from {config.draws} sums each.",
        ),
        Finding(
            160,
            "The same ratio where x comes out of a ReLU",
            mean_effect(rectified / (TERMS * VARIANCE / TERMS)),
            declared.expect,
            kind="slip",
            defect=17,
            note=f"Its mean is {MEAN:.3f}, not 0, so E[x]² Var(W) stays: the ratio is E[x²]/Var(x) = "
            f"{0.5 / VARIANCE:.3f}.",
        ),
        Finding(
            160,
            "The full product formula, Var(Wx) over n (E[x]² Var W + Var W Var x), x out of a ReLU",
            mean_effect(rectified / lesson.variance_of_sum(TERMS, 0, 1 / TERMS, MEAN, VARIANCE)),
            between(0.99, 1.01),
            kind="oracle",
            oracle="Monte Carlo",
        ),
    ]
