"""Claims 88, 89 and 91: shields and double squares, by exact arithmetic."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import sympy
from sympy.solvers.diophantine.diophantine import sum_of_squares

from reprise.claims.evidence import Expect, Figure, Finding, Metric, Table, equals
from reprise.plotting import COLOURS, figure
from reprise.statistics import exact
from reprise.studies.puzzles.lesson import squares as double
from reprise.studies.puzzles.lesson.shields import best_shields, damage

PRICES = range(1, 31)
MONEY = np.arange(1, 198, 7)  # 29 budgets: with 30 x 30 prices, 26,100 cases


@dataclass
class Part:
    """What one puzzle adds to the page."""

    findings: list[Finding]
    tables: list[Table] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    metrics: dict[str, Metric] = field(default_factory=dict)


def shields(folder: Path) -> Part:
    """Claims 88 and 89."""
    grid = _shield_grid()
    best, floor, nearest = grid["best"], grid["floor"], grid["nearest"]
    worse, nothing = int((floor < best).sum()), int(((floor == 0) & (best > 0)).sum())
    _draw_shields(folder / "shields_loss.svg", grid)
    findings = [
        *_shield_algebra(),
        Finding(
            89,
            "Share of cases in which floor(M/2G) shields do less damage than the best whole number",
            exact(worse / best.size, n=best.size, unit="share of cases"),
            equals(0),
            variant="text",
            defect=11,
            note=f"{worse:,} of {best.size:,} cases: prices 1 to 30, money {MONEY[0]} to {MONEY[-1]} in steps of 7. "
            "The rule is offered as one that got the author away with it, so it is expected to lose nothing.",
            figures=("shields_loss",),
        ),
        Finding(
            89,
            "Cases in which floor(M/2G) does no damage at all though some was possible",
            exact(nothing, n=best.size, unit="cases"),
            kind="context",
            variant="text",
            defect=11,
            note="A shield dearer than half the money: the rule then buys none.",
        ),
        Finding(
            89,
            "Share of cases in which the better of floor(M/2G) and one more is still not the best",
            exact(float((nearest < best).mean()), n=best.size, unit="share of cases"),
            kind="context",
            variant="corrected",
            note="One comparison mends part of the loss, not all: only the search over X is exact.",
        ),
    ]
    drawn = Figure(
        "shields_loss",
        "What rounding down costs",
        "Mean share of the best damage lost, against M/2G: all of it between a half and one, about a tenth later.",
        "Grid of 26,100 cases, those in which some damage is possible, grouped by M/2G in steps of a quarter.",
    )
    return Part(
        findings, figures=[drawn], metrics={"shields_suboptimal": Metric(worse / best.size, "equal", n=best.size)}
    )


def _shield_algebra() -> list[Finding]:
    """The calculus of claim 88, and the source's two slips in it."""
    money, shield, warrior, count = sympy.symbols("M G W Y", positive=True)
    area = (money - count * warrior) / shield * count
    (solution,) = sympy.solve(sympy.diff(area, count), count)
    other = sympy.simplify((money - solution * warrior) / shield)
    residual = abs(sympy.simplify(solution - money / (2 * warrior))) + abs(sympy.simplify(other - money / (2 * shield)))
    printed = count * (money - warrior * count) / shield
    example = {money: 5, shield: 1, warrior: 1}
    places, most = best_shields(5, 1, 1)
    table = {1: 4, 2: 6, 3: 6, 4: 4}
    right = sum(int(damage(5, 1, 1, np.array(x))) == value for x, value in table.items())
    return [
        Finding(
            88,
            "Distance of the real optimum, solved symbolically, from X = M/2G, Y = M/2W",
            exact(float(residual)),
            equals(0),
            variant="text",
            oracle="sympy",
        ),
        Finding(88, "Rows of the source's table with the right damage", exact(right, n=4), equals(4), variant="text"),
        Finding(
            88,
            "Optimal numbers of shields for five units of money that the source's table shows (2 and 3)",
            exact(len(set(places.tolist()) & {2, 3}) - len(set(places.tolist()) - {2, 3}), n=len(table)),
            equals(2),
            variant="text",
            note=f"Both give damage {most}.",
        ),
        Finding(
            88,
            "Money needed for the second optimum as printed, (3, 4), beyond the five units there are",
            exact(3 + 4 - 5, unit="money"),
            Expect(high=0, closed=True),
            variant="text",
            published="(2, 3) and (3, 4) (text below the table)",
            defect=11,
            note="The table's own row is (3, 2).",
        ),
        Finding(
            88,
            "The printed derivative at the optimum of that example; a derivative is 0 there",
            exact(float(printed.subs(example).subs(count, sympy.Rational(5, 2)))),
            equals(0),
            variant="text",
            published="∂A/∂Y = Y(M − WY)/G",
            defect=11,
            note="That expression is the area again.",
        ),
        Finding(
            88,
            "The right derivative, (M − 2WY)/G, at the optimum of that example",
            exact(float(sympy.diff(area, count).subs(example).subs(count, sympy.Rational(5, 2)))),
            equals(0),
            variant="corrected",
            oracle="sympy",
        ),
    ]


