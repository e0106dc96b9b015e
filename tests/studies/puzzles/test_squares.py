"""Claim 91: counts of every way, and how wrong ones are told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reprise.evaluation import declarations
from reprise.studies.puzzles import squares
from reprise.studies.puzzles.lesson import squares as lesson
from reprise.studies.puzzles.published import SQUARES_INPUT, SQUARES_TIMES

DECLARED = declarations("puzzles")[91]


@pytest.fixture(scope="module")
def counts():
    return squares.count_all(200)


def test_sympy_counts_as_plain_loops_do():
    for number in range(130):
        by_hand = sum(x * x + y * y == number for y in range(12) for x in range(y + 1))
        assert squares.by_sympy(number) == by_hand


def test_the_sources_input_is_whole_and_in_the_puzzles_range():
    assert len(SQUARES_INPUT) == 20
    assert SQUARES_INPUT[0] == 1105
    assert all(isinstance(number, int) and 0 <= number <= lesson.LIMIT for number in SQUARES_INPUT)
    assert SQUARES_TIMES == {"first step": 14, "second step": 80.5}


def test_ours_are_right_and_the_published_code_is_not(counts):
    assert counts.factors_wrong == counts.searches_wrong == 0
    wrong = [n for n in range(200) if lesson.published_count(n) != squares.by_sympy(n)]
    assert counts.published_small_wrong == len(wrong) > 10
    assert [found for found, _ in counts.factors] == counts.right


@pytest.mark.parametrize(("name", "field"), [("by_factors", "factors_wrong"), ("count", "searches_wrong")])
def test_a_way_that_counts_one_too_many_is_counted_wrong(monkeypatch, name, field):
    right = getattr(lesson, name)

    def wrong(*arguments):
        found, steps = right(*arguments)
        return found + 1, steps

    monkeypatch.setattr(lesson, name, wrong)
    expected = {"factors_wrong": 40 + 20, "searches_wrong": 130 * 4 + 20}
    assert getattr(squares.count_all(40), field) == expected[field]


def test_small_numbers_below_the_searched_ones_are_counted_alone(counts):
    few = squares.count_all(50)
    assert few.small == 50
    assert few.published_small_wrong <= counts.published_small_wrong


@pytest.mark.parametrize(("name", "exponent"), [("grid", 2), ("square", 1), ("arc", 0.5), ("half arc", 0.5)])
def test_the_ladder_grows_as_it_says(name, exponent):
    assert squares.growth_exponent(name) == pytest.approx(exponent, abs=0.01)


def test_one_wrong_answer_contradicts_and_the_note_lists_it_alone(counts):
    published = list(counts.right)
    published[1] += 5
    code = squares.findings(DECLARED, replace(counts, published=published))[0]
    assert (code.effect.value, code.verdict) == (1, "contradicted")
    assert code.note == f"{SQUARES_INPUT[1]}: {published[1]} instead of {counts.right[1]}"
    right = squares.findings(DECLARED, replace(counts, published=counts.right))[0]
    assert (right.effect.value, right.verdict, right.note) == (0, "reproduced", "")
    assert (code.kind, right.kind) == ("primary", "primary")


def test_the_table_has_the_input_in_its_order(counts):
    rows = squares.table(counts).rows
    assert tuple(row[0] for row in rows) == SQUARES_INPUT
    assert sum(row[3] for row in rows) == counts.steps["half arc"]
    assert sum(row[4] for row in rows) == counts.steps["factors"]
