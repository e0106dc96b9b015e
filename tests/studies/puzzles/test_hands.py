"""Claim 94: the interval is the range over assumptions, so one that loses keeps the claim open."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.statistics import Effect
from reprise.studies.puzzles.hands import JUDGED_PRESSES, KEY_PRESSES, SAMPLE, Guesses, findings, simulate
from reprise.studies.puzzles.lesson.typing import counts_by_word


@pytest.fixture(scope="module")
def guesses():
    return simulate(counts_by_word().sum(axis=0), 400)


def gain(value):
    return Effect(value, value - 0.01, value + 0.01, 400)


def test_every_typist_is_simulated_at_every_number_of_presses(guesses):
    assert len(guesses.gains) == 3
    assert set(guesses.gains) == set(guesses.curves)
    for curve in guesses.curves.values():
        assert curve.shape == (len(KEY_PRESSES), 2)
        assert ((curve > 0) & (curve <= 1)).all()


def test_gains_are_those_of_the_judged_number_of_presses(guesses):
    row = KEY_PRESSES.index(JUDGED_PRESSES)
    for name, effect in guesses.gains.items():
        frequencies, coverage = guesses.curves[name][row]
        assert effect.value == pytest.approx(frequencies - coverage)


def test_knowing_helps_with_a_typist_like_the_sample_and_misleads_with_another(guesses):
    assert guesses.gains[SAMPLE].low > 0
    assert guesses.gains["favours other fingers"].high < 0
    assert findings(guesses)[0].verdict == "inconclusive"


@pytest.mark.parametrize(
    ("gains", "verdict"),
    [([0.2, 0.1, 0.05], "reproduced"), ([0.2, 0.1, -0.05], "inconclusive"), ([-0.2, -0.1, -0.05], "contradicted")],
)
def test_all_assumptions_must_agree(gains, verdict):
    names = [SAMPLE, "a", "b"]
    made_up = Guesses({n: gain(g) for n, g in zip(names, gains, strict=True)}, {n: np.zeros(1) for n in names}, 400)
    judged = findings(made_up)[0]
    assert judged.verdict == verdict
    assert (judged.effect.low, judged.effect.high) == (min(gains) - 0.01, max(gains) + 0.01)
