"""How far training got, and what that does to calibration: beside claim 31."""

from __future__ import annotations

import numpy as np

from reprise.claims.evidence import Finding
from reprise.runs import same_seeds
from reprise.statistics import seeds_effect
from reprise.studies.confidence.correlation import rank_correlation
from reprise.studies.confidence.scores import Scores
from reprise.studies.confidence.variants import modern


def fitting_findings(every: dict[str, Scores]) -> list[Finding]:
    """Training losses at the end, and how closely too much confidence follows them."""
    losses = np.mean(same_seeds(*(s.train_loss for s in modern(every))), axis=0)
    means = {name: float(s.train_loss.mean()) for name, s in every.items()}
    gaps = [float(s.overconfidence.mean()) for s in every.values()]
    return [
        Finding(
            31,
            "Training loss of the last epoch, mean of the residual networks",
            seeds_effect(losses, "nats"),
            note=", ".join(f"{name} {loss:.3g}" for name, loss in means.items()),
            figures=("epochs",),
        ),
        Finding(
            31,
            "Rank correlation of mean confidence minus accuracy with the training loss of the last epoch, over the "
            "variants, means over seeds",
            rank_correlation(list(means.values()), gaps),
            note="variants that differ in one thing are not independent: the interval is too narrow",
        ),
    ]
