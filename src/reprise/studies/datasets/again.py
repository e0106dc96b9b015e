"""What claim 105 is checked against: errors that others give in other places, and how they fall by pairs."""

from __future__ import annotations

import math
from itertools import combinations

from reprise.claims.evidence import Finding, between, equals
from reprise.statistics import exact
from reprise.studies.datasets import years
from reprise.studies.datasets.published import PUBLISHED

ELSEWHERE = "ImageNet top-5 error, elsewhere"


def oracles() -> list[Finding]:
    """The errors themselves, and the numbers that are made of them."""
    others = PUBLISHED.rows(ELSEWHERE)
    gaps = trend_gaps(years.best())
    return [
        Finding(
            105,
            "Errors that are not, rounded, those which others publish",
            exact(len(differing(others)), sum(map(len, others.values())), "errors"),
            equals(0),
            kind="oracle",
            oracle=PUBLISHED.place(ELSEWHERE),
            note="of 2013, 2016 and 2017, with outside data, no second place was found",
        ),
        Finding(
            105,
            "Mean factor of a year, Kendall's tau and the sum of the falls, largest difference from those of the first "
            "and last year and of all pairs",
            exact(max(gaps), len(gaps)),
            between(0, 1e-10),
            kind="oracle",
            oracle="closed forms: sums that telescope, and every pair of years counted",
        ),
    ]


def differing(others: dict[str, dict[str, float]]) -> list[str]:
    """Years of which ours, rounded as the other is written, is another number."""
    ours = {"best": years.best(), "without outside data": years.without_outside_data()}
    found = []
    for year, row in others.items():
        for column, value in row.items():
            decimals = len(f"{value:g}".partition(".")[2])
            if round(ours[column][int(year)], decimals) != value:
                found.append(f"{year}, {column}")
    return found


def trend_gaps(errors: dict[int, float]) -> list[float]:
    """What is shown of the fall minus the same by pairs of years."""
    first, last, pairs = errors[min(errors)], errors[max(errors)], list(combinations(sorted(errors), 2))
    signs = [(errors[late] > errors[early]) - (errors[late] < errors[early]) for early, late in pairs]
    trend = years.trend(errors)
    return [
        abs(sum(trend.ratios) / len(trend.ratios) - math.log(last / first) / (len(errors) - 1)),
        abs(trend.tau - sum(signs) / len(pairs)),
        abs(sum(years.falls(errors).values()) - (first - last)),
    ]
