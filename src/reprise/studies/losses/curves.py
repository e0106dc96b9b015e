"""Claims 143 and 145: curves and slopes of the activations, and the source's formulas typed in as written."""

from __future__ import annotations

import numpy as np

from reprise.claims.evidence import Finding, between, equals
from reprise.statistics import exact
from reprise.studies.losses import lesson
from reprise.studies.losses.published import SIGMOID_MIDDLE

ROUNDING = between(0, 1e-14)  # a few dozen roundings of 2.2e-16
CHECKED = lesson.GRID[lesson.GRID != 0][::20]  # at 0 the slope of a kink is a choice
SHOWN = ("losses-activations",)


def largest_errors(activations: tuple[lesson.Activation, ...] = lesson.ACTIVATIONS) -> dict[str, float]:
    """Of any activation's ``curve`` and ``slope``, against its formula and the derivative that sympy finds for it."""
    import sympy

    worst = {"curve": 0.0, "slope": 0.0}
    x = sympy.Symbol("x")
    for activation in activations:
        formula = sympy.sympify(activation.formula, locals={"x": x})
        for what, ours, exactly in (
            ("curve", activation.curve, formula),
            ("slope", activation.slope, formula.diff(x)),
        ):
            truth = np.array([float(exactly.subs(x, value).evalf(30)) for value in CHECKED])
            worst[what] = max(worst[what], np.abs(ours(CHECKED) - truth).max())
    return worst


def findings() -> list[Finding]:
    """The oracle of the six curves; the middle of the sigmoid; two formulas that are not as good as they look."""
    near = 1e-9
    return [
        *(
            Finding(
                145,
                f"Largest error of any of the six activations' {what}s",
                exact(worst, len(lesson.ACTIVATIONS) * len(CHECKED)),
                ROUNDING,
                kind="oracle",
                oracle="the formula and its derivative by sympy, 30 digits",
                figures=SHOWN,
            )
            for what, worst in largest_errors().items()
        ),
        Finding(
            143,
            "σ(0), the middle of the sigmoid's range",
            exact(float(lesson.sigmoid(0.0))),
            equals(SIGMOID_MIDDLE),
            kind="secondary",
            published=f"{SIGMOID_MIDDLE:g}, not zero-centred (S3)",
            figures=SHOWN,
        ),
        Finding(
            143,
            "Relative error of 2 / (1 + e^-2x) - 1 for tanh x, typed in as written, at x = 1e-9",
            exact(abs(float(lesson.tanh_as_written(near)) / np.tanh(near) - 1)),
            variant="text",
            note="True on paper; near 0 it cancels and keeps half its digits. Use a library's tanh.",
        ),
        Finding(
            145,
            "Error of the source's PReLU, max(αx, x), at x = -1 for α = 2",
            exact(abs(float(lesson.prelu_as_written(-1.0, 2.0)) - float(lesson.leaky_relu(-1.0, 2.0)))),
            variant="text",
            note="max(αx, x) is PReLU only while α ≤ 1, and α is learned. The definition is x for x > 0, else αx.",
        ),
    ]
