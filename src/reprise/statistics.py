"""The statistics behind a verdict: effects with 95 % intervals, from few seeds and clustered examples.

Two sources of chance are kept apart. *Which examples were tested* is resampled by a bootstrap over groups (subjects,
images). *Which seeds were drawn* is too few for a bootstrap (with three seeds it underestimates the spread by a
third), so its contribution is Student's t with ``seeds - 1`` degrees of freedom around the mean over seeds. The
interval is that of their sum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

REPLICATES = 10_000
LEVEL = 0.95
MANY_GROUPS = 1000  # above this the mean over groups is normal for all purposes, and resampling costs gigabytes
Range = tuple[float, float]
ANY: Range = (-np.inf, np.inf)
SHARE: Range = (0.0, 1.0)
SHARES_APART: Range = (-1.0, 1.0)  # differences of two shares
CORRELATION: Range = (-1.0, 1.0)


@dataclass(frozen=True)
class Effect:
    """A measured quantity and its 95 % interval. An exact quantity has ``low == value == high``.

    Attributes:
        value: the estimate.
        low: lower end of the interval.
        high: upper end of the interval.
        n: independent units behind the interval (groups, images, repetitions).
        seeds: trained networks behind it; 0 where nothing was trained.
        unit: what the number is measured in.
        seed_spread: standard deviation over seeds, 0 where it does not apply.
        examples_half: half of the interval that the tested examples alone give, with the seeds there are.
        examples_floor: what of it no number of seeds takes away. The rest is what single networks happen to do on
            single examples, which averages out over seeds.
        together: how many such effects the interval holds for at once.
    """

    value: float
    low: float
    high: float
    n: int
    seeds: int = 0
    unit: str = ""
    seed_spread: float = 0.0
    examples_half: float = 0.0
    examples_floor: float = 0.0
    together: int = 1


def exact(value: float, n: int = 1, unit: str = "") -> Effect:
    """A quantity without chance (a count, an identity)."""
    return Effect(float(value), float(value), float(value), n, unit=unit)


def paired_effect(
    differences: np.ndarray,
    groups: np.ndarray | None = None,
    unit: str = "",
    rng_seed: int = 0,
    possible: Range = ANY,
    together: int = 1,
) -> Effect:
    """Mean of ``differences`` with an interval over seeds and over groups of examples.

    Args:
        differences: (seeds, n): per seed and example, variant minus baseline (or a score by itself). (n,) where nothing
            was trained: the effect then has no seeds.
        groups: (n,) labels; examples of one group (a subject) are resampled together. Default: each by itself.
        unit: what it is measured in.
        rng_seed: of the bootstrap.
        possible: what the mean can be at all; few groups or seeds give intervals that reach beyond.
        together: see `seeds_effect`.

    Returns:
        The effect; with one group only the seeds give spread, with at most one seed only the groups. One group and
        at most one seed say nothing about chance: the interval is all that is possible.

    Raises:
        ValueError: empty input, NaN, or groups of another length.
    """
    differences = np.asarray(differences, dtype=float)
    trained = differences.ndim > 1
    differences = np.atleast_2d(differences)
    seeds, n = differences.shape
    if n == 0 or seeds == 0:
        raise ValueError(f"differences has shape {differences.shape}: nothing to measure")
    if np.isnan(differences).any():
        raise ValueError(f"{int(np.isnan(differences).sum())} of {differences.size} differences are NaN")
    if groups is None:
        groups = np.arange(n)
    if len(groups) != n:
        raise ValueError(f"groups has length {len(groups)}, differences {n} examples")
    _, index = np.unique(groups, return_inverse=True)
    sizes = np.bincount(index)
    rng = np.random.default_rng(rng_seed)
    if seeds == 1 and len(sizes) == 1:
        return Effect(float(differences.mean()), *possible, 1, int(trained), unit)
    sums = np.bincount(index, weights=differences.mean(axis=0))
    means = _resampled_means(sums, sizes, rng)
    tails = [1 - _quantile(together), _quantile(together)]
    examples_half = float(np.ptp(np.quantile(means, tails))) / 2
    examples_floor = examples_half * np.sqrt(_lasting_share(differences, index, sizes))
    per_seed = differences.mean(axis=1)
    spread = float(per_seed.std(ddof=1)) if seeds > 1 else 0.0
    if seeds > 1:
        means = means + stats.t.rvs(seeds - 1, size=REPLICATES, random_state=rng) * spread / np.sqrt(seeds)
    low, high = (float(end) for end in np.clip(np.quantile(means, tails), *possible))
    counts, halves = (len(sizes), seeds if trained else 0), (examples_half, float(examples_floor))
    return Effect(float(differences.mean()), low, high, *counts, unit, spread, *halves, together)


def _lasting_share(differences: np.ndarray, index: np.ndarray, sizes: np.ndarray) -> float:
    """Share of the variance over groups, of the mean over seeds, that would stay with any number of seeds.

    Two-way analysis of variance without repetition: what is left of each seed's group sums when the group's mean over
    seeds is taken away estimates the part that shrinks with the number of seeds.
    """
    seeds = len(differences)
    if seeds == 1:
        return 1.0
    sums = np.stack([np.bincount(index, weights=row) for row in differences])
    sums -= sums.sum(axis=1, keepdims=True) / sizes.sum() * sizes
    means = sums.mean(axis=0)
    total, passing = np.sum(means**2), np.sum((sums - means) ** 2) / (seeds - 1) / seeds
    return float(max(0.0, 1 - passing / total)) if total else 0.0


def _resampled_means(sums: np.ndarray, sizes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(REPLICATES,) ratio-of-sums means over groups drawn with replacement (multinomial weights: no index arrays).

    The plain percentile bootstrap is too narrow for few groups: by sqrt((g - 1) / g), and by the normal quantile in
    place of Student's. Both are made good; without that four subjects gave 85 % for a nominal 95 %.
    """
    count, centre = len(sizes), sums.sum() / sizes.sum()
    if count == 1:
        return np.full(REPLICATES, centre)
    if count > MANY_GROUPS:
        error = np.sqrt(np.sum((sums - centre * sizes) ** 2)) / sizes.sum()
        means = centre + error * rng.standard_normal(REPLICATES)
    else:
        weights = rng.multinomial(count, np.full(count, 1 / count), size=REPLICATES)
        means = (weights @ sums) / (weights @ sizes)
    quantile = (1 + LEVEL) / 2
    student = stats.t.ppf(quantile, count - 1) / stats.norm.ppf(quantile)
    return centre + (means - centre) * np.sqrt(count / (count - 1)) * student


