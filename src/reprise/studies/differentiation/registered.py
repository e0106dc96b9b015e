"""Claim 15: an operation joins by registering its gradient, and a check by differences sees a wrong one."""

from __future__ import annotations

import math

import numpy as np

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, above, between, primary
from reprise.statistics import exact
from reprise.studies.differentiation.lesson.automatic import reverse_jacobian
from reprise.studies.differentiation.lesson.numerical import gradcheck
from reprise.studies.differentiation.lesson.operations import Operation, sin

GRID = np.linspace(-10, 10, 401)


def wrong_sine() -> Operation:
    """A sine whose registered gradient is wrong by one part in a thousand."""
    broken = Operation("sin", math.sin)
    broken.register_gradient(lambda upstream, x: (upstream * math.cos(x) * 1.001,))
    return broken


def findings(declared: Declaration) -> list[Finding]:
    """The registered sine against differences and against the cosine, and the check against a planted mistake."""
    registered = np.array([reverse_jacobian(lambda v: sin(v[0]), [x])[0, 0] for x in GRID])
    return [
        primary(declared, exact(gradcheck(sin, GRID), len(GRID))),
        Finding(
            15,
            "Largest |registered gradient of sin - cos x| on 401 points",
            exact(np.abs(registered - np.cos(GRID)).max(), len(GRID)),
            between(0, 2.3e-16),
            kind="secondary",
            oracle="numpy.cos; at most one unit in the last place between two libraries' cosines",
        ),
        Finding(
            15,
            "gradcheck of a rule that is wrong by one part in a thousand",
            exact(gradcheck(wrong_sine(), GRID), len(GRID)),
            above(5e-4),
            kind="oracle",
            oracle="a planted mistake",
            note="A check that passes everything checks nothing; this one sees a planted error of 0.1 %.",
        ),
    ]
