"""Claim 46, as built: what a code that also has to tell classes gains, and what it costs in reconstruction."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from reprise.claims.evidence import Finding, above
from reprise.runs import Run, apart
from reprise.statistics import SHARES_APART, paired_effect
from reprise.studies.encoder.reconstruction import Linear, error
from reprise.studies.encoder.settings import WEIGHTS

FREE = "code_8"  # the same code without labels


def findings(runs: Mapping[str, Run], found: Mapping[str, Linear], told: Mapping[str, np.ndarray]) -> list[Finding]:
    """For each weight of the second loss: classes that a linear classifier tells from the codes, and the error."""
    result = []
    for name in WEIGHTS:
        weight = runs[name].settings["label_weight"]
        gain = apart(told[name], told[FREE])
        result += [
            Finding(
                46,
                f"Accuracy of a linear classifier on the codes, labels weighed {weight:g} minus not at all",
                paired_effect(gain, unit="accuracy", possible=SHARES_APART, together=len(WEIGHTS)),
                above(0),
                "secondary",
                note=f"{told[name].mean():.3f} and {told[FREE].mean():.3f}",
                figures=("constrained",),
            ),
            Finding(
                46,
                f"Mean squared error, labels weighed {weight:g} minus not at all, share of the variance",
                paired_effect(
                    apart(error(runs[name]), error(runs[FREE])) / found[FREE].variance, unit="share of variance"
                ),
                figures=("constrained",),
            ),
        ]
    return result
