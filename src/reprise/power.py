"""How many seeds, looked at how often: planned before anything runs.

A claim plans looks at, say, 4, 8, 16 and 24 seeds and stops where it is decided. Looking several times would raise the
chance of a wrong verdict; so each look may spend a part of the error (Lan and DeMets, 1983), here in proportion to the
seeds seen (Kim and DeMets, 1987, rho = 1). The levels follow from the joint normal distribution of the looks; at each,
Student's quantile of that level is used, for few seeds know little about their spread. (Each look then has a spread of
its own, which ties the looks less together: where nothing but seeds varies, looks at 4, 8, 16 and 24 err with 0.053.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
from scipy import special, stats
from scipy.optimize import brentq

ALPHA = 0.05  # two-sided error of a claim's verdict, all looks together
POWER = 0.8  # wanted for the smallest effect of interest
DRAWS, MANY = 4000, 64  # of several comparisons at once; with more seeds than these their spread is as good as known
NODES = 301  # of the recursive integration between a look's bounds; doubling them moves no level by 1e-9


@cache
def look_levels(looks: tuple[int, ...], alpha: float = ALPHA) -> tuple[float, ...]:
    """The two-sided error level at which each look is judged, so that all looks together err with ``alpha``.

    Args:
        looks: numbers of seeds, rising; the last is the planned maximum.
        alpha: of all looks together.

    Raises:
        ValueError: looks that do not rise, or fewer than two seeds.
    """
    if not looks or looks[0] < 2 or list(looks) != sorted(set(looks)):
        raise ValueError(f"looks must be rising numbers of seeds from 2 on; found {list(looks)}")
    levels: list[float] = []
    sums = mass = np.empty(0)  # of standardised increments where no look has stopped yet, and how likely they are
    places, weights = np.polynomial.legendre.leggauss(NODES)
    for before, now in zip((0, *looks), looks, strict=False):
        wanted = alpha * (now - before) / looks[-1]
        if not levels:
            bound = float(stats.norm.isf(wanted / 2))
            density = stats.norm.pdf(bound * places)
        else:
            # sum at this look = sum at the last + fresh; in units of each look's own standard deviation
            ratio, rest = np.sqrt(before / now), np.sqrt(1 - before / now)
            bound = _bound(ratio * sums, rest, mass, wanted)
            density = stats.norm.pdf(bound * places[:, None], ratio * sums, rest) @ mass
        levels.append(float(2 * stats.norm.sf(bound)))
        sums, mass = bound * places, bound * weights * density
    return tuple(levels)


def _bound(centres: np.ndarray, spread: float, mass: np.ndarray, wanted: float) -> float:
    """Beyond which, on either side, lies so much of normal distributions around ``centres``."""

    def excess(bound: float) -> float:
        beyond = special.ndtr((centres - bound) / spread) + special.ndtr((-centres - bound) / spread)
        return float(mass @ beyond) - wanted

    return float(brentq(excess, 0, 40, xtol=1e-12))


def level_at(seeds: int, looks: Sequence[int], alpha: float = ALPHA) -> float | None:
    """The level of the look at ``seeds``; None where none is planned there."""
    looks = tuple(looks)
    return look_levels(looks, alpha)[looks.index(seeds)] if seeds in looks else None


def power_above(seeds: int, spread: float, effect: float, examples: float = 0.0, alpha: float = ALPHA) -> float:
    """Chance that the whole interval of a paired effect lies on the right side of a bound.

    Args:
        seeds: trained pairs.
        spread: standard deviation over seeds.
        effect: true distance from the bound, on the right side.
        examples: standard error that comes from which examples were tested; all seeds share it.
        alpha: two-sided error of the interval.
    """
    if seeds < 2:
        return 0.0
    if spread == 0 and examples == 0:
        return float(effect > 0)
    return _integrated(seeds, spread, examples, alpha, lambda half, error: stats.norm.cdf((effect - half) / error))


def power_between(seeds: int, spread: float, width: float, examples: float = 0.0, alpha: float = ALPHA) -> float:
    """Chance that the whole interval lies within ``width`` of zero where there is no effect at all."""
    if seeds < 2:
        return 0.0
    if spread == 0 and examples == 0:
        return float(width >= 0)

    def inside(half: np.ndarray, error: float) -> np.ndarray:
        room = (width - half) / error
        return np.where(room > 0, 2 * stats.norm.cdf(room) - 1, 0.0)

    return _integrated(seeds, spread, examples, alpha, inside)


def _integrated(seeds, spread, examples, alpha, chance) -> float:
    """Mean of ``chance(half, error)`` over the spread that so many seeds show (a scaled chi distribution)."""
    quantiles = (np.arange(400) + 0.5) / 400
    shown = spread * np.sqrt(stats.chi2.ppf(quantiles, seeds - 1) / (seeds - 1))
    of_seeds = stats.t.ppf(1 - alpha / 2, seeds - 1) * shown / np.sqrt(seeds)
    half = np.hypot(of_seeds, stats.norm.ppf(1 - alpha / 2) * examples)
    error = float(np.hypot(spread / np.sqrt(seeds), examples))
    return float(np.mean(chance(half, error)))


def power_jointly(
    comparisons: int, seeds: int, spread: float, effect: float, examples: float, alpha: float, between: bool
) -> float:
    """Chance that several comparisons alike all come out right, by ``DRAWS`` draws (to within 0.02).

    Half of the variance is common to them, as where each variant is compared with the same baseline.

    Args:
        comparisons: how many.
        seeds, spread, examples, alpha: as ``power_above`` has them, of each.
        effect: each one's distance from the bound on the right side, or half the width of a band with two ends.
        between: the band has two ends, and no comparison has an effect.
    """
    one = (power_between if between else power_above)(seeds, spread, effect, examples, alpha)
    if comparisons < 2 or one in (0.0, 1.0):
        return one
    rng = np.random.default_rng(0)

    def drawn(size: float, *shape: int) -> np.ndarray:
        return size * (rng.standard_normal((DRAWS, 1, *shape)) + rng.standard_normal((DRAWS, comparisons, *shape)))

    if seeds > MANY:
        means, shown = drawn(spread / np.sqrt(2 * seeds)), np.float64(spread)
    else:
        values = drawn(spread / np.sqrt(2), seeds)
        means, shown = values.mean(axis=2), values.std(axis=2, ddof=1)
    means = means + drawn(examples / np.sqrt(2))
    of_seeds = stats.t.ppf(1 - alpha / 2, seeds - 1) * shown / np.sqrt(seeds)
    half = np.hypot(of_seeds, stats.norm.ppf(1 - alpha / 2) * examples)
    right = np.abs(means) + half < effect if between else means + effect > half
    return float(right.all(axis=1).mean())


def power_of_share(trials: int, share: float, decides: Callable[[int], bool]) -> float:
    """Chance that so many trials, each of which succeeds with chance ``share``, give a number that decides.

    Args:
        trials: independent ones.
        share: true chance of success.
        decides: whether so many successes do.
    """
    law = stats.binom(trials, share)
    counts = np.arange(law.ppf(1e-9), law.ppf(1 - 1e-9) + 1)
    return float(sum(law.pmf(count) for count in counts if decides(int(count))))


def seeds_for(
    spread: float, effect: float, examples: float = 0.0, between: bool = False, alpha: float = ALPHA, most: int = 400
) -> int | None:
    """The least number of seeds with ``POWER`` for ``effect``; None where ``most`` would not do.

    Args:
        effect: distance from the bound, or half the width of the band with ``between``.
        between: the band has two ends.
    """
    chance = power_between if between else power_above
    if chance(most, spread, effect, examples, alpha) < POWER:
        return None
    low, high = 2, most
    while low < high:
        middle = (low + high) // 2
        if chance(middle, spread, effect, examples, alpha) >= POWER:
            high = middle
        else:
            low = middle + 1
    return low
