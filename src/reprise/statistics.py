"""The statistics behind a verdict: effects with intervals, from few seeds and clustered examples.

Two sources of chance are kept apart. *Which examples were tested* is asked by leaving out one group of them (a subject,
an image) at a time, the jackknife, with Student's t for few groups and their skewness. *Which seeds were drawn*
contributes Student's t with ``seeds - 1`` degrees of freedom around the mean over seeds. What single networks do on
single examples shows in both, and is counted once, with the seeds; of the examples' part that is left which no number
of seeds takes away. The interval is that of the sum, whose distribution is computed: nothing here is drawn at random.

An interval has a *level*: the chance that it misses. It is 0.05 unless a claim is looked at several times
(`reprise.power`). Of several comparisons that a claim makes alike, all must lie inside their intervals' band, which
each may be asked at the full level; that one lies outside is said at the level divided by their number (``together``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy import special, stats
from scipy.optimize import brentq

from reprise.units import ANY, CORRELATION, NOT_NEGATIVE, SHARE, SHARES_APART, Range, within  # noqa: F401 (asked for here)

LEVEL = 0.05
NODES = 200  # at which the spread that seeds may have is asked
MOST_SKEW = 0.8  # of a mean, beyond which Cornish and Fisher's first term would turn the tails round


@dataclass(frozen=True)
class Effect:
    """A measured quantity and its interval. An exact quantity has ``low == value == high``.

    Attributes:
        value: the estimate.
        low: lower end of the interval.
        high: upper end of the interval.
        n: independent units behind the interval (groups, images, repetitions).
        seeds: trained networks behind it; 0 where nothing was trained.
        unit: what the number is measured in.
        seed_spread: standard deviation over seeds, 0 where it does not apply.
        examples_error: standard error that comes from which examples were tested, which no number of seeds takes away.
        level: chance that the interval misses.
        together: how many such effects a claim is judged by.
        strict_low: lower end at the level divided by ``together``; the same as ``low`` where it is one.
        strict_high: upper end at that level.
    """

    value: float
    low: float
    high: float
    n: int
    seeds: int = 0
    unit: str = ""
    seed_spread: float = 0.0
    examples_error: float = 0.0
    level: float = LEVEL
    together: int = 1
    strict_low: float = np.nan
    strict_high: float = np.nan

    def __post_init__(self) -> None:
        for name, end in (("strict_low", self.low), ("strict_high", self.high)):
            if np.isnan(getattr(self, name)):
                object.__setattr__(self, name, end)


def exact(value: float, n: int = 1, unit: str = "") -> Effect:
    """A quantity without chance (a count, an identity)."""
    return Effect(float(value), float(value), float(value), n, unit=unit)


def paired_effect(
    differences: np.ndarray,
    groups: np.ndarray | None = None,
    unit: str = "",
    possible: Range | None = None,
    level: float = LEVEL,
    together: int = 1,
) -> Effect:
    """Mean of ``differences`` with an interval over seeds and over groups of examples.

    Args:
        differences: (seeds, n): per seed and example, variant minus baseline (or a score by itself). (n,) where nothing
            was trained: the effect then has no seeds.
        groups: (n,) labels; examples of one group (a subject) come and go together. Default: each by itself.
        unit: what it is measured in.
        possible: what the mean can be at all, where intervals are cut; by default what ``unit`` can be.
        level: chance that the interval may miss.
        together: see the module's text.

    Returns:
        The effect; with one group only the seeds give spread, with at most one seed only the groups. One group and
        at most one seed say nothing about chance: the interval is all that is possible.

    Raises:
        ValueError: empty input, NaN or infinity, or groups of another length.
    """
    differences = np.asarray(differences, dtype=float)
    trained = differences.ndim > 1
    differences = np.atleast_2d(differences)
    seeds, n = differences.shape
    if n == 0 or seeds == 0:
        raise ValueError(f"differences has shape {differences.shape}: nothing to measure")
    if not np.isfinite(differences).all():
        raise ValueError(f"{int((~np.isfinite(differences)).sum())} of {differences.size} differences are not finite")
    if groups is not None and len(groups) != n:
        raise ValueError(f"groups has length {len(groups)}, differences {n} examples")
    index = np.arange(n) if groups is None else np.unique(groups, return_inverse=True)[1]
    sizes = np.bincount(index)
    value, counts = float(differences.mean()), (len(sizes), seeds if trained else 0)
    possible = within(possible, value, unit)
    if seeds == 1 and len(sizes) == 1:
        return Effect(value, *possible, 1, int(trained), unit, level=level, together=together)
    sums = differences if groups is None else np.stack([np.bincount(index, weights=row) for row in differences])
    error, skew, freedom = _left_out(sums.mean(axis=0), sizes)
    share = _lasting_share(sums, sizes)
    error, passing = error * share**0.5, error * (1 - share) ** 0.5
    spread = float(differences.mean(axis=1).std(ddof=1)) if seeds > 1 else 0.0
    scale = max(spread / seeds**0.5, passing)  # seeds that agree better than their answers let them do so by chance
    ends = {
        each: [
            value + _quantile_of_sum(tail, error * _student(freedom, each), skew, scale, seeds - 1)
            for tail in (each / 2, 1 - each / 2)
        ]
        for each in {level, level / together}
    }
    clipped = np.clip([*ends[level], *ends[level / together]], *possible)
    low, high, strict_low, strict_high = (float(end) for end in clipped)
    return Effect(value, low, high, *counts, unit, spread, error, level, together, strict_low, strict_high)


def _left_out(sums: np.ndarray, sizes: np.ndarray) -> tuple[float, float, float]:
    """The jackknife of a ratio of sums over groups: its standard error, its skewness, and degrees of freedom.

    Groups of unequal sizes know less of their spread than so many equal ones: Kish's effective number of them counts.
    """
    count, total = len(sizes), sizes.sum()
    if count == 1:
        return 0.0, 0.0, 0.0
    moved = (sums - sums.sum() / total * sizes) / (total - sizes)
    square = float(np.sum(moved**2))
    skew = float(np.sum(moved**3)) / max(square**1.5, 1e-300)
    freedom = float(total**2 / np.sum(sizes.astype(float) ** 2)) - 1
    return float(np.sqrt(square * (count - 1) / count)), float(np.clip(skew, -MOST_SKEW, MOST_SKEW)), freedom


def _student(freedom: float, level: float) -> float:
    """What turns a normal quantile into Student's; for less than a tenth of a degree it is beyond all numbers."""
    tail = 1 - level / 2
    return float(special.stdtrit(max(freedom, 0.1), tail) / special.ndtri(tail))


