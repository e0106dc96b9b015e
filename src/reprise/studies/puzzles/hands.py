"""Claim 94: a proposal, simulated. What it gains depends on an assumption nobody has measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reprise.claims.evidence import Finding, equals
from reprise.statistics import Effect, mean_effect
from reprise.studies.puzzles.lesson.typing import ROW, position_accuracy

KEY_PRESSES = (1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30)
SHOWN_PRESSES = 5
SAMPLE = "types as the sample"
# 7 places times 4 fingers are equally likely, and whichever of the 10 keys it is, one of the places that fit is right
ONE_KEY = len(ROW) / (4 * (len(ROW) - 3))
SHOWN = ("hand_position",)


@dataclass(frozen=True)
class Guesses:
    """How well a hand's place is found, for three kinds of typist.

    Attributes:
        gains: typist -> accuracy by finger frequencies minus that by coverage alone, after ``SHOWN_PRESSES``.
        curves: typist -> (key presses, 2) mean accuracies, by frequencies and by coverage.
        one_key: accuracy by coverage alone after one key of an even typist, minus ``ONE_KEY``.
        trials: simulated hands.
    """

    gains: dict[str, Effect]
    curves: dict[str, np.ndarray]
    one_key: Effect
    trials: int


def simulate(counts: np.ndarray, trials: int) -> Guesses:
    """A guesser who believes in the sample's (4,) counts, and typists who do and who do not type like that."""
    even, swapped = np.full(4, counts.sum() / 4), counts[[2, 3, 0, 1]]
    typists = {SAMPLE: counts, "uses all fingers alike": even, "favours other fingers": swapped}
    gains, curves = {}, {}
    for name, fingers in typists.items():
        pairs = [position_accuracy(fingers, counts, presses, trials) for presses in KEY_PRESSES]
        curves[name] = np.array([[guess.mean(), cover.mean()] for guess, cover in pairs])
        guess, cover = pairs[KEY_PRESSES.index(SHOWN_PRESSES)]
        gains[name] = mean_effect(guess - cover, unit="share of hands")
    _, cover = position_accuracy(even, even, 1, trials)
    return Guesses(gains, curves, mean_effect(cover - ONE_KEY, unit="share of hands"), trials)


def findings(found: Guesses) -> list[Finding]:
    """What is proposed, under each assumption about the typist; and the simulation against counting."""
    return [
        *(
            Finding(
                94,
                "Accuracy gained by knowing finger frequencies, over coverage alone, after "
                f"{SHOWN_PRESSES} key presses of a typist who {name} (simulated hands)",
                gain,
                note="an assumption: one hand position of one person was ever typed",
                figures=SHOWN,
            )
            for name, gain in found.gains.items()
        ),
        Finding(
            94,
            "Simulated minus counted chance of a right guess by coverage alone, one key of an even typist",
            found.one_key,
            equals(0, 0.04),
            kind="oracle",
            oracle="every place and finger counted",
            note="the band is four standard errors of a thousand hands and the interval's half width",
        ),
    ]
