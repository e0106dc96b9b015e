"""Claims 88 and 89: shields and warriors, in real numbers by calculus and in whole numbers by search."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reprise.claims.evidence import Expect, Finding, Metric, equals
from reprise.statistics import exact
from reprise.studies.puzzles.lesson.shields import best_shields, damage
from reprise.studies.puzzles.published import SHIELDS_EXAMPLE, SHIELDS_OPTIMA, SHIELDS_TABLE

PRICES = range(1, 31)
MONEY = np.arange(1, 198, 7)  # 29 budgets: with 30 x 30 prices, 26,100 cases
PRINTED = " and ".join(f"({row['shields']}, {row['warriors']})" for row in SHIELDS_OPTIMA)


@dataclass(frozen=True)
class Cases:
    """Damage in every case of the grid, one flat array each.

    Attributes:
        half: shields that half the money would buy, M/2G.
        best: the most damage of any whole number of shields.
        floor: damage with floor(M/2G) of them.
        nearest: the better of that and of one shield more.
    """

    half: np.ndarray
    best: np.ndarray
    floor: np.ndarray
    nearest: np.ndarray

    @property
    def worse(self) -> int:
        """In how many cases the floor is not the best."""
        return int((self.floor < self.best).sum())


def every_case() -> Cases:
    """All prices and budgets of the grid."""
    rows = []
    for shield in PRICES:
        half = MONEY // (2 * shield)
        for warrior in PRICES:
            every = damage(MONEY[:, None], shield, warrior, np.arange(MONEY[-1] // shield + 1))
            floor, more = damage(MONEY, shield, warrior, half), damage(MONEY, shield, warrior, half + 1)
            rows.append((MONEY / (2 * shield), every.max(axis=1), floor, np.maximum(floor, more)))
    return Cases(*(np.concatenate(column) for column in zip(*rows, strict=True)))


def findings(cases: Cases) -> list[Finding]:
    """The calculus with the source's slips in it, the worked table, and the price of rounding down."""
    return [*_optimum_findings(), *_table_findings(), *_derivative_findings(), *_rounding_findings(cases)]


def _optimum_findings() -> list[Finding]:
    import sympy

    money, shield, warrior, count = sympy.symbols("M G W Y", positive=True)
    area = (money - count * warrior) / shield * count
    (solution,) = sympy.solve(sympy.diff(area, count), count)
    other = sympy.simplify((money - solution * warrior) / shield)
    residual = abs(sympy.simplify(solution - money / (2 * warrior))) + abs(sympy.simplify(other - money / (2 * shield)))
    return [
        Finding(
            88,
            "Distance of the real optimum, solved symbolically, from X = M/2G, Y = M/2W",
            exact(float(residual)),
            equals(0),
            variant="text",
            oracle="sympy",
        )
    ]


def _table_findings() -> list[Finding]:
    example = SHIELDS_EXAMPLE["money"], SHIELDS_EXAMPLE["shield"], SHIELDS_EXAMPLE["warrior"]
    places, most = best_shields(*example)
    right = sum(int(damage(*example, np.array(row["shields"]))) == row["damage"] for row in SHIELDS_TABLE)
    printed_best = max(row["damage"] for row in SHIELDS_TABLE)
    shown = {row["shields"] for row in SHIELDS_TABLE if row["damage"] == printed_best}
    best, second = set(places.tolist()), SHIELDS_OPTIMA[1]
    needed = second["shields"] * SHIELDS_EXAMPLE["shield"] + second["warriors"] * SHIELDS_EXAMPLE["warrior"]
    return [
        Finding(
            88,
            "Rows of the source's table with the right damage",
            exact(right, n=len(SHIELDS_TABLE)),
            equals(4),
            variant="text",
        ),
        Finding(
            88,
            "Optimal numbers of shields for five units of money that the source's table shows (2 and 3)",
            exact(len(best & shown) - len(best - shown), n=len(SHIELDS_TABLE)),
            equals(2),
            variant="text",
            note=f"Both give damage {most}.",
        ),
        Finding(
            88,
            "Money needed for the second optimum as printed, (3, 4), beyond the five units there are",
            exact(needed - SHIELDS_EXAMPLE["money"], unit="money"),
            Expect(high=0, closed=True),
            variant="text",
            published=f"{PRINTED} (text below the table)",
            defect=11,
            note="The table's own row is (3, 2).",
        ),
    ]


def _derivative_findings() -> list[Finding]:
    import sympy

    money, shield, warrior, count = sympy.symbols("M G W Y", positive=True)
    area = (money - count * warrior) / shield * count
    printed = count * (money - warrior * count) / shield
    example = {money: SHIELDS_EXAMPLE["money"], shield: SHIELDS_EXAMPLE["shield"], warrior: SHIELDS_EXAMPLE["warrior"]}
    optimum = (money / (2 * warrior)).subs(example)
    return [
        Finding(
            88,
            "The printed derivative at the optimum of that example; a derivative is 0 there",
            exact(float(printed.subs(example).subs(count, optimum))),
            equals(0),
            variant="text",
            published="∂A/∂Y = Y(M − WY)/G",
            defect=11,
            note="That expression is the area again.",
        ),
        Finding(
            88,
            "The right derivative, (M − 2WY)/G, at the optimum of that example",
            exact(float(sympy.diff(area, count).subs(example).subs(count, optimum))),
            equals(0),
            variant="corrected",
            oracle="sympy",
        ),
    ]


def _rounding_findings(cases: Cases) -> list[Finding]:
    total = cases.best.size
    return [
        Finding(
            89,
            "Share of cases in which floor(M/2G) shields do less damage than the best whole number",
            exact(cases.worse / total, n=total, unit="share of cases"),
            equals(0),
            variant="text",
            defect=11,
            note=f"{cases.worse:,} of {total:,} cases: prices 1 to 30, money {MONEY[0]} to {MONEY[-1]} in steps of 7. "
            "The rule is offered as one that got the author away with it, so it is expected to lose nothing.",
            figures=("shields_loss",),
        ),
        Finding(
            89,
            "Cases in which floor(M/2G) does no damage at all though some was possible",
            exact(int(((cases.floor == 0) & (cases.best > 0)).sum()), n=total, unit="cases"),
            kind="context",
            variant="text",
            defect=11,
            note="A shield dearer than half the money: the rule then buys none.",
        ),
        Finding(
            89,
            "Share of cases in which the better of floor(M/2G) and one more is still not the best",
            exact(float((cases.nearest < cases.best).mean()), n=total, unit="share of cases"),
            kind="context",
            variant="corrected",
            note="One comparison mends part of the loss, not all: only the search over X is exact.",
        ),
    ]


def metrics(cases: Cases) -> dict[str, Metric]:
    """For the gate: how often rounding down is not the best."""
    return {"shields_suboptimal": Metric(cases.worse / cases.best.size, "equal", n=cases.best.size)}
