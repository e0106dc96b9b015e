"""Claim 147: lines fitted with three losses, with and without outliers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import optimize

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, Metric, Table, above, between, primary
from reprise.statistics import LEVEL, SHARE, Effect, exact, mean_effect
from reprise.studies.losses import lesson
from reprise.studies.losses.settings import Config

SLOPE = 2.0
FITS = {
    "L2": lesson.least_squares_line,
    "L1": lesson.robust_line,
    "ε-hinge": lambda x, y: lesson.robust_line(x, y, lesson.MARGIN),
}
HINGES = {margin: "ε-hinge" if margin == lesson.MARGIN else f"ε-hinge, ε = {margin:g}" for margin in lesson.MARGINS}
CASES = ("clean", "outliers", "at one end", "in x")
Errors = Mapping[tuple[str, str], np.ndarray]  # (loss, case) -> (repetitions,) errors of the slope


def points(seed: int, config: Config, case: str) -> tuple[np.ndarray, np.ndarray]:
    """Points of y = 2x + 1 with noise 0.3, ``clean`` or with a share of outliers.

    ``outliers`` are 10 to 20 too high or too low, anywhere; those ``at one end`` are too high, where x is largest,
    which turns a line most; those ``in x`` are, besides, far out in x and low.
    """
    rng = np.random.default_rng([147, seed])
    x = rng.uniform(-2, 2, config.points)
    y = SLOPE * x + 1 + rng.normal(scale=0.3, size=config.points)
    count = round(config.outliers * config.points)
    if case == "outliers":
        chosen = rng.choice(config.points, count, replace=False)
        y[chosen] += rng.uniform(10, 20, count) * rng.choice([-1, 1], count)
    elif case != "clean":
        chosen = np.argsort(x)[-count:]
        y[chosen] += rng.uniform(10, 20, count)
        if case == "in x":
            x[chosen], y[chosen] = rng.uniform(30, 40, count), -rng.uniform(10, 20, count)
    return x, y


def slope_errors(config: Config) -> Errors:
    """Every loss on every kind of data."""
    errors = {}
    for case in CASES:
        data = [points(seed, config, case) for seed in range(config.repetitions)]
        for name, fit in FITS.items():
            errors[name, case] = np.array([abs(fit(x, y)[0] - SLOPE) for x, y in data])
        for margin, name in HINGES.items():
            if name not in FITS and case != "clean":
                errors[name, case] = np.array([abs(lesson.robust_line(x, y, margin)[0] - SLOPE) for x, y in data])
    return errors


def better(errors: Errors, other: str, margin: float = lesson.MARGIN) -> Effect:
    """In what share of the data sets of each kind of outliers the hinge finds the slope better than another loss."""
    hinge = HINGES[margin]
    won = np.mean([errors[hinge, case] < errors[other, case] for case in CASES if case != "clean"], axis=0)
    return mean_effect(won, "share of data sets", SHARE, together=2)


def hanging(declared: Declaration, errors: Errors, other: str) -> str:
    """Why nothing is judged: another margin, which the source leaves open, would be judged otherwise."""
    found = {margin: declared.expect.judge(better(errors, other, margin)) for margin in HINGES}
    words = ", ".join(f"{verdict} at ε = {margin:g}" for margin, verdict in found.items())
    return f"it hangs on the margin, which the source leaves open: {words}" if len(set(found.values())) > 1 else ""


def findings(declared: Declaration, config: Config, errors: Errors) -> list[Finding]:
    """What outliers do to squared loss and not to the others, the price of that, its limit, and the fit's oracle."""
    said = f"Slope {SLOPE:g}, noise 0.3; ε = {lesson.MARGIN}; {config.outliers:.0%} outliers, 10 to 20 off"
    beside = {
        "Error of the slope, L2 minus ε-hinge, outliers up and down at random places": ("ε-hinge", "outliers"),
        "Error of the slope, L2 minus ε-hinge, all outliers high and at one end": ("ε-hinge", "at one end"),
        "Error of the slope, L2 minus L1, outliers up and down at random places": ("L1", "outliers"),
    }
    context = (
        (
            "Error of the slope, L1 minus ε-hinge, outliers up and down at random places",
            errors["L1", "outliers"] - errors["ε-hinge", "outliers"],
            "Below 0: on average L1 resists them better than the hinge that the source recommends.",
        ),
        (
            "Error of the slope, ε-hinge minus L2, without outliers",
            errors["ε-hinge", "clean"] - errors["L2", "clean"],
            "Robustness has a price: for Gaussian noise squared loss is the efficient one.",
        ),
        (
            "Error of the slope, ε-hinge, with outliers far out in x",
            errors["ε-hinge", "in x"],
            f"It resists wild y, not wild x: leverage points drag it away as they drag L2 "
            f"({errors['L2', 'in x'].mean():.2f}).",
        ),
    )
    gaps = gaps_to_linear_programs(config)
    return [
        *(
            primary(
                declared,
                better(errors, other),
                of=other,
                note=said,
                undecided=hanging(declared, errors, other),
                figures=("losses-regression",),
            )
            for other in ("L2", "L1")
        ),
        *(
            Finding(
                147,
                words,
                mean_effect(errors["L2", case] - errors[loss, case], level=LEVEL / len(beside)),
                above(0),
                kind="secondary",
                figures=("losses-regression",),
            )
            for words, (loss, case) in beside.items()
        ),
        *(Finding(147, words, mean_effect(values), note=note) for words, values, note in context),
        *(
            Finding(
                147,
                f"Share of data sets in which the hinge loss finds the slope better than {other}, ε = {margin:g}",
                better(errors, other, margin),
            )
            for other in ("L2", "L1")
            for margin in HINGES
            if margin != lesson.MARGIN
        ),
        Finding(
            147,
            "Largest relative difference in cost between our exact fit and a linear program's",
            exact(max(gaps), len(gaps)),
            between(0, 1e-8),
            kind="oracle",
            oracle="scipy.optimize.linprog (HiGHS, feasible to 1e-7)",
        ),
    ]


