"""Claim 164: whether descents get stuck, by dimension, and how rare minima are among random critical points."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, below, equals, joined, primary
from reprise.statistics import Effect, proportion
from reprise.studies.initialisation import lesson
from reprise.studies.initialisation.descents import Ends, descend, exclusive_or, students
from reprise.studies.initialisation.settings import Config

# units, the largest network decides; and how many of the settings' descents the largest and the others have
FAMILIES = {
    exclusive_or: ("the exclusive or", (2, 4, 16, 64, 256), 1, 1 / 5),
    students: ("what as many units compute", (4, 8, 16), 1 / 15, 1 / 15),  # pairs of units: dear
}
SHOWN = ("initialisation-minima",)
Eigenvalues = dict[int, np.ndarray]  # dimension -> (Hessians,) least eigenvalues


class Descended(NamedTuple):
    """Descents in networks of one size."""

    units: int
    ends: Ends

    @property
    def dimension(self) -> int:
        """Weights."""
        return self.ends.weights.shape[1]


Descents = dict[str, list[Descended]]  # what is learned -> networks from small to large


def descents(config: Config) -> Descents:
    """Both families, from small networks to large."""
    found = {}
    for made, (learned, sizes, largest, others) in FAMILIES.items():
        rows = []
        for units in sizes:
            count = max(2, round(config.descents * (largest if units == sizes[-1] else others)))
            ends = descend(made(units), count, np.random.default_rng([164, units, count]))
            rows.append(Descended(units, ends))
        found[learned] = rows
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
    """Share of descents that are stuck; any that still move may be stuck too: the upper end has them."""
    stuck, moving, count = int(ends.stuck.sum()), int(ends.moving.sum()), len(ends.losses)
    least, most = (proportion(n, count, "share of descents", together=together) for n in (stuck, stuck + moving))
    return replace(least, high=most.high, strict_high=most.strict_high)


def findings(declared: Declaration, config: Config, eigenvalues: Eigenvalues, found: Descents) -> list[Finding]:
    """Descents in the largest networks of both families, and random Hessians."""
    xor, apprentices = (rows[-1] for rows in found.values())
    spare, none = found.values()
    effect, other = share_stuck(xor.ends), share_stuck(apprentices.ends)
    return [
        primary(
            declared,
            effect,
            undecided=joined(off_plan(declared, effect), disagreement(declared, effect, other)),
            note=_by_size(spare, "Weights to spare: two units can do it."),
            figures=SHOWN,
        ),
        Finding(
            164,
            f"The same share of {apprentices.units} ReLU units that learn what {apprentices.units} others compute, "
            f"{apprentices.dimension} weights",
            other,
            note=_by_size(none, "None to spare; Safran and Shamir (2018) proved such minima."),
            figures=SHOWN,
        ),
        *_hessians(config, eigenvalues),
    ]


def off_plan(declared: Declaration, effect: Effect) -> str:
    """Why so many descents may not be judged."""
    planned = declared.planned.n if declared.planned else effect.n
    return "" if effect.n == planned else f"{effect.n:,} descents, planned are {planned:,}"


def disagreement(declared: Declaration, effect: Effect, other: Effect) -> str:
    """That the second family's share does not lie on the same side of the band's end."""
    if declared.expect.judge(effect) == declared.expect.judge(other):
        return ""
    return f"of the second family, without weights to spare, {100 * other.value:.0f} % are stuck"


def _by_size(rows: list[Descended], note: str) -> str:
    shares = ", ".join(f"{row.dimension:,}: {100 * row.ends.stuck.mean():.1f} %" for row in rows)
    return f"{note} Stuck by number of weights: {shares}."


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
