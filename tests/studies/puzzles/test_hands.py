"""Claim 94: built, shown under each assumption, and checked by counting."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reprise.studies.puzzles.hands import KEY_PRESSES, ONE_KEY, SAMPLE, SHOWN_PRESSES, findings, simulate
from reprise.studies.puzzles.lesson.typing import counts_by_word


@pytest.fixture(scope="module")
def guesses():
    return simulate(counts_by_word().sum(axis=0), 400)


def test_every_typist_is_simulated_at_every_number_of_presses(guesses):
    assert len(guesses.gains) == 3
    assert set(guesses.gains) == set(guesses.curves)
    for curve in guesses.curves.values():
        assert curve.shape == (len(KEY_PRESSES), 2)
        assert ((curve > 0) & (curve <= 1)).all()


def test_gains_are_those_of_the_shown_number_of_presses(guesses):
    row = KEY_PRESSES.index(SHOWN_PRESSES)
    for name, effect in guesses.gains.items():
        frequencies, coverage = guesses.curves[name][row]
        assert effect.value == pytest.approx(frequencies - coverage)


def test_knowing_helps_with_a_typist_like_the_sample_and_misleads_with_another(guesses):
    assert guesses.gains[SAMPLE].low > 0
    assert guesses.gains["favours other fingers"].high < 0


def test_every_assumption_stands_by_itself_with_its_own_interval(guesses):
    shown = [finding for finding in findings(guesses) if finding.kind == "context"]
    assert [finding.effect for finding in shown] == list(guesses.gains.values())
    for name, finding in zip(guesses.gains, shown, strict=True):
        assert name in finding.measures


def test_one_key_is_checked_by_counting(guesses):
    covered = (1, 2, 3, 4, 4, 4, 4, 3, 2, 1)  # places that fit each key of the row
    chances = [1 / covered[place + finger] for place in range(7) for finger in range(4)]
    assert pytest.approx(sum(chances) / 28) == ONE_KEY
    *_, oracle = findings(guesses)
    assert (oracle.kind, oracle.verdict) == ("oracle", "reproduced")
    wrong = replace(guesses.one_key, low=guesses.one_key.low + 0.1, high=guesses.one_key.high + 0.1)
    *_, oracle = findings(replace(guesses, one_key=wrong))
    assert oracle.verdict != "reproduced"
