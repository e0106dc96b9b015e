"""The figures of the study of mixtures: the source's own, curves of the likelihood, and how often a start succeeds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.patches import Ellipse

from reprise.claims.evidence import Figure
from reprise.plotting import COLOURS, figure
from reprise.studies.mixtures import source_code as published
from reprise.studies.mixtures.lesson import fit
from reprise.studies.mixtures.starts import Row

SHOWN = (0, 2, 4, 6, 8)  # the iterations in the source's figure


def draw(folder: Path, rows: list[Row], runs: int, good: float) -> list[Figure]:
    """Draws all figures into ``folder`` and returns their captions.

    Args:
        folder: the study's figures.
        rows: one for each start, prior and number of iterations, with its ``success`` rate.
        runs: starts behind each row.
        good: accuracy from which a segmentation counts as found.
    """
    _draw_iterations(folder / "em_iterations.svg")
    _draw_curves(folder / "em_log_likelihood.svg")
    _draw_success(folder / "em_success.svg", rows, good)
    return [
        Figure(
            "em_iterations",
            "The source's figure: the start and iterations 0, 2, 4, 6, 8",
            "Six scatter plots: from two far-off ellipses the two classes settle on the two clusters.",
            "Every fourth point; ellipses at two standard deviations of the fitted classes. The first panel shows "
            "the true classes and the start.",
        ),
        Figure(
            "em_log_likelihood",
            "The log-likelihood never falls",
            "Curves of log-likelihood by iteration from thirty random starts, all rising, some with long plateaus.",
            "Our EM, full covariances, from random data points: five Gaussians on data with four clusters, "
            "which makes plateaus. A plateau is not always the end: whoever stops at ten iterations stops on one.",
        ),
        Figure(
            "em_success",
            "How often the segmentation is found",
            "Share of starts with accuracy of at least 0.97, by start, prior and iterations, with 95 % intervals.",
            f"{runs} starts each; Wilson intervals.",
        ),
    ]


def _draw_iterations(path: Path) -> None:
    """A start of the source's kind that works, drawn as in the source."""
    rng = np.random.default_rng(3)
    points = published.source_points(1, rng)
    means, variances = published.source_start(points, rng)
    while (variances < 0).any():  # the figure wants a run that lives
        means, variances = published.source_start(points, rng)
    runs = published.published_em(points, means, variances, SHOWN)
    true = published.true_classes()
    if ((runs[SHOWN[-1]].responsibility[0] > 0.5) == true).mean() < 0.5:
        true = ~true  # which class ends as the first is the start's choice; colour the truth alike
    panels = [("Truth and start", true, means[0], variances[0])]
    for iteration, run in runs.items():
        panels.append((f"Iteration {iteration}", run.responsibility[0] > 0.5, run.means[0], run.variances[0]))
    with figure(path, 7.2, 4.6, nrows=2, ncols=3, sharex=True, sharey=True) as (_, axes):
        for axis, (title, first, centre, variance) in zip(axes.flat, panels, strict=True):
            for members, colour in ((first, COLOURS[0]), (~first, COLOURS[1])):
                axis.plot(*points[0][::4][members[::4]].T, ".", color=colour, markersize=2.5, alpha=0.6)
            for k, colour in enumerate(COLOURS[:2]):
                size = 4 * np.sqrt(variance[k])
                axis.add_patch(Ellipse(centre[k], *size, fill=False, edgecolor=colour, linewidth=1.6))
            axis.set_title(title)
            axis.set_xlim(-1, 9)
            axis.set_ylim(-1, 7)


def _draw_curves(path: Path) -> None:
    rng = np.random.default_rng(4)
    centres = np.array([[0, 0], [4, 0], [0, 4], [5, 5]])
    points = np.concatenate([rng.normal(centre, 1, (150, 2)) for centre in centres])
    with figure(path, 7, 3.4) as (_, axis):
        for seed in range(30):
            curve = fit(points, 5, "full", "points", 120, tolerance=0, seed=seed).log_likelihoods
            axis.plot(curve, color=COLOURS[0], alpha=0.4, linewidth=1)
        axis.set_ylim(-4.6, -4.1)
        axis.axvline(10, color=COLOURS[1], linestyle="--", linewidth=1.2)
        axis.text(10.8, -4.58, "the source stops here", color=COLOURS[1])
        axis.set_xlabel("iteration")
        axis.set_ylabel("mean log-likelihood (nats)")


def _draw_success(path: Path, rows: list[Row], good: float) -> None:
    names = [f"{row.start} start, {row.prior}, {row.iterations} iterations" for row in rows]
    with figure(path, 7, 2.8) as (_, axis):
        for place, row in enumerate(rows):
            success = row.success
            colour = COLOURS[0] if row.start == "source" else COLOURS[2]
            axis.plot([success.low, success.high], [place, place], color=colour, linewidth=2.2)
            axis.plot(success.value, place, "o", color=colour)
        axis.set_yticks(range(len(rows)), names)
        axis.invert_yaxis()
        axis.set_xlim(0, 1.03)
        axis.set_xlabel(f"share of starts with accuracy ≥ {good}")
