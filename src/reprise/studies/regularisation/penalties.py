"""Claim 155: where a penalty moves the minimum of the source's example."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, between, equals, primary
from reprise.published import read_published
from reprise.statistics import Effect, exact
from reprise.studies.regularisation import lesson

STRENGTHS = np.logspace(-3, 3, 61)
PUBLISHED = read_published(Path(__file__).with_name("published.csv")).values("minimiser of the example")
SHOWN = ("regularisation-minimisers",)


def minimisers() -> dict[float, np.ndarray]:
    """p -> (strengths,): (θ1 - 1)² + (θ2 - 1)² + λ Σ|θ|^p separates, so one coordinate tells all."""
    return {p: np.array([lesson.lp_minimiser(1.0, s, p) for s in STRENGTHS]) for p in (0.5, 1.0, 1.5, 2.0, 4.0)}


def findings(declared: Declaration, curves: dict[float, np.ndarray]) -> list[Finding]:
    """Both ends of λ, the minimisers against their closed forms, and what tells L1 from L2."""
    return [*_ends(declared, curves), *_closed_forms(curves), *_selection(curves)]


def _closed_forms(curves: dict[float, np.ndarray]) -> list[Finding]:
    closed = {1.0: [lesson.lasso_minimiser(1.0, s) for s in STRENGTHS], 2.0: 1 / (1 + STRENGTHS)}
    return [
        Finding(
            155,
            f"Largest distance of the {name}, found by search",
            exact(np.abs(curves[p] - closed[p]).max(), len(STRENGTHS)),
            between(0, 1e-6),
            kind="oracle",
            oracle="numerical search without derivatives, good to about √ε = 1.5e-8",
            figures=SHOWN,
        )
        for p, name in ((2.0, "L2 minimiser from 1 / (1 + λ)"), (1.0, "L1 minimiser from max(0, 1 - λ/2)"))
    ]


def _ends(declared: Declaration, curves: dict[float, np.ndarray]) -> list[Finding]:
    ends = ((-1, "λ = 1000", PUBLISHED["large λ"]), (0, "λ = 0.001", PUBLISHED["λ near 0"]))
    words = [f"({right:g}, {right:g}) at {text}" for _, text, right in ends]

    def apart(p: float) -> list[Effect]:
        return [exact(np.sqrt(2) * abs(curves[p][end] - right)) for end, _, right in ends]

    return [
        *(primary(declared, effect, of=of, figures=SHOWN) for of, effect in zip(words, apart(2.0), strict=True)),
        *(
            Finding(155, f"The same with an L1 penalty, {of}", effect, declared.expect, kind="secondary", figures=SHOWN)
            for of, effect in zip(words, apart(1.0), strict=True)
        ),
    ]


def _selection(curves: dict[float, np.ndarray]) -> list[Finding]:
    return [
        Finding(
            155,
            "Smallest λ on the grid at which the L1 minimiser is exactly 0",
            exact(STRENGTHS[curves[1.0] == 0].min()),
            between(2, 2 * STRENGTHS[1] / STRENGTHS[0]),
            kind="secondary",
            note="Theory: from λ = 2 on. L2 is never exactly 0: L1 selects, L2 shrinks. (The grid has steps of 26 %.)",
            figures=SHOWN,
        ),
        Finding(
            155,
            "Values of λ on the grid at which the L2 minimiser is exactly 0",
            exact(int((curves[2.0] == 0).sum()), len(STRENGTHS)),
            equals(0),
            kind="secondary",
        ),
        Finding(
            155,
            "Largest jump of the minimiser between neighbouring λ, p = 0.5",
            exact(np.abs(np.diff(curves[0.5])).max(), len(STRENGTHS)),
            note="For p < 1 the penalty is not convex: the minimiser leaps to 0 instead of sliding there.",
            figures=SHOWN,
        ),
        Finding(
            155,
            "(θ - 1)² + λθ³ as the source writes it, at θ = -1e6, λ = 1",
            exact(float(lesson.penalised_as_written(-1e6, 1.0, 1.0, 3))),
            variant="text",
            note="S3 writes θ^p for the Lp penalty. Without the absolute value odd p > 2 has no minimum at all, and "
            "p = 1 is not the L1 penalty; |θ|^p is meant.",
        ),
    ]
