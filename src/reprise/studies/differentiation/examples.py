"""Claims 17 and 142: the sources' worked gradients, and a computational graph with its descent."""

from __future__ import annotations

import numpy as np

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, below, between, primary
from reprise.statistics import exact
from reprise.studies.differentiation.lesson.automatic import record, reverse_jacobian
from reprise.studies.differentiation.lesson.descent import GradientDescent
from reprise.studies.differentiation.programs import source_curved, source_linear, squared
from reprise.studies.differentiation.published import GRADIENTS, GRAPH
from reprise.studies.differentiation.settings import Config

RATE = 0.1
SHOWN = ("differentiation-graph",)


def gradient_findings(declared: Declaration) -> list[Finding]:
    """Claim 17: two gradients, one in whole numbers and one with a cosine."""
    cases = (
        ("2x - y at (1, 2)", source_linear, [1, 2], GRADIENTS["2x - y"]),
        ("sin x - y³ at (3, 5)", source_curved, [3, 5], GRADIENTS["sin x - y³"]),
    )
    return [
        primary(
            declared,
            exact(slope - printed[name]),
            of=f"∂z/∂{name} of z = {words}",
            published=f"{printed[name]:.7g} (S1)",
            note=f"{slope:.8g}",
        )
        for words, program, at, printed in cases
        for name, slope in zip("xy", reverse_jacobian(program, at)[0], strict=True)
    ]


def descend(steps: int) -> np.ndarray:
    """(steps + 1,): gradient descent on (x - 1)² from the source's x."""
    optimizer, x = GradientDescent(RATE), np.array([GRAPH["x"]])
    path = [x]
    for _ in range(steps):
        x = optimizer.minimise(squared, x)
        path.append(x)
    return np.concatenate(path)


def graph_findings(declared: Declaration, config: Config, path: np.ndarray) -> list[Finding]:
    """Claim 142: the derivatives at each node of (x - 1)², and where descent ends."""
    _, (output,) = record(squared, [GRAPH["x"]])
    adjoints = output.sweep()  # x, y, z, f
    closed = 1 + 0.8 ** np.arange(config.steps + 1)
    return [
        *(
            primary(
                declared,
                exact(adjoints[index] - GRAPH[name]),
                of=name,
                published=f"{GRAPH[name]:g} (S3)",
                figures=SHOWN,
            )
            for index, name in ((1, "∂f/∂y"), (2, "∂f/∂z"), (0, "df/dx"))
        ),
        Finding(
            142,
            f"|x - 1| after {config.steps} steps of gradient descent from x = 2, learning rate 0.1",
            exact(abs(path[-1] - 1), config.steps),
            below(1e-5),
            kind="secondary",
            note=f"Each step keeps the fraction 1 - 2·0.1 of the error: 0.8^{config.steps} = {0.8**config.steps:.1e}.",
            figures=SHOWN,
        ),
        Finding(
            142,
            "Largest distance of the path from 1 + (1 - 2·0.1)^t",
            exact(np.abs(path - closed).max(), len(path)),
            between(0, 1e-14),
            kind="oracle",
            oracle="closed form of the recurrence",
        ),
    ]
