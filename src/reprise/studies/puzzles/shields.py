"""Claims 88 and 89: shields and warriors, in real numbers by calculus and in whole numbers by search."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reprise.claims.declarations import Declaration, Declarations
from reprise.claims.evidence import Expect, Finding, Metric, equals, primary
from reprise.statistics import exact
from reprise.studies.puzzles.lesson.shields import best_shields, damage, floor_rule, half_each
from reprise.studies.puzzles.published import SHIELDS_EXAMPLE, SHIELDS_OPTIMA, SHIELDS_TABLE

PRICES = range(1, 31)
MONEY = np.arange(1, 198, 7)  # 29 budgets: with 30 x 30 prices, 26,100 cases
RICHER = MONEY + 1000
BUDGETS = range(1, 200)
EXAMPLE = SHIELDS_EXAMPLE["money"], SHIELDS_EXAMPLE["shield"], SHIELDS_EXAMPLE["warrior"]
UNLIKE = 7, 2, 3  # money and prices at which a wrong formula would show how far off it is
PRINTED = " and ".join(f"({row['shields']}, {row['warriors']})" for row in SHIELDS_OPTIMA)
SHOWN = ("shields_loss",)


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

    @property
    def share_worse(self) -> float:
        """The same as a share of all cases."""
        return self.worse / self.best.size

    @property
    def lost(self) -> np.ndarray:
        """Share of the best damage that the floor loses, where some is possible."""
        possible = self.best > 0
        return 1 - self.floor[possible] / self.best[possible]


def every_case(money: np.ndarray = MONEY) -> Cases:
    """All prices of the grid with these (n,) rising budgets."""
    rows = []
    for shield in PRICES:
        half = money // (2 * shield)
        for warrior in PRICES:
            every = damage(money[:, None], shield, warrior, np.arange(money[-1] // shield + 1))
            floor, more = damage(money, shield, warrior, half), damage(money, shield, warrior, half + 1)
            rows.append((money / (2 * shield), every.max(axis=1), floor, np.maximum(floor, more)))
    return Cases(*(np.concatenate(column) for column in zip(*rows, strict=True)))


def findings(declared: Declarations, cases: Cases, richer: Cases) -> list[Finding]:
    """The formula, the worked table and the slips in it; then rounding down, and what it costs on two grids.

    Args:
        declared: of claims 88 and 89.
        cases: of the budgets ``MONEY``.
        richer: of the budgets ``RICHER``.
    """
    return [
        *_optimum_findings(declared[88]),
        *_table_findings(),
        *_rounding_findings(),
        *_grid_findings(cases, richer),
    ]


def _optimum_findings(declared: Declaration) -> list[Finding]:
    """The formula that the source reaches, and the line of its derivation that is misprinted."""
    import sympy

    money, shield, warrior, count = sympy.symbols("M G W Y", positive=True)
    example, unlike = (dict(zip((money, shield, warrior), amounts, strict=True)) for amounts in (EXAMPLE, UNLIKE))
    area = (money - count * warrior) / shield * count
    (warriors,) = sympy.solve(sympy.diff(area, count), count)
    shields, stated = (money - warriors * warrior) / shield, half_each(money, shield, warrior)
    apart = sympy.simplify(abs(shields - stated[0]) + abs(warriors - stated[1]))
    printed = (count * (money - warrior * count) / shield).subs(count, warriors).subs(example)
    return [
        primary(
            declared,
            exact(float(apart.subs(unlike)), unit="units bought"),
            variant="text",
            oracle="sympy",
            note="solved for any money and prices",
        ),
        Finding(
            88,
            "The printed derivative at the optimum of that example; a derivative is 0 there",
            exact(float(printed)),
            equals(0),
            kind="slip",
            variant="text",
            published="∂A/∂Y = Y(M − WY)/G",
            defect=11,
            note="That expression is the area again; the derivative is (M − 2WY)/G.",
        ),
    ]


def _table_findings() -> list[Finding]:
    places, most = best_shields(*EXAMPLE)
    right = sum(int(damage(*EXAMPLE, np.array(row["shields"]))) == row["damage"] for row in SHIELDS_TABLE)
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
            kind="secondary",
            variant="text",
        ),
        Finding(
            88,
            "Optimal numbers of shields for five units of money that the source's table shows (2 and 3)",
            exact(len(best & shown) - len(best - shown), n=len(SHIELDS_TABLE)),
            equals(2),
            kind="secondary",
            variant="text",
            note=f"Both give damage {most}.",
        ),
        Finding(
            88,
            "Money needed for the second optimum as printed, (3, 4), beyond the five units there are",
            exact(needed - SHIELDS_EXAMPLE["money"], unit="money"),
            Expect(high=0, closed=True),
            kind="slip",
            variant="text",
            published=f"{PRINTED} (text below the table)",
            defect=11,
            note="The table's own row is (3, 2).",
        ),
    ]


def _rounding_findings() -> list[Finding]:
    """Rounding down where both prices are 1, as in the source's example, and our search there."""
    found = [best_shields(money, 1, 1)[1] for money in BUDGETS]
    lost = [best - floor_rule(money, 1, 1) for money, best in zip(BUDGETS, found, strict=True)]
    return [
        Finding(
            89,
            "Largest difference of our search's best damage from ⌊M²/4⌋, both prices 1",
            exact(max(abs(best - money**2 // 4) for money, best in zip(BUDGETS, found, strict=True)), n=len(found)),
            equals(0),
            kind="oracle",
            oracle="the closed form for equal prices of 1",
        ),
        Finding(
            89,
            "Most damage that floor(M/2G) shields lose at the prices of the source's example, 1 and 1",
            exact(max(lost), n=len(lost), unit="damage"),
            variant="text",
            note="An identity: half and half, but for one. No rule for other prices: see what it loses there.",
        ),
    ]


def _grid_findings(cases: Cases, richer: Cases) -> list[Finding]:
    """What rounding down costs at other prices: every share belongs to its grid."""
    found = []
    for grid, money in ((cases, MONEY), (richer, RICHER)):
        words, total = f"prices 1 to 30, money {money[0]:,} to {money[-1]:,} in steps of 7", grid.best.size
        more = {"variant": "text", "figures": SHOWN if grid is cases else ()}
        found += [
            Finding(
                89,
                f"Share of the cases of a grid ({words}) in which floor(M/2G) does less damage than the best",
                exact(grid.share_worse, n=total, unit="share of cases"),
                note=f"{grid.worse:,} of {total:,} cases; a property of this grid.",
                **more,
            ),
            Finding(
                89,
                f"Mean share of the best damage that floor(M/2G) loses on that grid ({words})",
                exact(float(grid.lost.mean()), n=grid.lost.size, unit="share of damage"),
                note="With more money there are more numbers to miss and less to lose by it.",
                **more,
            ),
        ]
    total = cases.best.size
    return [
        *found,
        Finding(
            89,
            "Cases of the first grid in which floor(M/2G) does no damage at all though some was possible",
            exact(int(((cases.floor == 0) & (cases.best > 0)).sum()), n=total, unit="cases"),
            variant="text",
            defect=11,
            note="A shield dearer than half the money: the rule then buys none.",
        ),
        Finding(
            89,
            "Share of cases of the first grid in which the better of floor(M/2G) and one more is still not the best",
            exact(float((cases.nearest < cases.best).mean()), n=total, unit="share of cases"),
            variant="corrected",
            note="One comparison mends part of the loss, not all: only the search over X is exact.",
        ),
    ]


def metrics(cases: Cases) -> dict[str, Metric]:
    """For the gate: how often rounding down is not the best."""
    return {"shields_suboptimal": Metric(cases.share_worse, "equal", n=cases.best.size)}
