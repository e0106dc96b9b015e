"""Claim 147: lines fitted with three losses, with and without outliers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import optimize

from reprise.claims.evidence import Finding, Metric, Table, above, between
from reprise.statistics import exact, mean_effect
from reprise.studies.losses import lesson
from reprise.studies.losses.settings import Config

SLOPE = 2.0
FITS = {
    "L2": lesson.least_squares_line,
    "L1": lesson.robust_line,
    "ε-hinge": lambda x, y: lesson.robust_line(x, y, lesson.MARGIN),
}
CASES = {"clean": (False,), "outliers": (True,), "leverage": (True, True)}  # case -> options of `points`
Errors = Mapping[tuple[str, str], np.ndarray]  # (loss, case) -> (repetitions,) errors of the slope


def points(seed: int, config: Config, outliers: bool, leverage: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Points of y = 2x + 1 with noise 0.3; outliers lie 10 to 20 high where x is large (or far out in x)."""
    rng = np.random.default_rng([147, seed])
    x = rng.uniform(-2, 2, config.points)
    y = SLOPE * x + 1 + rng.normal(scale=0.3, size=config.points)
    if outliers:
        chosen = np.argsort(x)[-round(config.outliers * config.points) :]
        y[chosen] += rng.uniform(10, 20, len(chosen))
        if leverage:
            x[chosen], y[chosen] = rng.uniform(30, 40, len(chosen)), -rng.uniform(10, 20, len(chosen))
    return x, y


def slope_errors(config: Config) -> Errors:
    """Every loss on every kind of data."""
    errors = {}
    for case, options in CASES.items():
        data = [points(seed, config, *options) for seed in range(config.repetitions)]
        for name, fit in FITS.items():
            errors[name, case] = np.array([abs(fit(x, y)[0] - SLOPE) for x, y in data])
    return errors


def findings(config: Config, errors: Errors) -> list[Finding]:
    """What outliers do to squared loss and not to the others, the price of that, its limit, and the fit's oracle."""
    robust = [
        Finding(
            147,
            f"Error of the slope, L2 minus {name}, with {config.outliers:.0%} outliers",
            mean_effect(errors["L2", "outliers"] - errors[name, "outliers"]),
            above(0),
            note=f"Slope {SLOPE:g}; ε = {lesson.MARGIN}; outliers 10 to 20 too high at one end, noise 0.3.",
            figures=("losses-regression",),
        )
        for name in ("L1", "ε-hinge")
    ]
    gaps = gaps_to_linear_programs(config)
    return [
        *robust,
        Finding(
            147,
            "Error of the slope, L1 minus L2, without outliers",
            mean_effect(errors["L1", "clean"] - errors["L2", "clean"]),
            kind="context",
            note="Robustness has a price: for Gaussian noise squared loss is the efficient one.",
        ),
        Finding(
            147,
            "Error of the slope, L1, with outliers far out in x",
            mean_effect(errors["L1", "leverage"]),
            kind="context",
            note="L1 resists wild y, not wild x: leverage points drag it away as they drag L2.",
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
        x, y = points(seed, config, True)
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
        ("loss", "clean", "outliers in y", "outliers in x"),
        tuple((name, *(f"{errors[name, case].mean():.3f}" for case in CASES)) for name in FITS),
        f"Mean over {config.repetitions} data sets of {config.points} points, {config.outliers:.0%} outliers.",
    )
