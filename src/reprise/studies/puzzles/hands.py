"""Claim 94: a proposal, simulated. What it gains depends on an assumption nobody has measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reprise.claims.evidence import Finding, above
from reprise.statistics import Effect, mean_effect
from reprise.studies.puzzles.lesson.typing import position_accuracy

KEY_PRESSES = (1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30)
JUDGED_PRESSES = 5
SAMPLE = "types as the sample"
SHOWN = ("hand_position",)


@dataclass(frozen=True)
class Guesses:
    """How well a hand's place is found, for three kinds of typist.

    Attributes:
        gains: typist -> accuracy by finger frequencies minus that by coverage alone, after ``JUDGED_PRESSES``.
        curves: typist -> (key presses, 2) mean accuracies, by frequencies and by coverage.
        trials: simulated hands.
    """

    gains: dict[str, Effect]
    curves: dict[str, np.ndarray]
    trials: int


def simulate(counts: np.ndarray, trials: int) -> Guesses:
    """A guesser who believes in the sample's (4,) counts, and typists who do and who do not type like that."""
    even, swapped = np.full(4, counts.sum() / 4), counts[[2, 3, 0, 1]]
    typists = {SAMPLE: counts, "uses all fingers alike": even, "favours other fingers": swapped}
    gains, curves = {}, {}
    for name, fingers in typists.items():
        pairs = [position_accuracy(fingers, counts, presses, trials) for presses in KEY_PRESSES]
        curves[name] = np.array([[guess.mean(), cover.mean()] for guess, cover in pairs])
        guess, cover = pairs[KEY_PRESSES.index(JUDGED_PRESSES)]
        gains[name] = mean_effect(guess - cover)
    return Guesses(gains, curves, trials)


def findings(found: Guesses) -> list[Finding]:
    """The gain with its range over assumptions, and under each of them."""
    low, high = min(gain.low for gain in found.gains.values()), max(gain.high for gain in found.gains.values())
    return [
        Finding(
            94,
            f"Accuracy gained by knowing finger frequencies, over coverage alone, after {JUDGED_PRESSES} key presses "
            "(simulated hands)",
            Effect(found.gains[SAMPLE].value, low, high, found.trials, unit="share of hands"),
            above(0),
            note="A proposal without data: one hand position of one person was ever typed. The interval is the range "
            "over three assumptions about the typist, not over chance: as the sample, all fingers alike, other fingers "
            "favoured. It takes typists, not seeds, to settle it.",
            figures=SHOWN,
        ),
        *(
            Finding(94, f"The same for a typist who {name}", gain, kind="context", figures=SHOWN)
            for name, gain in found.gains.items()
        ),
    ]