def _quantile_of_sum(tail: float, error: float, skew: float, scale: float, freedom: int) -> float:
    """Quantile of a skewed normal of standard deviation ``error`` plus ``scale`` times Student's t.

    Student's t is a normal whose variance is drawn. Whatever was drawn, the sum of both is normal but for its skewness
    (Cornish and Fisher's first term); so its distribution is a mean over the variances that could be drawn.
    """
    normal = float(special.ndtri(tail))
    if scale == 0 or freedom < 1:
        return error * (normal + skew / 6 * (normal**2 - 1))
    if error == 0:
        return scale * float(special.stdtrit(freedom, tail))
    variance, weights = _drawn_variances(freedom)
    total = np.sqrt(error**2 + scale**2 * variance)
    bend = skew / 6 * (error / total) ** 3

    def excess(point: float) -> float:
        reached = point / total + bend  # = z + bend z², to be solved for z
        z = 2 * reached / (1 + np.sqrt(np.maximum(1 + 4 * bend * reached, 0)))
        return float(weights @ special.ndtr(z)) - tail

    half = min(tail, 1 - tail) / 2  # where neither part alone is beyond its own end, the sum is not beyond theirs
    outer = -float(special.ndtri(half))
    reach = error * (outer + abs(skew) / 6 * outer**2) - scale * float(special.stdtrit(freedom, half))
    return float(brentq(excess, -reach, reach, xtol=1e-9 * reach, rtol=1e-9))


@lru_cache
def _drawn_variances(freedom: int) -> tuple[np.ndarray, np.ndarray]:
    """(NODES,) variances that make a normal Student's t, and their weights; close together where they are extreme."""
    place = (np.arange(NODES) + 0.5) / NODES
    weights = 6 * place * (1 - place)
    return freedom / stats.chi2.ppf(place**2 * (3 - 2 * place), freedom), weights / weights.sum()


def _lasting_share(sums: np.ndarray, sizes: np.ndarray) -> float:
    """Share of the variance over groups, of the mean over seeds, that would stay with any number of seeds.

    ``sums`` are (seeds, groups).

    Two-way analysis of variance without repetition: what is left of each seed's group sums when the group's mean over
    seeds is taken away estimates the part that shrinks with the number of seeds. Of few groups a smaller part of it is
    taken: divided by a variance that is itself estimated, it would be too large on average (James and Stein's factor).
    """
    seeds, freedom = len(sums), len(sizes) - 1
    if seeds == 1 or freedom <= 2:
        return 1.0
    sums = sums - sums.sum(axis=1, keepdims=True) / sizes.sum() * sizes
    means = sums.mean(axis=0)
    total, passing = np.sum(means**2), np.sum((sums - means) ** 2) / (seeds - 1) / seeds
    return float(max(0.0, 1 - (freedom - 2) / freedom * passing / total)) if total else 0.0


