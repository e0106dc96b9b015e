"""Claim 2: how often a start ends in a good segmentation, by kind of start, prior and number of iterations."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from reprise.claims.evidence import Finding, Table, above
from reprise.statistics import Effect, paired_effect, proportion
from reprise.studies.mixtures import source_code as published
from reprise.studies.mixtures.parity import GOOD
from reprise.studies.mixtures.settings import Config


@dataclass(frozen=True)
class Row:
    """One kind of start, prior and number of iterations, over all runs.

    Attributes:
        start: ``source`` or ``data points``.
        prior: what a class's prior is the share of.
        iterations: how many were run.
        negative: (runs,) whether a starting variance was negative.
        broken: (runs,) whether the run ended in NaN.
        accuracy: (runs,) share of points in the right class.
    """

    start: str
    prior: str
    iterations: int
    negative: np.ndarray
    broken: np.ndarray
    accuracy: np.ndarray

    @property
    def good(self) -> np.ndarray:
        """(runs,) whether the segmentation was found."""
        return (self.accuracy >= GOOD) & ~self.broken

    @property
    def success(self) -> Effect:
        """Share of runs that found it."""
        return proportion(int(self.good.sum()), len(self.good))

    @property
    def failed(self) -> Effect:
        """Share of runs that ended in NaN."""
        return proportion(int(self.broken.sum()), len(self.broken))

    @property
    def median(self) -> float:
        """Accuracy over the runs without NaN; NaN where there are none."""
        return float(np.median(self._alive)) if len(self._alive) else np.nan

    @property
    def worst(self) -> float:
        """Least accuracy of the runs without NaN; NaN where there are none."""
        return float(self._alive.min()) if len(self._alive) else np.nan

    @property
    def _alive(self) -> np.ndarray:
        return self.accuracy[~self.broken]


def run_starts(config: Config) -> list[Row]:
    """Every start, prior and number of iterations, on the same data for every row; the source's own row comes first."""
    rng = np.random.default_rng(0)
    points = published.source_points(config.runs, rng)
    short, long = config.iterations - 1, config.long_iterations - 1
    rows = []
    for name, start in (("source", published.source_start), ("data points", published.data_point_start)):
        means, variances = start(points, rng)
        negative = (variances < 0).any(axis=(1, 2))
        for prior, keep in (("likelihoods", (short,)), ("responsibilities", (short, long))):
            for iteration, run in published.published_em(points, means, variances, keep, prior).items():
                rows.append(Row(name, prior, iteration + 1, negative, run.broken, run.accuracy))
    return rows


def findings(config: Config, rows: list[Row]) -> list[Finding]:
    """How often the source's start fails, what data points gain, and where NaN comes from."""
    source, best = rows[0], rows[-1]
    alike = {(row.start, row.iterations): row for row in rows if row.prior == "responsibilities"}
    as_written = partial(Finding, variant="code", defect=5)
    found = [
        as_written(
            2,
            f"Share of random starts from which the source's EM misses the classes (accuracy below {GOOD}, or NaN)",
            proportion(int((~source.good).sum()), config.runs, "share of starts"),
            above(0.05),
            figures=("em_success",),
            note="An 'unlucky' start is taken to mean more than one in twenty: rarer would be no reliance to speak of.",
        ),
        Finding(
            2,
            "Share of starts that find it: data-point start run until settled, minus the source's start, prior and "
            f"{config.iterations} iterations, same data",
            difference(best, source),
            above(0),
            variant="corrected",
            figures=("em_success",),
        ),
        Finding(
            2,
            "The same with everything but the start alike (standard M step, run until settled): data points minus box",
            difference(alike["data points", config.long_iterations], alike["source", config.long_iterations]),
            above(0),
            variant="corrected",
            note="This isolates the start from the prior and the number of iterations.",
        ),
        as_written(2, "Share of the source's starts that end in NaN", source.failed, kind="context"),
    ]
    if source.broken.any():
        found.append(
            as_written(
                2,
                "Share of those NaN runs that began with a negative variance",
                proportion(int(source.negative[source.broken].sum()), int(source.broken.sum())),
                kind="context",
                note="A class that loses every point to underflow accounts for the others.",
            )
        )
    return found


def difference(first: Row, second: Row) -> Effect:
    """Paired difference of two rows' success rates over the same data sets."""
    return paired_effect(first.good.astype(float) - second.good, unit="share of starts")


def table(config: Config, rows: list[Row]) -> Table:
    """One line a row."""
    return Table(
        "Starts, priors and iterations",
        ("start", "prior from", "iterations", "NaN", f"accuracy ≥ {GOOD}", "median accuracy", "worst"),
        tuple(
            (
                row.start,
                row.prior,
                row.iterations,
                round(row.failed.value, 3),
                round(row.success.value, 3),
                round(row.median, 4),
                round(row.worst, 3),
            )
            for row in rows
        ),
        f"{config.runs} starts a row on the same {config.runs} data sets; median and worst over runs without NaN.",
    )
