"""Claim 91: the ladder of searches for sums of two squares, and whether the published code counts right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, Metric, Table, equals, primary
from reprise.statistics import exact
from reprise.studies.puzzles.lesson import squares as lesson
from reprise.studies.puzzles.published import SQUARES_INPUT, SQUARES_TIMES

SEARCHED = 130  # numbers below it are searched by every algorithm of the ladder
ORACLE = "sympy.solvers.diophantine.sum_of_squares"


@dataclass(frozen=True)
class Counts:
    """What every way of counting gives.

    Attributes:
        right: by sympy, one a number of the source's input; so are the two below.
        published: by the source's Java.
        factors: by factorisation, and its steps.
        steps: algorithm -> candidates, or steps of the factorisation, over the whole input.
        small: numbers from 0 on that were checked besides.
        published_small_wrong: of these, how many the Java counts wrong.
        factors_wrong: wrong answers of the factorisation, small numbers and input together.
        searches_wrong: wrong answers of the four searches below ``SEARCHED``, and of half the arc on the input.
    """

    right: list[int]
    published: list[int]
    factors: list[tuple[int, int]]
    steps: dict[str, int]
    small: int
    published_small_wrong: int
    factors_wrong: int
    searches_wrong: int


def by_sympy(number: int) -> int:
    """The right count, from sympy's enumeration: independent of all of ours."""
    from sympy.solvers.diophantine.diophantine import sum_of_squares

    return len(list(sum_of_squares(number, 2, True))) if number else 1


def count_all(small: int) -> Counts:
    """The source's input and all numbers below ``small``, by every way that can be afforded."""
    right = [by_sympy(number) for number in SQUARES_INPUT]
    factors = [lesson.by_factors(number) for number in SQUARES_INPUT]
    truth = [by_sympy(number) for number in range(max(small, SEARCHED))]
    steps = {name: sum(lesson.operations(number, name) for number in SQUARES_INPUT) for name in lesson.LADDER}
    searches = sum(lesson.count(n, name)[0] != truth[n] for n in range(SEARCHED) for name in lesson.LADDER)
    searches += sum(lesson.count(n, "half arc")[0] != r for n, r in zip(SQUARES_INPUT, right, strict=True))
    return Counts(
        right=right,
        published=[lesson.published_count(number) for number in SQUARES_INPUT],
        factors=factors,
        steps=steps | {"factors": sum(taken for _, taken in factors)},
        small=small,
        published_small_wrong=sum(lesson.published_count(n) != truth[n] for n in range(small)),
        factors_wrong=sum(lesson.by_factors(n)[0] != truth[n] for n in range(small))
        + sum(found != r for (found, _), r in zip(factors, right, strict=True)),
        searches_wrong=searches,
    )


def findings(declared: Declaration, counts: Counts) -> list[Finding]:
    """Whether the code is right, how the ladder grows, our oracles, and what lies beyond the ladder."""
    return [
        *_code_findings(declared, counts),
        *_ladder_findings(counts),
        *_oracle_findings(counts),
        *_context_findings(counts),
    ]


def _ladder_findings(counts: Counts) -> list[Finding]:
    growth = (("grid", 2, "O(n²)"), ("square", 1, "O(n)"), ("half arc", 0.5, "O(√(n/2))"))
    return [
        *(
            Finding(
                91,
                f"Exponent of N in the number of candidates of the {name}, from N = 10⁶ to 2³¹ − 1",
                exact(growth_exponent(name)),
                equals(expected, 0.01),
                kind="secondary",
                variant="text",
                published=text,
                note="The tolerance is for the ends: √N + 1 is not √N.",
                figures=("squares_ladder",),
            )
            for name, expected, text in growth
        ),
        Finding(
            91,
            "Candidates of half the arc over those of the whole arc, on the source's 20 numbers",
            exact(counts.steps["half arc"] / counts.steps["arc"], n=len(SQUARES_INPUT)),
            equals(0.5**0.5, 0.001),
            kind="secondary",
            variant="text",
            published="√(n/2) instead of √n",
        ),
    ]


