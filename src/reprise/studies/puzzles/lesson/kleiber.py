"""Kleiber's law and the number of heartbeats in a life: claim 92 (raghakot, "Kleiber's law").

A power law ``y = a·mᵇ`` is a straight line in logarithms, ``log y = log a + b log m``; its exponent is a slope with an
interval. Kleiber (1932) read 3/4 off a dozen animals; if heat loss through the skin ruled, it would be 2/3. Related
species are alike, so the interval resamples whole *orders* of mammals rather than single species.

If the heart serves the metabolism, the beats a minute go as ``m^(b - 1)`` (blood volume and stroke go with the mass):
*falling* with mass, about as ``m^(-1/4)``. Life spans rise about as ``m^(1/4)``. So beats in a life do not depend on
the mass: the constant the source mentions. It cannot also be that heartbeats go in proportion to mass (defect 13).
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

MINUTES_A_YEAR = 365.25 * 24 * 60


class Slope(NamedTuple):
    """An exponent with its 95 % interval, from so many points in so many groups.

    The strict interval holds for ``together`` exponents at once; it is the same where there is one.
    """

    value: float
    low: float
    high: float
    points: int
    groups: int
    strict_low: float = np.nan
    strict_high: float = np.nan
    together: int = 1


def mammals() -> pd.DataFrame:
    """422 mammals: species, order, mass_g, metabolic_rate_w, maximum_longevity_years (AnAge)."""
    return pd.read_csv(Path(__file__).with_name("mammals.csv"), comment="#")


def heartbeats() -> pd.DataFrame:
    """Ten mammals with heart rates, each with its source, and ``lifetime_beats`` at the record age."""
    table = pd.read_csv(Path(__file__).with_name("heartbeats.csv"), comment="#")
    return table.assign(lifetime_beats=table.beats_per_minute * MINUTES_A_YEAR * table.record_longevity_years)


def exponent(
    mass: np.ndarray,
    value: np.ndarray,
    groups: np.ndarray | None = None,
    replicates: int = 10_000,
    seed: int = 0,
    together: int = 1,
) -> Slope:
    """Least-squares slope of ``log value`` on ``log mass``, with a bootstrap interval over groups.

    Few groups resample too narrowly, by ``sqrt((g - 1) / g)`` and by the normal quantile in place of Student's: the
    interval is stretched by both.

    Args:
        mass: (n,) positive.
        value: (n,) positive.
        groups: (n,) labels resampled together; default: each point by itself.
        replicates: bootstrap samples.
        seed: of the bootstrap.
        together: how many exponents are judged at once.

    Raises:
        ValueError: fewer than three points, fewer than two groups, or anything not positive.
    """
    mass, value = np.asarray(mass, dtype=float), np.asarray(value, dtype=float)
    if mass.shape != value.shape or mass.size < 3:
        raise ValueError(f"mass has shape {mass.shape}, value {value.shape}; expected the same, three or more")
    if not ((mass > 0).all() and (value > 0).all()):
        raise ValueError("a power law needs positive numbers: take out zeros, negatives and missing values")
    x, y = np.log10(mass), np.log10(value)
    _, index = np.unique(np.arange(mass.size) if groups is None else groups, return_inverse=True)
    count = int(index.max()) + 1
    if count < 2:
        raise ValueError("one group says nothing about chance: an interval needs two or more")
    sums = np.stack([np.bincount(index, weights=term) for term in (np.ones_like(x), x, y, x * x, x * y)], axis=1)
    rng = np.random.default_rng(seed)
    drawn = _slope(rng.multinomial(count, np.full(count, 1 / count), size=replicates) @ sums)
    slope, ends = float(_slope(sums.sum(axis=0))), []
    for level in (0.05, 0.05 / together):
        tail = 1 - level / 2
        stretch = np.sqrt(count / (count - 1)) * stats.t.ppf(tail, count - 1) / stats.norm.ppf(tail)
        ends += [float(slope + (end - slope) * stretch) for end in np.nanquantile(drawn, [1 - tail, tail])]
    return Slope(slope, *ends[:2], mass.size, count, *ends[2:], together)


def _slope(sums: np.ndarray) -> np.ndarray:
    """Slope from the sums of 1, x, y, x², xy along the last axis; NaN where all x are alike."""
    n, x, y, xx, xy = np.moveaxis(sums, -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (n * xy - x * y) / (n * xx - x * x)
