"""Claims 88 and 89: the grid against the plain rules, and the source's example by the numbers it prints."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.evaluation import declarations
from reprise.studies.puzzles import shields
from reprise.studies.puzzles.lesson.shields import best_shields, floor_rule, nearest_rule
from reprise.studies.puzzles.published import SHIELDS_OPTIMA, SHIELDS_TABLE
from reprise.studies.puzzles.shields import MONEY, PRICES, RICHER, Cases, findings, metrics

DECLARED = declarations("puzzles")


def found(cases, claim, start=""):
    return [f for f in findings(DECLARED, cases, cases) if f.claim == claim and f.measures.startswith(start)]


@pytest.fixture(scope="module")
def cases():
    return shields.every_case()


def test_the_grid_holds_what_the_plain_rules_give(cases):
    geometry = [(int(money), g, w) for g in PRICES for w in PRICES for money in MONEY]
    assert cases.best.shape == cases.floor.shape == cases.nearest.shape == cases.half.shape == (len(geometry),)
    for i in np.random.default_rng(0).choice(len(geometry), 200, replace=False):
        assert cases.best[i] == best_shields(*geometry[i])[1]
        assert cases.floor[i] == floor_rule(*geometry[i])
        assert cases.nearest[i] == nearest_rule(*geometry[i])
        assert cases.half[i] == geometry[i][0] / (2 * geometry[i][1])


def test_no_rule_beats_the_search(cases):
    assert (cases.floor <= cases.nearest).all()
    assert (cases.nearest <= cases.best).all()
    assert 0 < (cases.nearest < cases.best).mean() < cases.worse / cases.best.size


def test_the_sources_table_is_read_as_printed():
    assert [tuple(row.values()) for row in SHIELDS_TABLE] == [(1, 4, 4), (2, 3, 6), (3, 2, 6), (4, 1, 4)]
    assert [tuple(row.values()) for row in SHIELDS_OPTIMA] == [(2, 3), (3, 4)]
    assert shields.PRINTED == "(2, 3) and (3, 4)"


def test_a_richer_grid_misses_the_best_more_often_and_loses_less(cases):
    richer = shields.every_case(RICHER)
    assert richer.best.shape == cases.best.shape
    assert richer.share_worse > cases.share_worse
    assert richer.lost.mean() < cases.lost.mean()


def test_shares_are_those_of_the_grid(cases):
    best = np.array([4, 6, 0])
    for floor, share, idle, lost in (([4, 6, 0], 0, 0, 0), ([4, 0, 0], 1 / 3, 1, 1 / 2)):
        made_up = Cases(np.ones(3), best, np.array(floor), best)
        _, worse, loss, *_, nothing, nearest = (f.effect.value for f in found(made_up, 89) if f.kind == "context")
        assert (worse, loss, nothing, nearest) == (share, lost, idle, 0)
        assert metrics(made_up)["shields_suboptimal"].value == share


def test_rounding_down_is_built_and_loses_nothing_at_prices_of_one(cases):
    (search,) = [f for f in found(cases, 89) if f.kind != "context"]
    assert (search.kind, search.verdict, search.effect.n) == ("oracle", "reproduced", 199)
    (lost,) = found(cases, 89, "Most damage")
    assert lost.effect.value == 0
    for money in shields.BUDGETS:
        assert floor_rule(money, 1, 1) == max(x * (money - x) for x in range(money + 1))


def test_a_search_that_misses_the_best_is_seen(monkeypatch, cases):
    monkeypatch.setattr(shields, "best_shields", lambda *case: (np.array([0]), best_shields(*case)[1] - 1))
    (search,) = [f for f in found(cases, 89) if f.kind == "oracle"]
    assert search.verdict == "contradicted"


@pytest.mark.parametrize(
    "formula",
    [
        lambda money, shield, warrior: (money / (3 * shield), money / (2 * warrior)),
        lambda money, shield, warrior: (money / (2 * warrior), money / (2 * shield)),
    ],
    ids=["a third", "the wrong way round"],
)
def test_a_wrong_formula_is_contradicted_and_the_slips_alone_are_not(monkeypatch, cases, formula):
    (right,) = [f for f in found(cases, 88) if f.kind == "primary"]
    assert right.verdict == "reproduced"
    assert [f.verdict for f in found(cases, 88) if f.kind == "slip"] == ["contradicted"] * 2
    monkeypatch.setattr(shields, "half_each", formula)
    (wrong,) = [f for f in found(cases, 88) if f.kind == "primary"]
    assert wrong.verdict == "contradicted"


def test_the_second_optimum_as_printed_costs_two_units_too_many(cases):
    (beyond,) = found(cases, 88, "Money needed")
    assert (beyond.effect.value, beyond.verdict) == (2, "contradicted")


def test_a_wrong_row_of_the_table_is_counted(monkeypatch, cases):
    wrong = [row | {"damage": row["damage"] + (row["shields"] == 4)} for row in SHIELDS_TABLE]
    monkeypatch.setattr(shields, "SHIELDS_TABLE", wrong)
    rows, optima = found(cases, 88, "Rows") + found(cases, 88, "Optimal numbers")
    assert (rows.effect.value, rows.verdict) == (3, "contradicted")
    assert optima.verdict == "reproduced"


def test_an_optimum_that_the_table_leaves_out_is_counted(monkeypatch, cases):
    monkeypatch.setattr(shields, "SHIELDS_TABLE", [row for row in SHIELDS_TABLE if row["shields"] != 3])
    (optima,) = found(cases, 88, "Optimal numbers")
    assert optima.verdict == "contradicted"
