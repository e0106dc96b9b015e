"""An interval for the expected calibration error, which a bootstrap of it does not give.

With fixed bins the error is |mu|_1, where mu_b is the expectation of "right less confidence" over examples in bin b (0
elsewhere). Its estimate |m|_1 is biased upwards: chance alone makes every gap look larger, so that a bootstrap adds the
bias a second time, and its interval leaves out the truth where calibration is good. Here, with h = m - mu, nearly
normal:

* |mu|_1 <= |m|_1 - s.h for the signs s of mu, since the norm is convex: the upper end needs a normal quantile alone.
* |mu|_1 >= |m|_1 - (sum of s_b h_b over bins whose sign is known, of |h_b| over the others): the derivative of the norm
  in the direction h, estimated as Fang and Santos (Review of Economic Studies, 2019) do, whose quantile is drawn.

So the interval holds the estimate, reaches 0 where the gaps may be chance, and errs to the safe side. What it is about
is the error of these bins, which is at most the error without bins (Kumar, Liang and Ma, NeurIPS 2019). Examples count
as independent; several labels of one example do not. ``benchmarks/calibration_interval.py`` measures how often it
holds the truth, beside the bootstrap.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from reprise.metrics.bins import BINS, bin_edges, bin_sums, top_label
from reprise.metrics.checks import row_blocks

DRAWS = 4000
CLEAR = 3.0  # standard errors from which on the sign of a bin's gap is known: for 15 bins all at once, but for 4 %


class GapInterval(NamedTuple):
    """An expected calibration error with its interval.

    Attributes:
        value: the estimate, in [0, 1].
        low, high: ends of the interval.
        by_chance: the error that perfect calibration would show on as many examples of this confidence, on average.
    """

    value: float
    low: float
    high: float
    by_chance: float


def calibration_error_interval(
    probabilities: np.ndarray, labels: np.ndarray, bins: int = BINS, level: float = 0.95, seed: int = 0
) -> GapInterval:
    """The expected calibration error of the winning class, with an interval.

    Args:
        probabilities: (n, k), rows summing to 1.
        labels: (n,) integers in 0 .. k - 1.
        bins: equal-width bins (lo, hi] on [0, 1].
        level: coverage, in (0, 1).
        seed: of the draws.

    Raises:
        ValueError: for input that has no calibration error, naming the row, or a level outside (0, 1).
    """
    confidence, right = top_label(probabilities, labels)
    return gap_interval(confidence[:, None], right[:, None], bins, level, seed)


def gap_interval(
    scores: np.ndarray, truth: np.ndarray, bins: int = BINS, level: float = 0.95, seed: int = 0
) -> GapInterval:
    """Mean gap between score and frequency over equal-width bins, weighted by what is in them, with an interval.

    Args:
        scores: (n, m) floats in [0, 1]: m statements about each of n independent examples.
        truth: (n, m) booleans, whether each was true.
        bins: equal-width bins (lo, hi] on [0, 1].
        level: coverage, in (0, 1).
        seed: of the draws.

    Raises:
        ValueError: a level outside (0, 1).
    """
    if not 0 < level < 1:
        raise ValueError(f"level={level}: expected a share between 0 and 1")
    n, m = scores.shape
    z = NormalDist().inv_cdf((1 + level) / 2)
    mean, second = np.zeros(bins), np.zeros((bins, bins))
    chance, counts = np.zeros(bins), np.zeros(bins)
    edges = bin_edges(bins, scores.dtype)
    for rows in row_blocks(n, max(m, bins)):
        p = scores[rows].astype(float)
        index = np.searchsorted(edges[1:-1], scores[rows], side="left")
        gaps = np.zeros((len(p), bins))  # of each example, by bin: its m statements may go together
        np.add.at(gaps, (np.arange(len(p))[:, None], index), (truth[rows] - p) / m)
        mean += gaps.sum(axis=0)
        second += gaps.T @ gaps
        chance += bin_sums(index.ravel(), (p * (1 - p)).ravel(), bins)
        counts += np.bincount(index.ravel(), minlength=bins)
    mean, second = mean / n, second / n**2
    # where all of a bin are right, gaps say nothing of mistakes to come: there it is Wilson's width, as a variance
    least = np.maximum(chance, np.minimum(z**2, counts / 4)) / (n * m) ** 2
    covariance = second - np.outer(mean, mean) / n
    covariance[np.diag_indices(bins)] += np.maximum(least - np.diag(covariance), 0)
    value, sign = float(np.abs(mean).sum()), np.sign(mean)
    high = value + z * float(np.sqrt(sign @ covariance @ sign))
    drawn = np.random.default_rng(seed).multivariate_normal(np.zeros(bins), covariance, DRAWS, method="eigh")
    clear = np.abs(mean) > CLEAR * np.sqrt(np.diag(covariance))
    up = np.where(clear, drawn * sign, np.abs(drawn)).sum(axis=1)
    low = value - float(np.quantile(up, (1 + level) / 2))
    by_chance = float(np.sqrt(2 / np.pi) * np.sqrt(chance).sum() / (n * m))
    return GapInterval(value, max(0.0, min(low, value)), min(1.0, high), by_chance)
