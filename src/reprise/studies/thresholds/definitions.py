"""Claim 3, the text: the least variance within the classes is the greatest between them, and how much it explains."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, primary
from reprise.statistics import SHARE, exact, mean_effect
from reprise.studies.thresholds.lesson import between_class, histogram, otsu_index, within_class


def same_optimum(image: np.ndarray) -> bool:
    """Whether both definitions have the same optimal splits (an image of one value has none)."""
    counts, _ = histogram(image)
    within, between = within_class(counts), between_class(counts)
    valid = [index for index, spread in enumerate(within) if spread is not None]
    if not valid:
        return max(between) == 0
    least, most = min(within[index] for index in valid), max(between)
    return {i for i in valid if within[i] == least} == {i for i in valid if between[i] == most}


def explained(image: np.ndarray) -> float:
    """Between-class variance at the threshold over the total variance."""
    counts, _ = histogram(image)
    index = otsu_index(counts)
    between, within = between_class(counts)[index], within_class(counts)[index]
    return float(between / (between + within))


def findings(declared: Declaration, photographs: Sequence[np.ndarray], random: Sequence[np.ndarray]) -> list[Finding]:
    """Whether the two definitions ever part, and what the best split explains."""
    everything = [*photographs, *random]
    return [
        primary(
            declared,
            exact(sum(not same_optimum(image) for image in everything), n=len(everything), unit="images"),
            variant="text",
            note="Both variances from their own definitions, in whole-number arithmetic; the sets of optimal "
            "thresholds are compared, ties and all.",
            figures=("otsu_variances",),
        ),
        Finding(
            3,
            "Share of the grey levels' variance that the split explains, photographs",
            mean_effect(np.array([explained(image) for image in photographs]), "share of variance", SHARE),
            note="The best split of an even histogram explains three quarters; clear peaks give more.",
            figures=("otsu_photographs",),
        ),
    ]