def _shield_grid() -> dict[str, np.ndarray]:
    """Best damage and both rules' for every case, one flat array each."""
    columns: dict[str, list[np.ndarray]] = {"best": [], "floor": [], "nearest": [], "half": []}
    for shield in PRICES:
        half = MONEY // (2 * shield)
        for warrior in PRICES:
            every = damage(MONEY[:, None], shield, warrior, np.arange(MONEY[-1] // shield + 1))
            floor, more = damage(MONEY, shield, warrior, half), damage(MONEY, shield, warrior, half + 1)
            for name, values in (
                ("best", every.max(axis=1)),
                ("floor", floor),
                ("nearest", np.maximum(floor, more)),
                ("half", MONEY / (2 * shield)),
            ):
                columns[name].append(values)
    return {name: np.concatenate(values) for name, values in columns.items()}


def squares(folder: Path, small: int) -> Part:
    """Claim 91."""
    numbers = double.SOURCE_NUMBERS
    right = [by_sympy(number) for number in numbers]
    factors = [double.by_factors(number) for number in numbers]
    published = [double.published_count(number) for number in numbers]
    ladder = {name: sum(double.operations(number, name) for number in numbers) for name in double.LADDER}
    ladder["factors"] = sum(steps for _, steps in factors)
    small_wrong = sum(double.published_count(number) != by_sympy(number) for number in range(small))
    checked = sum(double.by_factors(number)[0] != by_sympy(number) for number in range(small))
    checked += sum(found != truth for (found, _), truth in zip(factors, right, strict=True))
    searched = sum(double.count(n, name)[0] != by_sympy(n) for n in range(0, 130) for name in double.LADDER)
    searched += sum(double.count(n, "half arc")[0] != truth for n, truth in zip(numbers, right, strict=True))
    _draw_squares(folder / "squares_ladder.svg")
    findings = [
        *(
            Finding(
                91,
                f"Exponent of N in the number of candidates of the {name}, from N = 10⁶ to 2³¹ − 1",
                exact(_growth(name)),
                equals(expected, 0.01),
                variant="text",
                published=text,
                note="The tolerance is for the ends: √N + 1 is not √N.",
                figures=("squares_ladder",),
            )
            for name, expected, text in (
                ("grid", 2, "O(n²)"),
                ("square", 1, "O(n)"),
                ("half arc", 0.5, "O(√(n/2))"),
            )
        ),
        Finding(
            91,
            "Candidates of half the arc over those of the whole arc, on the source's 20 numbers",
            exact(ladder["half arc"] / ladder["arc"], n=20),
            equals(0.5**0.5, 0.001),
            variant="text",
            published="√(n/2) instead of √n",
        ),
        Finding(
            91,
            f"Numbers below {small:,} for which the published Java gives a wrong count",
            exact(small_wrong, n=small, unit="numbers"),
            equals(0),
            variant="code",
            defect=12,
            note="The loop runs to ⌈√(N/2)⌉ + 1, up to two steps past the diagonal, and meets mirror images there.",
        ),
        Finding(
            91,
            "Of the source's own 20 numbers, those for which it is wrong",
            exact(sum(a != b for a, b in zip(published, right, strict=True)), n=20, unit="numbers"),
            equals(0),
            variant="code",
            defect=12,
            note="; ".join(
                f"{number}: {found} instead of {truth}"
                for number, found, truth in zip(numbers, published, right, strict=True)
                if found != truth
            ),
        ),
        Finding(
            91,
            "Wrong answers of the factorisation: the source's 20 numbers and all small ones",
            exact(checked, n=small + 20, unit="numbers"),
            equals(0),
            kind="oracle",
            oracle="sympy.solvers.diophantine.sum_of_squares",
        ),
        Finding(
            91,
            "Wrong answers of the four searches: N below 130, and half the arc on the source's 20 numbers",
            exact(searched, n=130 * 4 + 20, unit="answers"),
            equals(0),
            kind="oracle",
            oracle="sympy.solvers.diophantine.sum_of_squares",
        ),
        Finding(
            91,
            "Steps of the factorisation over candidates of half the arc, on the source's 20 numbers",
            exact(ladder["factors"] / ladder["half arc"], n=20),
            kind="context",
            variant="corrected",
            note="Pollard's rho needs about the fourth root of N: the square root is not the end of the ladder.",
        ),
        Finding(
            91,
            "Years that all pairs up to N would take on the 20 numbers, at the speed of the source's second step",
            exact(ladder["grid"] / (ladder["square"] / 80.5) / (365.25 * 86400), n=20, unit="years"),
            kind="context",
            variant="text",
            published="approx 14 minutes (first step), 80.5 secs (second step)",
            defect=12,
            note="So the 14 minutes were not those of the algorithm described: the first two steps lie a factor of N "
            "apart, not ten. And O(n²) is in the number itself: in its length every search is exponential.",
        ),
    ]
    table = Table(
        "Double squares: the source's numbers",
        ("N", "ways", "published code", "half arc, candidates", "factorisation, steps"),
        tuple(
            (number, truth, found, double.operations(number, "half arc"), steps)
            for number, truth, found, (_, steps) in zip(numbers, right, published, factors, strict=True)
        ),
        "Ways with 0 ≤ x ≤ y; steps are multiplications and divisions.",
    )
    drawn = Figure(
        "squares_ladder",
        "The ladder",
        "Lines of falling slope in logarithmic axes: all pairs, the square, the arc, half of it; below them the "
        "factorisation's scattered points.",
        "Candidates looked at, and the factorisation's steps for the source's numbers.",
    )
    metrics = {
        "squares_published_wrong": Metric(small_wrong, "equal", n=small),
        "squares_ours_wrong": Metric(checked + searched, "lower", n=small + 20),
    }
    return Part(findings, [table], [drawn], metrics)


def by_sympy(number: int) -> int:
    """The right count, from sympy's enumeration: independent of all of ours."""
    return len(list(sum_of_squares(number, 2, True))) if number else 1


def _growth(name: str) -> float:
    low, high = 10**6, double.LIMIT
    ratio = double.operations(high, name) / double.operations(low, name)
    return float(np.log(ratio) / np.log(high / low))


def _draw_shields(path: Path, grid: dict[str, np.ndarray]) -> None:
    possible = grid["best"] > 0
    lost = 1 - grid["floor"][possible] / grid["best"][possible]
    place = np.floor(4 * grid["half"][possible]).astype(int)
    mean = np.bincount(place, lost) / np.maximum(np.bincount(place), 1)
    with figure(path, 7, 3) as (_, axis):
        axis.step(np.arange(41) / 4, np.append(mean[:40], mean[39]), where="post", color=COLOURS[0])
        axis.set_xlabel("shields that half the money would buy, M/2G")
        axis.set_ylabel("share of best damage lost")
        axis.set_xticks(range(11))
        axis.set_ylim(0, 1.02)


def _draw_squares(path: Path) -> None:
    numbers = np.unique(np.logspace(1, np.log10(double.LIMIT), 60).astype(int))
    with figure(path, 7, 3.6) as (_, axis):
        for place, name in enumerate(double.LADDER):
            style = ":" if name == "half arc" else "-"
            counts = [double.operations(int(number), name) for number in numbers]
            axis.loglog(numbers, np.array(counts, dtype=float), style, color=COLOURS[place], label=name)
        pairs = [(number, double.by_factors(number)[1]) for number in double.SOURCE_NUMBERS if number]
        axis.loglog(*zip(*pairs, strict=True), "o", color=COLOURS[4], markersize=4, label="factorisation")
        axis.set_xlabel("N")
        axis.set_ylabel("candidates or steps")
        axis.legend()
