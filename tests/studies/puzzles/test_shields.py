"""Claims 88 and 89: the grid against the plain rules, and the source's example by the numbers it prints."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.studies.puzzles import shields
from reprise.studies.puzzles.lesson.shields import best_shields, floor_rule, nearest_rule
from reprise.studies.puzzles.published import SHIELDS_OPTIMA, SHIELDS_TABLE
from reprise.studies.puzzles.shields import MONEY, PRICES, Cases, findings, metrics


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


def test_a_rule_that_loses_once_is_contradicted_and_one_that_never_does_is_not():
    best = np.array([4, 6, 0])
    for floor, verdict, share, idle in (([4, 6, 0], "reproduced", 0, 0), ([4, 0, 0], "contradicted", 1 / 3, 1)):
        made_up = Cases(np.ones(3), best, np.array(floor), best)
        rule, nothing, nearest = findings(made_up)[-3:]
        assert (rule.effect.value, rule.verdict) == (share, verdict)
        assert nothing.effect.value == idle
        assert nearest.effect.value == 0
        assert metrics(made_up)["shields_suboptimal"].value == share


def test_the_second_optimum_as_printed_costs_two_units_too_many(cases):
    beyond = next(finding for finding in findings(cases) if finding.measures.startswith("Money needed"))
    assert (beyond.effect.value, beyond.verdict) == (2, "contradicted")


def test_a_wrong_row_of_the_table_is_counted(monkeypatch, cases):
    wrong = [row | {"damage": row["damage"] + (row["shields"] == 4)} for row in SHIELDS_TABLE]
    monkeypatch.setattr(shields, "SHIELDS_TABLE", wrong)
    rows, optima = findings(cases)[1:3]
    assert (rows.effect.value, rows.verdict) == (3, "contradicted")
    assert optima.verdict == "reproduced"


def test_an_optimum_that_the_table_leaves_out_is_counted(monkeypatch, cases):
    monkeypatch.setattr(shields, "SHIELDS_TABLE", [row for row in SHIELDS_TABLE if row["shields"] != 3])
    assert findings(cases)[2].verdict == "contradicted"
