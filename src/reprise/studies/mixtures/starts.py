"""Claim 2: how often a start ends in a good segmentation, by kind of start, prior and number of iterations."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, Table, above, equals, joined, primary
from reprise.statistics import Effect, paired_effect, proportion
from reprise.studies.mixtures import source_code as published
from reprise.studies.mixtures.parity import GOOD
from reprise.studies.mixtures.settings import Config
from reprise.studies.mixtures.standard import standard_em

SEED = 2  # drawn for nothing before
VALID = "valid"
STARTS = {"source": published.source_start, VALID: published.valid_start, "data points": published.data_point_start}
CONSIDERABLE = 0.05  # share of starts that miss the classes; rarer would be no reliance to speak of


@dataclass(frozen=True)
class Row:
    """One kind of start, prior and number of iterations, over all runs.

    Attributes:
        start: ``source``, ``valid`` (the same without negative variances) or ``data points``.
        prior: what a class's prior is the share of: ``likelihoods`` in the source's script, ``responsibilities`` in
            standard EM.
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
    rng = np.random.default_rng(SEED)
    points = published.source_points(config.runs, rng)
    short, long = config.iterations - 1, config.long_iterations - 1
    rows = []
    for name, start in STARTS.items():
        means, variances = start(points, rng)
        negative = (variances < 0).any(axis=(1, 2))
        script = {} if name == VALID else published.published_em(points, means, variances, (short,))
        standard = standard_em(points, means, variances, (short, long))
        for prior, runs in (("likelihoods", script), ("responsibilities", standard)):
            for iteration, run in runs.items():
                rows.append(Row(name, prior, iteration + 1, negative, run.broken, run.accuracy))
    return rows


def findings(declared: Declaration, config: Config, rows: list[Row]) -> list[Finding]:
    """What the start decides alone, how often the source's script fails, and where its NaN come from."""
    source = rows[0]
    settled = {
        row.start: row for row in rows if (row.prior, row.iterations) == ("responsibilities", config.long_iterations)
    }
    box, valid, points = settled["source"], settled[VALID], settled["data points"]
    apart, count = points.good.astype(float) - valid.good, len(valid.good)
    planned = declared.planned.n if declared.planned else count
    undecided = joined(
        "" if count == planned else f"{count:,} starts, planned are {planned:,}",
        "" if apart.any() else f"no start of {count:,} that ends otherwise than the data points'",
    )
    secondary = partial(Finding, 2, kind="secondary", figures=("em_success",))
    found = [
        primary(
            declared,
            share(apart),
            undecided=undecided,
            variant="text",
            figures=("em_success",),
        ),
        secondary(
            "Share of the same starts, negative variances drawn again, that miss the classes",
            share(~valid.good, 3),
            above(CONSIDERABLE),
            note="“considerably relies”: more than one in twenty would be, on these data.",
        ),
        secondary(
            "The primary measurement with the source's starts as they come, negative variances too: the start alone",
            share(points.good.astype(float) - box.good, 3),
            above(CONSIDERABLE),
            variant="code",
            note="Run until settled, with the standard M step, on both sides.",
        ),
        secondary(
            f"Share of random starts from which the source's script, {config.iterations} iterations of it, misses the "
            f"classes (accuracy below {GOOD}, or NaN)",
            share(~source.good, 3),
            above(CONSIDERABLE),
            variant="code",
            note="Mostly the early stop, not the start: see how many find the classes when run on.",
        ),
        Finding(
            2,
            "Share of the source's starts that find the classes: standard EM run until settled, minus the script's "
            f"{config.iterations} iterations: what the stop costs",
            share(box.good.astype(float) - source.good),
            variant="code",
        ),
        Finding(
            2,
            "Share of the source's starts that end in NaN",
            source.failed,
            equals(0),
            kind="slip",
            variant="code",
            defect=5,
        ),
    ]
    if source.broken.any():
        found.append(
            Finding(
                2,
                "Share of those NaN runs that began with a negative variance",
                proportion(int(source.negative[source.broken].sum()), int(source.broken.sum())),
                variant="code",
                defect=5,
                note="A class that loses every point to underflow accounts for the others.",
            )
        )
    return found


def share(values: np.ndarray, together: int = 1) -> Effect:
    """Mean over starts (or data sets) of what is 0 or 1, or of a difference of such."""
    return paired_effect(values.astype(float), unit="share of starts", together=together)


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