def growth_exponent(name: str) -> float:
    """Of N in an algorithm's number of candidates, between two ends."""
    low, high = 10**6, lesson.LIMIT
    ratio = lesson.operations(high, name) / lesson.operations(low, name)
    return float(np.log(ratio) / np.log(high / low))


def _code_findings(declared: Declaration, counts: Counts) -> list[Finding]:
    wrong = [
        f"{number}: {found} instead of {truth}"
        for number, found, truth in zip(SQUARES_INPUT, counts.published, counts.right, strict=True)
        if found != truth
    ]
    return [
        primary(
            declared,
            exact(len(wrong), n=len(SQUARES_INPUT), unit="numbers"),
            variant="code",
            defect=12,
            note="; ".join(wrong),
        ),
        Finding(
            91,
            f"Numbers below {counts.small:,} for which the published Java gives a wrong count",
            exact(counts.published_small_wrong, n=counts.small, unit="numbers"),
            equals(0),
            kind="slip",
            variant="code",
            defect=12,
            note="The loop runs to ⌈√(N/2)⌉ + 1, up to two steps past the diagonal, and meets mirror images there.",
        ),
    ]


def _oracle_findings(counts: Counts) -> list[Finding]:
    answers = SEARCHED * len(lesson.LADDER) + len(SQUARES_INPUT)
    return [
        Finding(
            91,
            "Wrong answers of the factorisation: the source's 20 numbers and all small ones",
            exact(counts.factors_wrong, n=counts.small + len(SQUARES_INPUT), unit="numbers"),
            equals(0),
            kind="oracle",
            oracle=ORACLE,
        ),
        Finding(
            91,
            "Wrong answers of the four searches: N below 130, and half the arc on the source's 20 numbers",
            exact(counts.searches_wrong, n=answers, unit="answers"),
            equals(0),
            kind="oracle",
            oracle=ORACLE,
        ),
    ]


def _context_findings(counts: Counts) -> list[Finding]:
    first, second = SQUARES_TIMES["first step"], SQUARES_TIMES["second step"]
    years = counts.steps["grid"] / (counts.steps["square"] / second) / (365.25 * 86400)
    return [
        Finding(
            91,
            "Steps of the factorisation over candidates of half the arc, on the source's 20 numbers",
            exact(counts.steps["factors"] / counts.steps["half arc"], n=len(SQUARES_INPUT)),
            variant="corrected",
            note="Pollard's rho needs about the fourth root of N: the square root is not the end of the ladder.",
        ),
        Finding(
            91,
            "Years that all pairs up to N would take on the 20 numbers, at the speed of the source's second step",
            exact(years, n=len(SQUARES_INPUT), unit="years"),
            variant="text",
            published=f"approx {first:g} minutes (first step), {second:g} secs (second step)",
            defect=12,
            note="So the 14 minutes were not those of the algorithm described: the first two steps lie a factor of N "
            "apart, not ten. And O(n²) is in the number itself: in its length every search is exponential.",
        ),
    ]


def metrics(counts: Counts) -> dict[str, Metric]:
    """For the gate: wrong counts of the source's code, and of ours."""
    ours = counts.factors_wrong + counts.searches_wrong
    return {
        "squares_published_wrong": Metric(counts.published_small_wrong, "equal", n=counts.small),
        "squares_ours_wrong": Metric(ours, "lower", n=counts.small + len(SQUARES_INPUT)),
    }


def table(counts: Counts) -> Table:
    """One number of the source's input a row."""
    rows = zip(SQUARES_INPUT, counts.right, counts.published, counts.factors, strict=True)
    return Table(
        "Double squares: the source's numbers",
        ("N", "ways", "published code", "half arc, candidates", "factorisation, steps"),
        tuple(
            (number, right, found, lesson.operations(number, "half arc"), steps)
            for number, right, found, (_, steps) in rows
        ),
        "Ways with 0 ≤ x ≤ y; steps are multiplications and divisions.",
    )
