"""Claim 164: how rare minima are among random critical points, by dimension."""

from __future__ import annotations

import numpy as np

from reprise.claims.evidence import Finding, below, equals
from reprise.statistics import Effect, proportion
from reprise.studies.initialisation import lesson
from reprise.studies.initialisation.settings import Config

Eigenvalues = dict[int, np.ndarray]  # dimension -> (Hessians,) least eigenvalues


def least_eigenvalues(config: Config) -> Eigenvalues:
    """Random Hessians of every dimension up to the settings' largest."""
    return {
        n: lesson.smallest_eigenvalues(n, config.hessians, np.random.default_rng([164, n]))
        for n in range(1, config.dimensions + 1)
    }


def share_of_minima(eigenvalues: np.ndarray) -> Effect:
    """Share of Hessians all of whose eigenvalues are positive."""
    return proportion(int((eigenvalues > 0).sum()), len(eigenvalues))


def findings(config: Config, eigenvalues: Eigenvalues) -> list[Finding]:
    """Against exact probabilities, against bounds for the claim, and where curvature is shifted upwards."""
    shown = ("initialisation-minima",)
    largest = config.dimensions
    shifted = eigenvalues[largest] + 1.2 * np.sqrt(2 * largest)
    return [
        *(
            Finding(
                164,
                f"Share of random {n} x {n} Hessians that are minima",
                share_of_minima(eigenvalues[n]),
                equals(truth, 5 * np.sqrt(truth * (1 - truth) / config.hessians)),
                kind="oracle",
                oracle=f"exact probability {truth:.6f}; band of five standard errors",
                figures=shown,
            )
            for n, truth in lesson.ALL_POSITIVE.items()
        ),
        *(
            Finding(
                164,
                f"Share of random {n} x {n} Hessians that are minima",
                share_of_minima(eigenvalues[n]),
                below(bound),
                published="'extremely low' in a high dimensional space (S3)",
                figures=shown,
            )
            for n, bound in ((4, 0.01), (largest, 0.001))
        ),
        Finding(
            164,
            f"Share of minima in dimension {largest} where the curvature is shifted up by 1.2 times the spectrum's "
            "radius",
            share_of_minima(shifted),
            kind="context",
            note="The claim is about typical critical points. Low in a landscape all curvatures shift upwards (Bray "
            "and Dean 2007), and there nearly every critical point is a minimum: gradient descent does end in minima, "
            "but in low ones.",
            figures=shown,
        ),
    ]
