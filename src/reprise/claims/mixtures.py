"""Claims 1 and 2: EM for Gaussian mixtures, and how much hangs on its start."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from matplotlib.patches import Ellipse
from pydantic import Field
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from reprise.claims.evidence import Evidence, Expect, Figure, Finding, Metric, Table, above, equals
from reprise.config import Strict
from reprise.lessons import mixtures_published as published
from reprise.lessons.mixtures import KINDS, Mixture, fit, starting_mixture
from reprise.report.figures import COLOURS, figure
from reprise.statistics import Effect, exact, mean_effect, paired_effect, proportion
from reprise.workspace import Workspace

DIMENSIONS = (1, 2, 3, 8)
SHOWN = (0, 2, 4, 6, 8)  # the iterations in the source's figure
GOOD = 0.97  # accuracy from which a segmentation counts as found; the best possible one is right on 99.9 %


class Config(Strict):
    """What the study can turn."""

    runs: int = Field(300, ge=2, description="random starts, each on freshly drawn data")
    iterations: int = Field(10, ge=2, description="the source's number of iterations")
    long_iterations: int = Field(200, ge=10, description="enough for EM to settle")
    fits: int = Field(50, ge=2, description="fits with our own EM and with scikit-learn's")
    parity_iterations: int = Field(30, ge=1)


def evaluate(workspace: Workspace) -> Evidence:
    """Runs the source's EM from many starts, ours beside scikit-learn's, and draws both."""
    config: Config = workspace.config
    folder = workspace.evidence / "figures"
    rows = _starts(config)
    gaps, steps = _parity(config)
    ours, theirs = _fits(config)
    _draw_iterations(folder / "em_iterations.svg")
    _draw_curves(folder / "em_log_likelihood.svg")
    _draw_success(folder / "em_success.svg", rows)
    n_parity = len(gaps)
    findings = [
        Finding(
            1,
            "Smallest gain in mean log-likelihood of any EM step (nats a point): full, tied, diagonal, spherical; "
            f"{', '.join(map(str, DIMENSIONS))} dimensions",
            exact(min(steps), n=len(steps), unit="nats"),
            Expect(low=-1e-10, closed=True),
            note="EM cannot lower the likelihood; 1e-10 is room for rounding in a mean over the points. Measured "
            "without regularisation, which would break the guarantee.",
            figures=("em_log_likelihood",),
        ),
        Finding(
            1,
            "Accuracy of the classes found on the source's data, our EM from k-means++ starts",
            mean_effect(ours, unit="share of points"),
            above(GOOD),
            variant="corrected",
            figures=("em_iterations",),
            note="With the parameters known, the best rule is right on 99.9 % of such points.",
        ),
        Finding(
            1,
            "Largest difference from scikit-learn in any weight, mean, covariance or mean log-likelihood, "
            f"after {config.parity_iterations} iterations from the same start",
            exact(max(gaps), n=n_parity),
            Expect(high=1e-10, closed=True),
            kind="oracle",
            oracle="sklearn.mixture.GaussianMixture",
        ),
        Finding(
            1,
            "Accuracy, our EM minus scikit-learn's, each with its own k-means++ or k-means start on the same data",
            paired_effect(ours - theirs, unit="share of points"),
            equals(0, 0.005),
            kind="oracle",
            oracle="sklearn.mixture.GaussianMixture",
            note="Seven points in 1,400: fits that settled at the same optimum differ at the border only.",
        ),
        _stated_covariance(config),
        *_start_findings(config, rows),
    ]
    return Evidence(
        title="Expectation maximisation for Gaussian mixtures",
        group="Mixtures and thresholds",
        about=_ABOUT,
        data=f"generated: the source's two classes of {published.POINTS[0]} and {published.POINTS[1]} points in the "
        f"plane, drawn anew for each of {config.runs} starts; for parity, three clusters of 200 points in "
        f"{DIMENSIONS[0]} to {DIMENSIONS[-1]} dimensions",
        findings=findings,
        metrics={
            "sklearn_parity": Metric(float(np.mean(np.array(gaps) <= 1e-10)), "equal", n=n_parity),
            "accuracy": Metric(float(ours.mean()), "higher", float(ours.std(ddof=1)), len(ours)),
            "success_published": Metric(rows[0]["success"].value, "equal", n=config.runs),
            "success_corrected": Metric(rows[-1]["success"].value, "higher", n=config.runs),
        },
        tables=[_table(config, rows)],
        figures=[
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
                f"{config.runs} starts each; Wilson intervals.",
            ),
        ],
        cost={"iterations_a_run": config.long_iterations, "runs": config.runs},
    )


_ABOUT = """
EM alternates two questions: *given the Gaussians, who made each point?* and *given who made each point, what are the
Gaussians?* Each answer can only raise the likelihood, in any number of dimensions and for any form of covariance; the
lesson module says it in one pass over the data, in log space, and agrees with scikit-learn to rounding.

