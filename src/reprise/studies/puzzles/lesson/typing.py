"""Random typing: claims 93 and 94 (raghakot, "typing random text").

The source types at random with index finger on G, middle on H, ring on J, little finger on K, prints what came out, and
reads from it that letters follow the length of the finger: H > J > G > K. Two questions are in there:

* *Are the four letters equally likely?* Pearson's χ², its p-value by drawing from the hypothesis itself (Monte Carlo)
  instead of trusting the χ² distribution. It assumes independent key presses. These are not: the same little words come
  back. The interval of a share therefore resamples *words*.
* *Is the order the one in the table?* Count.

And a proposal: to tell from the letters where on the keyboard the hand lay. ``position_accuracy`` simulates it.
"""

from __future__ import annotations

import numpy as np

SAMPLE = (
    "gh jgh jg hjg hjg hjg hjg hjg hkg hjg hg jg hjg hjg hg hjg hg hjg h gh gh ghj ghj ghj g hjg khg hg hg hg hjg hjg "
    "hjg hjg h ghj"
)
KEYS = "ghjk"  # index, middle, ring, little finger
TABLE_ORDER = "hjgk"  # the source's table: most frequent first
ROW = "asdfghjkl;"


def counts_by_word(text: str = SAMPLE) -> np.ndarray:
    """(words, 4): how often each key of ``ghjk`` occurs in each word.

    Raises:
        ValueError: another letter in the text, or no text.
    """
    words = text.split()
    if not words or set("".join(words)) - set(KEYS):
        raise ValueError(f"expected words of the letters {', '.join(KEYS)}, found {text[:40]!r}")
    return np.array([[word.count(key) for key in KEYS] for word in words])


def monte_carlo_p(counts: np.ndarray, draws: int = 20_000, seed: int = 0) -> tuple[float, float]:
    """Pearson's χ² against equal chances, and the share of random samples at least as uneven (never quite 0)."""
    counts = np.asarray(counts)
    expected = counts.sum() / counts.size
    if expected == 0:
        raise ValueError("nothing was counted")
    drawn = np.random.default_rng(seed).multinomial(counts.sum(), np.full(counts.size, 1 / counts.size), size=draws)
    statistic = float(np.square(counts - expected).sum() / expected)
    random = np.square(drawn - expected).sum(axis=1) / expected
    return statistic, float((1 + (random >= statistic - 1e-9).sum()) / (draws + 1))


def wrong_pairs(counts: np.ndarray, order: str = TABLE_ORDER) -> int:
    """Of the six pairs of keys, how many the counts rank against ``order``."""
    ranked = [int(counts[KEYS.index(key)]) for key in order]
    return sum(ranked[i] < ranked[j] for i in range(4) for j in range(i + 1, 4))


def position_accuracy(
    fingers: np.ndarray, believed: np.ndarray, presses: int, trials: int, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """How often the hand's place on the home row is found from random key presses.

    The hand covers four neighbouring keys of ``asdfghjkl;``, at one of seven places, all equally likely.

    Args:
        fingers: (4,) how often the simulated typist really uses index, middle, ring and little finger.
        believed: (4,) what the guesser believes.
        presses: keys pressed.
        trials: simulated hands.
        seed: of the simulation.

    Returns:
        (trials,) chance of a right guess by likelihood under ``believed``, and (trials,) by coverage alone: a place
        fits if it has all the letters seen. Ties are guessed among, so both are probabilities.
    """
    places = len(ROW) - 3
    rng = np.random.default_rng(seed)
    place = rng.integers(places, size=trials)
    key = place[:, None] + rng.choice(4, size=(trials, presses), p=np.asarray(fingers) / np.sum(fingers))
    finger = key[:, None] - np.arange(places)[:, None]  # (trials, places, presses): the finger that would have done it
    covered = ((finger >= 0) & (finger < 4)).all(axis=2)
    logs = np.log(np.asarray(believed) / np.sum(believed))
    likelihood = np.where(covered, logs[finger.clip(0, 3)].sum(axis=2), -np.inf)
    best = np.isclose(likelihood, likelihood.max(axis=1, keepdims=True), rtol=0, atol=1e-9)
    trial = np.arange(trials)
    return best[trial, place] / best.sum(axis=1), covered[trial, place] / covered.sum(axis=1)
