"""Claim 158: the source's five normalisations, against independent implementations, and their ranges."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import integrate, stats

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, Table, between, equals, primary
from reprise.published import read_published
from reprise.statistics import exact
from reprise.studies.regularisation import lesson

MEAN, DEVIATION = 0.3, 0.8  # of the logarithms
LEVELS = np.arange(1, 20) / 20  # at whose quantiles the integral is taken
RANGE = read_published(Path(__file__).with_name("published.csv")).values("range of normalised data")


class Transformed(NamedTuple):
    """The same columns by our transform and by another's."""

    name: str
    ours: np.ndarray
    theirs: np.ndarray
    oracle: str


def transform() -> list[Transformed]:
    """Skewed positive columns, (500, 3), in all five ways; the z-score comes first."""
    from sklearn.preprocessing import minmax_scale

    x = np.random.default_rng(158).lognormal(MEAN, DEVIATION, size=(500, 3))
    others = stats.lognorm.cdf(x, DEVIATION, scale=np.exp(MEAN))
    return [
        Transformed("z-score", lesson.z_score(x), stats.zscore(x), "scipy.stats.zscore"),
        Transformed("min-max", lesson.min_max(x), minmax_scale(x), "sklearn.preprocessing.minmax_scale"),
        Transformed("logistic", lesson.logistic(x), stats.logistic.cdf(x), "scipy.stats.logistic.cdf"),
        Transformed("log-normal", lesson.log_normal(x, MEAN, DEVIATION), others, "scipy.stats.lognorm.cdf"),
        Transformed("tanh", np.tanh(x), 2 * stats.logistic.cdf(2 * x) - 1, "2σ(2x) - 1"),
    ]


def findings(declared: Declaration, transformed: list[Transformed]) -> list[Finding]:
    """Agreement of all five as the source writes them, of our closed form, and which of them keep to a range."""
    z_scored, *bounded = (each.ours for each in transformed)
    gaps = {each.name: exact(np.abs(each.ours - each.theirs).max(), each.ours.size) for each in transformed}
    written = gaps | {"log-normal": exact(integral_gap(), len(LEVELS))}
    return [
        *(
            primary(declared, written[each.name], of=f"{each.name}: {each.oracle}", oracle=each.oracle)
            for each in transformed
        ),
        Finding(
            158,
            "Largest difference of our closed form of the log-normal integral from SciPy's",
            gaps["log-normal"],
            between(0, 1e-13),
            kind="oracle",
            oracle="scipy.stats.lognorm.cdf",
        ),
        Finding(
            158,
            "Transformed values outside [0, 1], all but the z-score",
            exact(int(sum(((b < 0) | (b > 1)).sum() for b in bounded)), 4 * z_scored.size),
            equals(0),
            kind="secondary",
            note="These columns are positive; tanh of a negative number is negative.",
        ),
        Finding(
            158,
            "Share of z-scored values outside [-1, 1]",
            exact(float(((z_scored < RANGE["least"]) | (z_scored > RANGE["largest"])).mean()), z_scored.size),
            note="S3 introduces all five as ways to X in [-1, 1]; the z-score gives mean 0, variance 1 and no bounds.",
        ),
    ]


def integral_as_written(x: float) -> float:
    """S3's log-normal transform at ``x``, as an integral from 0."""

    def density(t: float) -> float:
        return np.exp(-((np.log(t) - MEAN) ** 2) / (2 * DEVIATION**2)) / t / (DEVIATION * np.sqrt(2 * np.pi))

    return integrate.quad(density, 0, x)[0]


def integral_gap() -> float:
    """Largest difference of that integral from SciPy's distribution function, between its 5 and 95 % quantiles."""
    law = stats.lognorm(DEVIATION, scale=np.exp(MEAN))
    return max(abs(integral_as_written(x) - level) for x, level in zip(law.ppf(LEVELS), LEVELS, strict=True))


def table(transformed: list[Transformed]) -> Table:
    """Range, mean and spread of each."""
    return Table(
        "Five transforms of the same skewed columns",
        ("transform", "least", "largest", "mean", "standard deviation"),
        tuple(
            (name, *(f"{v:.3f}" for v in (ours.min(), ours.max(), ours.mean(), ours.std())))
            for name, ours, *_ in transformed
        ),
        "Log-normal data, 500 x 3. Only the z-score centres; only the last three need no look at the data's range.",
    )