def seeds_effect(
    values: np.ndarray,
    unit: str = "",
    possible: Range | None = None,
    examples_error: float = 0.0,
    lasting: float = 1.0,
    level: float = LEVEL,
    together: int = 1,
) -> Effect:
    """Mean over seeds of a number that each trained network gives once, with Student's t interval.

    Args:
        values: (seeds,) one number a seed; paired differences for a comparison.
        unit: what it is measured in.
        possible: see ``paired_effect``.
        examples_error: standard error that comes from which examples were tested; seeds share it.
        lasting: share of its square that no number of seeds takes away; the rest is in the seeds' spread already.
        level, together: see ``paired_effect``.
    """
    values = np.asarray(values, dtype=float)
    if values.ndim != 1 or values.size == 0 or np.isnan(values).any():
        raise ValueError(f"expected one number a seed, found shape {values.shape} with {np.isnan(values).sum()} NaN")
    mean, count = float(values.mean()), values.size
    possible = within(possible, mean, unit)
    spread = float(values.std(ddof=1)) if count > 1 else 0.0
    error, ends = examples_error * lasting**0.5, []
    for each in (level, level / together):
        tail = 1 - each / 2
        of_seeds = float(stats.t.ppf(tail, count - 1)) * spread / np.sqrt(count) if count > 1 else float("inf")
        half = float(np.hypot(of_seeds, float(stats.norm.ppf(tail)) * error))
        ends += [max(mean - half, possible[0]), min(mean + half, possible[1])]
    low, high, strict_low, strict_high = ends
    return Effect(mean, low, high, count, count, unit, spread, error, level, together, strict_low, strict_high)


def proportion(successes: int, trials: int, unit: str = "", level: float = LEVEL, together: int = 1) -> Effect:
    """A share of independent trials with Wilson's interval; ``level``, ``together``: see the module's text.

    Raises:
        ValueError: no trials, or more successes than trials.
    """
    if not 0 <= successes <= trials or trials < 1:
        raise ValueError(f"{successes} successes in {trials} trials is no proportion")
    share, ends = successes / trials, []
    for each in (level, level / together):
        ends += _wilson(share, trials, each)
    low, high, *strict = ends
    return Effect(share, low, high, int(trials), 0, unit, 0.0, 0.0, level, together, *strict)


def mean_effect(
    values: np.ndarray, unit: str = "", possible: Range | None = None, level: float = LEVEL, together: int = 1
) -> Effect:
    """Mean of independent repetitions (no training) with Student's t interval, kept within ``possible``."""
    return replace(seeds_effect(values, unit, possible, level=level, together=together), seeds=0, seed_spread=0.0)


def ratio_of_groups(numerator: np.ndarray, denominator: np.ndarray, groups: np.ndarray, unit: str = "") -> Effect:
    """A share of dependent units (pairs within subjects): the ratio of sums over groups, each of which is a whole.

    Wilson's interval for as many independent units as would have the jackknife's error (Korn and Graubard, 1998):
    near 0 and 1, and where no group differs from another, symmetric ones are far too short.

    Args:
        numerator, denominator: (n,) what each unit adds to either.
        groups: (n,) labels; units of one group come and go together.
        unit: what it is measured in.

    Raises:
        ValueError: the denominators add up to nothing, or a group's numerators to less than 0 or more than those.
    """
    _, index = np.unique(groups, return_inverse=True)
    top, bottom = np.bincount(index, weights=numerator), np.bincount(index, weights=denominator)
    if not bottom.sum() > 0:
        raise ValueError("nothing to take a share of")
    if not ((top >= 0) & (top <= bottom)).all():
        raise ValueError("a group's part is less than nothing or more than the whole")
    count, value = len(bottom), float(top.sum() / bottom.sum())
    top, bottom = top[bottom > 0], bottom[bottom > 0]  # no group says anything of what it has none of
    if len(bottom) == 1:
        return Effect(value, *SHARE, count, unit=unit)
    error, _, freedom = _left_out(top, bottom)
    alike = value * (1 - value) / error**2 if error else len(bottom)
    low, high = _wilson(value, min(alike, bottom.sum()) / _student(freedom, LEVEL) ** 2, LEVEL)
    return Effect(value, low, high, count, unit=unit)


def _wilson(share: float, trials: float, level: float) -> tuple[float, float]:
    square = float(stats.norm.ppf(1 - level / 2)) ** 2 / trials
    middle = (share + square / 2) / (1 + square)
    half = float(np.sqrt(square * share * (1 - share) + square**2 / 4)) / (1 + square)
    return max(0.0, min(middle - half, share)), min(1.0, max(middle + half, share))