def gaps_to_linear_programs(config: Config) -> list[float]:
    """Relative differences of the cost that our exact fit reaches from a linear program's."""
    gaps = []
    for seed in range(10):
        x, y = points(seed, config, "outliers")
        n = len(x)
        design = np.column_stack([x, np.ones(n)])
        for margin in (0.0, lesson.MARGIN):
            slope, intercept = lesson.robust_line(x, y, margin)
            ours = lesson.epsilon_hinge(y, slope * x + intercept, margin).sum()
            solved = optimize.linprog(
                np.r_[0, 0, np.ones(n)],
                A_ub=np.block([[design, -np.eye(n)], [-design, -np.eye(n)]]),
                b_ub=np.r_[y + margin, margin - y],
                bounds=[(None, None)] * 2 + [(0, None)] * n,
            )
            gaps.append(abs(ours - solved.fun) / solved.fun)
    return gaps


def metrics(config: Config, errors: Errors) -> dict[str, Metric]:
    """For the gate: the robust fits' mean error with outliers, as a share of squared loss's."""
    return {
        f"outlier_error_{short}": Metric(
            float(np.mean(errors[name, "outliers"]) / np.mean(errors["L2", "outliers"])),
            "lower",
            n=config.repetitions,
        )
        for name, short in (("L1", "l1"), ("ε-hinge", "hinge"))
    }


def table(config: Config, errors: Errors) -> Table:
    """Mean error of each loss on each kind of data."""
    return Table(
        "Error of the fitted slope (2)",
        ("loss", "clean", "outliers", "all at one end", "far out in x"),
        tuple((name, *(f"{errors[name, case].mean():.3f}" for case in CASES)) for name in FITS),
        f"Mean over {config.repetitions} data sets of {config.points} points, {config.outliers:.0%} outliers.",
    )
