"""Claim 13: how close five ways to one gradient come to fifty decimal digits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from reprise.claims.evidence import Finding, Metric, Table, below, between
from reprise.statistics import exact, mean_effect
from reprise.studies.differentiation.costs import Jacobian, cost
from reprise.studies.differentiation.lesson.automatic import forward_jacobian, reverse_jacobian
from reprise.studies.differentiation.lesson.numerical import numerical_jacobian
from reprise.studies.differentiation.lesson.symbolic import evaluate_symbolic, symbolic_jacobian
from reprise.studies.differentiation.programs import composite
from reprise.studies.differentiation.settings import Config

STEPS = np.logspace(-15, 0, 31)
METHODS: dict[str, Jacobian | None] = {  # None: the formula, which is derived once for all points
    "numerical, forward": partial(numerical_jacobian, central=False),
    "numerical, central": numerical_jacobian,
    "symbolic": None,
    "automatic, forward mode": forward_jacobian,
    "automatic, reverse mode": reverse_jacobian,
}
SHOWN = ("differentiation-steps",)


@dataclass(frozen=True)
class Errors:
    """Relative errors of gradients at random points, against fifty digits.

    Attributes:
        methods: name -> (points,).
        steps: ``forward`` and ``central`` -> (steps,) medians over the points.
    """

    methods: dict[str, np.ndarray]
    steps: dict[str, np.ndarray]

    @property
    def automatic(self) -> float:
        """The largest of both modes."""
        modes = ("automatic, forward mode", "automatic, reverse mode")
        return float(max(self.methods[mode].max() for mode in modes))


def measure(config: Config) -> Errors:
    """Every method at random points, and difference quotients with every step."""
    points = np.random.default_rng(13).uniform(-2, 2, size=(config.points, 3))
    symbols, formulas = symbolic_jacobian(composite, 3)
    truth = evaluate_symbolic(symbols, formulas, points, digits=50)[:, 0]

    def error(found: np.ndarray) -> np.ndarray:
        return np.linalg.norm(found - truth, axis=1) / np.linalg.norm(truth, axis=1)

    def each(method: Callable[..., np.ndarray], **options: float) -> np.ndarray:
        return error(np.array([method(composite, point, **options)[0] for point in points]))

    return Errors(
        methods={
            name: each(method) if method else error(evaluate_symbolic(symbols, formulas, points)[:, 0])
            for name, method in METHODS.items()
        },
        steps={
            name: np.array([np.median(each(numerical_jacobian, step=float(s), central=central)) for s in STEPS])
            for name, central in (("forward", False), ("central", True))
        },
    )


def findings(config: Config, errors: Errors) -> list[Finding]:
    """Beside claim 13: half the digits by differences, all of them by rules and formulas."""
    return [
        Finding(
            13,
            "log10 of the relative error of the forward difference at step √ε, mean over points",
            mean_effect(np.log10(errors.methods["numerical, forward"]), unit="log10"),
            between(-9, -7),
            kind="secondary",
            note="Expected √ε = 1.5e-8 before the run; the band is one order either side.",
            figures=SHOWN,
        ),
        Finding(
            13,
            "Largest relative error of automatic differentiation, both modes",
            exact(errors.automatic, config.points),
            below(1e-14),
            kind="secondary",
            oracle="sympy's formula evaluated by mpmath with 50 digits",
            note="About fifteen operations of 2.2e-16 each: exact up to rounding, with no step to choose.",
            figures=SHOWN,
        ),
        Finding(
            13,
            "Largest relative error of the symbolic formula, evaluated in floats",
            exact(errors.methods["symbolic"].max(), config.points),
            below(1e-14),
            kind="secondary",
            oracle="the same formula by mpmath with 50 digits",
        ),
        Finding(
            13,
            "log10 of the relative error of the central difference at step ε^(1/3), mean over points",
            mean_effect(np.log10(errors.methods["numerical, central"]), unit="log10"),
            note="Twice the evaluations buy three digits; it still loses a third of them.",
        ),
    ]


def metrics(config: Config, errors: Errors) -> dict[str, Metric]:
    """For the gate: the largest error of automatic differentiation."""
    return {"automatic_error": Metric(errors.automatic, "lower", n=config.points)}


def table(config: Config, errors: Errors) -> Table:
    """Errors and cost, one method a row."""
    rows = (
        (
            name,
            f"{np.median(errors.methods[name]):.1e}",
            f"{errors.methods[name].max():.1e}",
            f"{cost(method, composite, [1.0, 1.0, 1.0]):.1f}" if method else "grows with the formula",
        )
        for name, method in METHODS.items()
    )
    return Table(
        "One gradient, five ways",
        ("method", "median relative error", "largest", "cost of the gradient, in evaluations"),
        tuple(rows),
        f"exp(sin(xy)) / (1 + z²) + z log(1 + x²) at {config.points} random points, against 50 decimal digits.",
    )
