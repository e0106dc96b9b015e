"""Claim 105: the smallest published error on ImageNet of each year, and how it fell."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.stats import kendalltau

from reprise.claims.evidence import Finding, Table, above, equals
from reprise.statistics import exact, mean_effect
from reprise.studies.datasets.published import PUBLISHED

FIRST_DEEP = 2012  # AlexNet


def best() -> dict[int, float]:
    """The best entry's top-5 error by year, in per cent."""
    return {int(year): row["best"] for year, row in PUBLISHED.rows("ImageNet top-5 error").items()}


def without_outside_data() -> dict[int, float]:
    """The best without further training images, in years in which the best had some."""
    rows = PUBLISHED.rows("ImageNet top-5 error")
    column = "without outside data"
    return {int(year): row[column] for year, row in rows.items() if column in row}


def falls(errors: dict[int, float]) -> dict[int, float]:
    """By how many points the error fell from the year before."""
    return {year: errors[before] - errors[year] for before, year in pairwise(sorted(errors))}


class Trend(NamedTuple):
    """Logarithms of each year's error over the one before; Kendall's tau of years and errors, and its p."""

    ratios: np.ndarray
    tau: float
    chance: float


def trend(errors: dict[int, float]) -> Trend:
    """How errors, in order of their years, fell."""
    tau = kendalltau(list(errors), list(errors.values()))
    return Trend(np.diff(np.log(list(errors.values()))), float(tau.statistic), float(tau.pvalue))


def findings() -> list[Finding]:
    """No year in which it did not fall; the largest fall is AlexNet's; by what factor it falls a year."""
    found = []
    for words, errors in (("", best()), (", without outside data", best() | without_outside_data())):
        fell = falls(errors)
        others = [points for year, points in fell.items() if year != FIRST_DEEP]
        found += [
            Finding(
                105,
                f"Years in which the best top-5 error did not fall{words}",
                exact(sum(points <= 0 for points in fell.values()), len(fell), "years"),
                equals(0),
                "secondary",
                figures=("imagenet",),
            ),
            Finding(
                105,
                f"Fall of {FIRST_DEEP}, AlexNet's year, minus the largest fall of any other year{words}",
                exact(fell[FIRST_DEEP] - max(others), len(fell), "points"),
                above(0),
                "secondary",
            ),
        ]
    fall = trend(best())
    return [
        *found,
        Finding(
            105,
            "Factor of the error from one year to the next, as a logarithm",
            mean_effect(fall.ratios, "log"),
            note=f"a factor of {np.exp(fall.ratios.mean()):.2f}; Kendall's tau {fall.tau:.2f}, p {fall.chance:.1g}",
        ),
    ]


def table() -> Table:
    """Year by year, with where each number stands."""
    places: dict[str, list[str]] = {}
    for entry in PUBLISHED.entries:
        if entry.table == "ImageNet top-5 error":
            places.setdefault(entry.name, []).append(entry.place)
    outside, fell = without_outside_data(), falls(best())
    rows = tuple(
        (
            year,
            f"{error:.2f}",
            f"{outside[year]:.1f}" if year in outside else "–",
            f"{fell[year]:.2f}" if year in fell else "–",
            "; ".join(places[str(year)]),
        )
        for year, error in best().items()
    )
    columns = ("year", "best top-5 error, %", "without outside data, %", "fell by, points", "place")
    return Table("ImageNet by year", columns, rows, "Classification (the task with provided or outside training data).")
