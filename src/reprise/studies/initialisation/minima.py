"""Claim 164: whether descents get stuck, by dimension, and how rare minima are among random critical points."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, above, below, equals, primary
from reprise.statistics import Effect, exact, proportion
from reprise.studies.initialisation import lesson
from reprise.studies.initialisation.descents import Ends, Family, descend, exclusive_or, least_curvature, students
from reprise.studies.initialisation.settings import Config

SIZES = {exclusive_or: (2, 4, 8, 16), students: (4, 6, 8)}  # units; the largest decide
LEARNED = {exclusive_or: "the exclusive or", students: "what as many units compute"}
CURVED = 20  # ends whose curvature is taken
SHOWN = ("initialisation-minima",)
Eigenvalues = dict[int, np.ndarray]  # dimension -> (Hessians,) least eigenvalues


class Descended(NamedTuple):
    """Descents in networks of one size."""

    units: int
    family: Family
    ends: Ends

    @property
    def dimension(self) -> int:
        """Weights."""
        return self.ends.weights.shape[1]


Descents = dict[str, list[Descended]]  # what is learned -> networks from small to large


def descents(config: Config) -> Descents:
    """So many of the largest networks of each family as the settings say, a quarter of that of the smaller ones."""
    found = {}
    for made, sizes in SIZES.items():
        rows = []
        for units in sizes:
            count = config.descents if units == sizes[-1] else config.descents // 4
            family = made(units)
            rows.append(Descended(units, family, descend(family, count, np.random.default_rng([164, units, count]))))
        found[LEARNED[made]] = rows
    return found


def least_eigenvalues(config: Config) -> Eigenvalues:
    """Random Hessians of every dimension up to the settings' largest."""
    return {
        n: lesson.smallest_eigenvalues(n, config.hessians, np.random.default_rng([164, n]))
        for n in range(1, config.dimensions + 1)
    }


def share_of_minima(eigenvalues: np.ndarray, together: int = 1) -> Effect:
    """Share of Hessians all of whose eigenvalues are positive."""
    return proportion(int((eigenvalues > 0).sum()), len(eigenvalues), together=together)


def share_stuck(ends: Ends, together: int = 1) -> Effect:
    """Share of descents at rest above the lowest loss; any that still move may be stuck too: the upper end has them."""
    stuck, moving, count = int(ends.stuck.sum()), int(ends.moving.sum()), len(ends.losses)
    least, most = (proportion(n, count, "share of descents", together=together) for n in (stuck, stuck + moving))
    return replace(least, high=most.high, strict_high=most.strict_high)


def findings(declared: Declaration, config: Config, eigenvalues: Eigenvalues, found: Descents) -> list[Finding]:
    """Descents in the largest networks, the curvature where they are stuck, and random Hessians."""
    xor, apprentices = (rows[-1] for rows in found.values())
    words = (
        f"{xor.units} ReLU units that learn the exclusive or, {xor.dimension} weights",
        f"{apprentices.units} ReLU units that learn what {apprentices.units} others compute, {apprentices.dimension} "
        "weights",
    )
    notes = ("Weights to spare: two units can do it.", "None to spare; Safran and Shamir (2018) proved such minima.")
    return [
        *(
            primary(declared, share_stuck(each.ends, together=2), of=of, note=_by_size(rows, note), figures=SHOWN)
            for each, of, rows, note in zip((xor, apprentices), words, found.values(), notes, strict=True)
        ),
        *_curvature(apprentices),
        *_hessians(config, eigenvalues),
    ]


def _by_size(rows: list[Descended], note: str) -> str:
    shares = ", ".join(f"{row.dimension}: {100 * row.ends.stuck.mean():.1f} %" for row in rows)
    return f"{note} By number of weights: {shares}."


def _curvature(row: Descended) -> list[Finding]:
    ends = row.ends.weights[row.ends.stuck][:CURVED]
    if not len(ends):
        return []
    least = least_curvature(row.family, ends)
    words = f"Least curvature where {row.units} units that learn from {row.units} are stuck: smallest of all directions"
    note = "Above 0: minima, not saddles."
    return [Finding(164, words, exact(least.min(), len(least)), above(0), kind="secondary", note=note)]


def _hessians(config: Config, eigenvalues: Eigenvalues) -> list[Finding]:
    return [
        *(
            Finding(
                164,
                f"Share of random {n} x {n} Hessians that are minima",
                share_of_minima(eigenvalues[n]),
                equals(truth, 5 * np.sqrt(truth * (1 - truth) / config.hessians)),
                kind="oracle",
                oracle=f"exact probability {truth:.6f}; band of five standard errors",
                figures=SHOWN,
            )
            for n, truth in lesson.ALL_POSITIVE.items()
        ),
        *(
            Finding(
                164,
                f"Share of random {n} x {n} Hessians that are minima",
                share_of_minima(eigenvalues[n], together=2),
                below(bound),
                kind="secondary",
                note="“rare to have a local minimum”: among random critical points, where no descent comes to rest.",
                figures=SHOWN,
            )
            for n, bound in ((4, 0.01), (config.dimensions, 0.001))
        ),
    ]