def seeds_effect(
    values: np.ndarray,
    unit: str = "",
    possible: Range = ANY,
    examples_sd: float = 0.0,
    lasting: float = 1.0,
    together: int = 1,
) -> Effect:
    """Mean over seeds of a number that each trained network gives once, with Student's t interval.

    Args:
        values: (seeds,) one number a seed; paired differences for a comparison.
        unit: what it is measured in.
        possible: what the mean can be at all; few seeds give intervals that reach beyond.
        examples_sd: standard error that comes from which examples were tested (a bootstrap's), which the seeds share.
        lasting: share of its square that no number of seeds takes away.
        together: how many such effects one claim is judged by: the intervals hold for all of them at once
            (Bonferroni), since one of many is outside its own by chance.
    """
    values = np.asarray(values, dtype=float)
    if values.ndim != 1 or values.size == 0 or np.isnan(values).any():
        raise ValueError(f"expected one number a seed, found shape {values.shape} with {np.isnan(values).sum()} NaN")
    mean, count = float(values.mean()), values.size
    spread = float(values.std(ddof=1)) if count > 1 else 0.0
    quantile = _quantile(together)
    of_seeds = float(stats.t.ppf(quantile, count - 1)) * spread / np.sqrt(count) if count > 1 else float("inf")
    of_examples = float(stats.norm.ppf(quantile)) * examples_sd
    half = float(np.hypot(of_seeds, of_examples))
    low, high = max(mean - half, possible[0]), min(mean + half, possible[1])
    return Effect(mean, low, high, count, count, unit, spread, of_examples, of_examples * lasting**0.5, together)


def _quantile(together: int) -> float:
    """Upper end of a two-sided interval, as a quantile, when so many intervals are to hold at once (Bonferroni)."""
    return 1 - (1 - LEVEL) / 2 / together


def proportion(successes: int, trials: int, unit: str = "") -> Effect:
    """A share with Wilson's interval.

    Raises:
        ValueError: no trials, or more successes than trials.
    """
    if not 0 <= successes <= trials or trials < 1:
        raise ValueError(f"{successes} successes in {trials} trials is no proportion")
    interval = stats.binomtest(int(successes), int(trials)).proportion_ci(LEVEL, method="wilson")
    return Effect(successes / trials, float(interval.low), float(interval.high), int(trials), unit=unit)


def mean_effect(values: np.ndarray, unit: str = "", possible: Range = ANY) -> Effect:
    """Mean of independent repetitions (no training) with Student's t interval, kept within ``possible``."""
    effect = seeds_effect(values, unit, possible)
    return Effect(effect.value, effect.low, effect.high, effect.n, 0, unit)


def seeds_needed(effect: Effect, boundary: float = 0.0) -> int | None:
    """How many seeds would move the interval off ``boundary`` if the effect stayed as measured.

    Returns:
        The number, more than there are; None where none would do (no spread over seeds, no effect, too few examples).
    """
    distance = abs(effect.value - boundary)
    if effect.seed_spread == 0 or distance <= effect.examples_floor:
        return None
    counts = np.arange(max(2, effect.seeds + 1), 10_001)
    of_seeds = stats.t.ppf(_quantile(effect.together), counts - 1) * effect.seed_spread / np.sqrt(counts)
    passing = (effect.examples_half**2 - effect.examples_floor**2) * effect.seeds / counts
    enough = counts[np.sqrt(of_seeds**2 + effect.examples_floor**2 + passing) < distance]
    return int(enough[0]) if len(enough) else None
