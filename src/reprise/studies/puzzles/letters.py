"""Claim 93: whether the letters of a randomly typed sample are equally frequent, and in which order they come."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy import stats

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, Metric, above, below, equals, primary
from reprise.statistics import Effect, exact, paired_effect, ratio_of_groups
from reprise.studies.puzzles.lesson.typing import KEYS, TABLE_ORDER, monte_carlo_p, wrong_pairs
from reprise.studies.puzzles.published import LETTER_CHANCE

H = KEYS.index("h")
FINGERS = TABLE_ORDER  # the longest first, as the source's table has them


def findings(declared: Declaration, words: np.ndarray, replicates: int) -> list[Finding]:
    """The order, the test against equal chances, and what the sample cannot tell.

    Args:
        declared: of claim 93.
        words: (words, 4) counts of each key, as `lesson.typing.counts_by_word` gives them.
        replicates: random texts for the test.
    """
    counts = words.sum(axis=0)
    total = int(counts.sum())
    statistic, p = monte_carlo_p(counts, replicates)
    _, without_k = monte_carlo_p(counts[:3], replicates)
    listed = ", ".join(f"{key.upper()} {number}" for key, number in zip(KEYS, counts, strict=True))
    return [
        *(
            primary(
                declared,
                _apart(words, one, other, together=len(FINGERS) - 1),
                of=f"{one.upper()} minus share of {other.upper()}",
                variant="text",
                note=f"{listed}. Words are taken as independent, letters within a word are not.",
            )
            for one, other in pairwise(FINGERS)
        ),
        Finding(
            93,
            "Share of J minus share of G, four words that follow each other taken as one",
            _apart(words, "j", "g", 4),
            note="Words come in runs, so that their interval may be too short.",
        ),
        Finding(
            93,
            "Pairs of letters, of six, that the sample counts against the table's order H, J, G, K",
            exact(wrong_pairs(counts), n=6, unit="pairs"),
            equals(0),
            kind="slip",
            variant="text",
            published="H > J > G > K (table)",
            defect=14,
            note="A count of this sample alone.",
        ),
        Finding(
            93,
            "p-value of equal chances for G, H, J and K (χ² by random samples)",
            exact(p, n=total),
            below(0.05),
            kind="secondary",
            variant="text",
            note=f"χ² = {statistic:.2f}. The test takes key presses as independent, which typed 'words' are not.",
            figures=("typing",),
        ),
        Finding(
            93,
            "Share of H among the letters, against a chance of 1/4, interval over words",
            ratio_of_groups(words[:, H], words.sum(axis=1), np.arange(len(words)), unit="share of letters"),
            above(LETTER_CHANCE),
            kind="secondary",
            variant="text",
            published="'h' repeats a lot",
        ),
        Finding(
            93,
            "Share of H minus share of G (the longest finger against the index finger), interval over words",
            _apart(words, "h", "g"),
            variant="text",
            defect=14,
            note="The sample does not tell which of the two leads.",
        ),
        Finding(
            93,
            "p-value of equal chances for G, H and J alone",
            exact(without_k, n=int(counts[:3].sum())),
            note="Without the little finger's two letters nothing speaks against equal chances.",
        ),
        Finding(
            93,
            "Difference of the χ² statistic from SciPy's",
            exact(abs(statistic - float(stats.chisquare(counts).statistic)), n=4),
            equals(0, 1e-9),
            kind="oracle",
            oracle="scipy.stats.chisquare",
        ),
    ]


def _apart(words: np.ndarray, one: str, other: str, run: int = 1, together: int = 1) -> Effect:
    """Difference of two letters' shares; ``run`` words that follow each other come and go together."""
    gap = words[:, KEYS.index(one)] - words[:, KEYS.index(other)]
    groups, scale = np.arange(len(words)) // run, len(words) / words.sum()
    return paired_effect(gap * scale, groups, "share of letters", together=together)


def metrics(words: np.ndarray, replicates: int) -> dict[str, Metric]:
    """For the gate: the sample's p-value."""
    counts = words.sum(axis=0)
    return {"typing_p": Metric(monte_carlo_p(counts, replicates)[1], "equal", n=int(counts.sum()))}
