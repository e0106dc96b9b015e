"""Differences between networks and between methods, with intervals over seeds and test images."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

import numpy as np

from reprise.statistics import Effect, seeds_effect
from reprise.studies.confidence.scores import Scores


def compared(
    one: list[tuple[Scores, str]],
    other: list[tuple[Scores, str]],
    measure: str = "ece",
    unit: str = "ECE",
    together: int = 1,
) -> Effect:
    """Mean over networks of ``one`` minus ``other``, with the interval over seeds and over test images.

    The images are drawn again jointly: each sample holds for all networks, seeds and methods, so what they share
    cancels. Of the samples only the spread counts: resampling biases the ECE upwards.

    Args:
        one, other: networks, each with a method, in pairs.
        measure: "ece", "error" or "nll".
        unit: what it is measured in.
        together: how many such effects the claim is judged by (see ``seeds_effect``).
    """
    pairs = [(a, m, b, k) for (a, m), (b, k) in zip(one, other, strict=True)]
    values = [a.measures[m][measure] - b.measures[k][measure] for a, m, b, k in pairs]
    drawn = [a.resampled[m][measure] - b.resampled[k][measure] for a, m, b, k in pairs]
    per_seed = np.mean(drawn, axis=0)  # (seeds, REPLICATES)
    seeds, all_seeds, each = len(per_seed), per_seed.mean(axis=0).var(ddof=1), per_seed.var(axis=1, ddof=1).mean()
    # what single networks do on single images is in every seed's spread and averages out over seeds
    passing = (each - all_seeds) / (seeds - 1) if seeds > 1 else 0.0
    lasting = float(np.clip(1 - passing / all_seeds, 0, 1)) if all_seeds else 0.0
    return seeds_effect(
        np.mean(values, axis=0), unit, examples_sd=float(all_seeds**0.5), lasting=lasting, together=together
    )


def floor_remark(networks: Iterable[Scores], methods: Iterable[str] = ("uncalibrated",)) -> str:
    """A sentence for captions: which ECE is chance."""
    floors = [s.measures[method]["floor"].mean() for s, method in product(networks, methods)]
    low, high = (f"{100 * end:.2f}" for end in (min(floors), max(floors)))
    return (
        f"A perfectly calibrated network would by chance show an ECE of {low if low == high else f'{low} to {high}'} %."
    )