The likelihood has many peaks, though, and EM climbs the one it starts under. The source says so, and its own
script is the best demonstration: starting means are drawn anywhere in the bounding box, and starting *variances* from a
range that can be negative, which ends in NaN. Two changes make the trouble go away on this data: start at data points
with the variances of the whole data, and iterate until the likelihood has settled rather than ten times.

The source's prior (the share of summed likelihoods) is not the M step of any mixture, yet gets further in the first ten
iterations than the right one does: a rule that is wrong in the limit can be quick at the start.
"""


def _starts(config: Config) -> list[dict[str, Any]]:
    """The table of starts x priors x iterations, on the same data for every row."""
    rng = np.random.default_rng(0)
    points = published.source_points(config.runs, rng)
    short, long = config.iterations - 1, config.long_iterations - 1
    rows = []
    for name, start in (("source", published.source_start), ("data points", published.data_point_start)):
        means, variances = start(points, rng)
        negative = (variances < 0).any(axis=(1, 2))
        for prior, keep in (("likelihoods", (short,)), ("responsibilities", (short, long))):
            for iteration, run in published.published_em(points, means, variances, keep, prior).items():
                good = (run.accuracy >= GOOD) & ~run.broken
                rows.append(
                    {
                        "start": name,
                        "prior": prior,
                        "iterations": iteration + 1,
                        "broken": proportion(int(run.broken.sum()), config.runs),
                        "success": proportion(int(good.sum()), config.runs),
                        "good": good,
                        "median": float(np.median(run.accuracy[~run.broken])),
                        "worst": float(run.accuracy[~run.broken].min()),
                        "negative": negative,
                        "nan": run.broken,
                    }
                )
    return rows


def _parity(config: Config) -> tuple[list[float], list[float]]:
    """Largest gap to scikit-learn, and the smallest gain of any step, for each dimension and kind."""
    rng = np.random.default_rng(1)
    gaps, steps = [], []
    for dimension in DIMENSIONS:
        points = np.concatenate([rng.normal(4 * rng.normal(size=dimension), 1, (200, dimension)) for _ in range(3)])
        for kind in KINDS:
            start = starting_mixture(points, 3, kind, "points", rng)
            settings: dict[str, Any] = {"iterations": config.parity_iterations, "tolerance": 0}
            mine = fit(points, 3, kind, start, regularisation=1e-6, **settings).mixture
            other = sklearn_from(start, points, config.parity_iterations)
            gaps.append(gap(mine, other, points))
            free = fit(points, 3, kind, start, regularisation=0, **settings)
            steps.append(float(np.diff(free.log_likelihoods).min()))
    return gaps, steps


def sklearn_from(start: Mixture, points: np.ndarray, iterations: int) -> GaussianMixture:
    """scikit-learn's EM from the same start, for exactly so many iterations."""
    diagonal = start.kind in ("diag", "spherical")
    precisions = 1 / start.covariances if diagonal else np.linalg.inv(start.covariances)
    model = GaussianMixture(
        len(start.weights), covariance_type=start.kind, tol=0, max_iter=iterations, reg_covar=1e-6,
        weights_init=start.weights, means_init=start.means, precisions_init=precisions,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # tolerance 0 never converges: that is what is wanted
        return model.fit(points)


def gap(mine: Mixture, other: GaussianMixture, points: np.ndarray) -> float:
    """Largest absolute difference in any parameter or in the mean log-likelihood."""
    pairs = [
        (mine.weights, other.weights_),
        (mine.means, other.means_),
        (mine.covariances, other.covariances_),
        (mine.log_likelihood(points), other.score(points)),
    ]
    return max(float(np.abs(np.asarray(a) - b).max()) for a, b in pairs)


def _fits(config: Config) -> tuple[np.ndarray, np.ndarray]:
    """Accuracy of our EM and of scikit-learn's, each as a user would call it, on the same data sets."""
    data = published.source_points(config.fits, np.random.default_rng(2))
    truth = published.true_classes()
    ours, theirs = [], []
    for seed, points in enumerate(data):
        mine = fit(points, 2, "diag", "k-means++", config.long_iterations, seed=seed).mixture.predict(points)
        other = GaussianMixture(2, covariance_type="diag", max_iter=config.long_iterations, random_state=seed)
        for labels, scores in ((mine, ours), (other.fit_predict(points), theirs)):
            right = float((labels.astype(bool) == truth).mean())
            scores.append(max(right, 1 - right))
    return np.array(ours), np.array(theirs)


def _stated_covariance(config: Config) -> Finding:
    """Defect 5: the data do not have the covariances the script states."""
    first = published.source_points(config.runs, np.random.default_rng(0))[:, : published.POINTS[0], 0]
    return Finding(
        1,
        "Variance of the first class along x, in data drawn as the source's script draws it",
        mean_effect(first.var(axis=1, ddof=1)),
        kind="context",
        variant="code",
        defect=5,
        published="0.3 (cov_mat1 in EM.py)",
        note="The script passes variances to a function that wants standard deviations: the data get 0.3² = 0.09.",
    )


def _start_findings(config: Config, rows: list[dict[str, Any]]) -> list[Finding]:
    source, best = rows[0], rows[-1]
    broken = source["nan"]
    difference = best["good"].astype(float) - source["good"]
    failed = proportion(int((~source["good"]).sum()), config.runs, "share of starts")
    findings = [
        Finding(
            2,
            f"Share of random starts from which the source's EM misses the classes (accuracy below {GOOD}, or NaN)",
            failed,
            above(0.05),
            variant="code",
            defect=5,
            figures=("em_success",),
            note="An 'unlucky' start is taken to mean more than one in twenty: rarer would be no reliance to speak of.",
        ),
        Finding(
            2,
            "Share of starts that find it: data-point start run until settled, minus the source's start, prior and "
            f"{config.iterations} iterations, same data",
            paired_effect(difference, unit="share of starts"),
            above(0),
            variant="corrected",
            figures=("em_success",),
        ),
    ]
    same_steps = proportion_difference(rows[5]["good"], rows[2]["good"])
    findings.append(
        Finding(
            2,
            "The same with everything but the start alike (standard M step, run until settled): data points minus box",
            same_steps,
            above(0),
            variant="corrected",
            note="This isolates the start from the prior and the number of iterations.",
        )
    )
    findings.append(
        Finding(
            2,
            "Share of the source's starts that end in NaN",
            source["broken"],
            kind="context",
            variant="code",
            defect=5,
        )
    )
    if broken.any():
        findings.append(
            Finding(
                2,
                "Share of those NaN runs that began with a negative variance",
                proportion(int(source["negative"][broken].sum()), int(broken.sum())),
                kind="context",
                variant="code",
                defect=5,
                note="A class that loses every point to underflow accounts for the others.",
            )
        )
    return findings


def proportion_difference(first: np.ndarray, second: np.ndarray) -> Effect:
    """Paired difference of two success rates over the same data sets."""
    return paired_effect(first.astype(float) - second, unit="share of starts")


def _table(config: Config, rows: list[dict[str, Any]]) -> Table:
    return Table(
        "Starts, priors and iterations",
        ("start", "prior from", "iterations", "NaN", f"accuracy ≥ {GOOD}", "median accuracy", "worst"),
        tuple(
            (
                row["start"],
                row["prior"],
                row["iterations"],
                round(row["broken"].value, 3),
                round(row["success"].value, 3),
                round(row["median"], 4),
                round(row["worst"], 3),
            )
            for row in rows
        ),
        f"{config.runs} starts a row on the same {config.runs} data sets; median and worst over runs without NaN.",
    )


def _draw_iterations(path: Any) -> None:
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


def _draw_curves(path: Any) -> None:
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


def _draw_success(path: Any, rows: list[dict[str, Any]]) -> None:
    names = [f"{row['start']} start, {row['prior']}, {row['iterations']} iterations" for row in rows]
    with figure(path, 7, 2.8) as (_, axis):
        for place, row in enumerate(rows):
            success = row["success"]
            colour = COLOURS[0] if row["start"] == "source" else COLOURS[2]
            axis.plot([success.low, success.high], [place, place], color=colour, linewidth=2.2)
            axis.plot(success.value, place, "o", color=colour)
        axis.set_yticks(range(len(rows)), names)
        axis.invert_yaxis()
        axis.set_xlim(0, 1.03)
        axis.set_xlabel(f"share of starts with accuracy ≥ {GOOD}")
