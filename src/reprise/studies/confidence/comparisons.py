"""Differences between networks and between methods, with intervals over seeds and test images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product

import numpy as np

from reprise.claims.evidence import joined
from reprise.runs import apart, same_seeds
from reprise.statistics import LEVEL, Effect, seeds_effect
from reprise.studies.confidence.scores import Scores


def compared(
    one: Sequence[tuple[Scores, str]],
    other: Sequence[tuple[Scores, str]],
    measure: str = "ece",
    unit: str = "ECE",
    level: float = LEVEL,
    together: int = 1,
) -> Effect:
    """Mean over networks of ``one`` minus ``other``, with the interval over seeds and over test images.

    Args:
        one, other: networks, each with a method, in pairs.
        measure: "ece", "error" or "nll".
        unit: what it is measured in.
        level, together: see ``reprise.statistics``.
    """
    pairs = [(a, m, b, k) for (a, m), (b, k) in zip(one, other, strict=True)]
    values = [apart(a.measures[m][measure], b.measures[k][measure]) for a, m, b, k in pairs]
    drawn = [apart(a.resampled[m][measure], b.resampled[k][measure]) for a, m, b, k in pairs]
    return _jointly(values, drawn, unit, level, together)


def above_chance(networks: Sequence[Scores], level: float = LEVEL) -> Effect:
    """Mean over networks of the ECE less the one that perfect calibration would show by chance; as ``compared``."""
    values = [s.ece - s.measures["uncalibrated"]["floor"] for s in networks]
    return _jointly(values, [s.resampled["uncalibrated"]["ece"] for s in networks], "ECE", level, 1)


def _jointly(values: list[np.ndarray], drawn: list[np.ndarray], unit: str, level: float, together: int) -> Effect:
    """The mean of (seeds,) ``values``; ``drawn`` are (seeds, REPLICATES) of the same on images drawn again.

    The images are drawn again jointly: each sample holds for all networks, seeds and methods, so what they share
    cancels. Of the samples only the spread counts: resampling biases the ECE upwards.
    """
    per_seed = np.mean(same_seeds(*drawn), axis=0)
    seeds, all_seeds, each = len(per_seed), per_seed.mean(axis=0).var(ddof=1), per_seed.var(axis=1, ddof=1).mean()
    # what single networks do on single images is in every seed's spread and averages out over seeds
    passing = (each - all_seeds) / (seeds - 1) if seeds > 1 else 0.0
    lasting = float(np.clip(1 - passing / all_seeds, 0, 1)) if all_seeds else 0.0
    error = float(all_seeds**0.5)
    mean = np.mean(same_seeds(*values), axis=0)
    return seeds_effect(mean, unit, examples_error=error, lasting=lasting, level=level, together=together)


def fewest(networks: Iterable[Scores]) -> int:
    """Seeds that all of them have."""
    return min(len(s.logits) for s in networks)


def barred(networks: Iterable[Scores]) -> str:
    """Why a comparison of these may not be judged; empty where all have learned their task."""
    return joined(*dict.fromkeys(s.idle for s in networks))


def barred_at_the_end(networks: Sequence[Scores]) -> str:
    """The same of what training ends with: it must have ended, too."""
    return joined(barred(networks), *dict.fromkeys(s.cut for s in networks))


def floor_remark(networks: Iterable[Scores], methods: Iterable[str] = ("uncalibrated",)) -> str:
    """A sentence for captions: which ECE is chance."""
    floors = [s.measures[method]["floor"].mean() for s, method in product(networks, methods)]
    low, high = (f"{100 * end:.2f}" for end in (min(floors), max(floors)))
    return (
        f"A perfectly calibrated network would by chance show an ECE of {low if low == high else f'{low} to {high}'} %."
    )
