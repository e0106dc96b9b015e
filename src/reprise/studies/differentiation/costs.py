"""What derivatives cost, in evaluations of the function, and how large formulas and tapes grow (claims 13 and 14)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, primary
from reprise.statistics import exact
from reprise.studies.differentiation.lesson.automatic import forward_jacobian, record, reverse_jacobian
from reprise.studies.differentiation.lesson.numerical import numerical_jacobian
from reprise.studies.differentiation.lesson.operations import Function, counting
from reprise.studies.differentiation.lesson.symbolic import symbolic_jacobian
from reprise.studies.differentiation.programs import logistic_map, recurrence
from reprise.studies.differentiation.settings import Config

Jacobian = Callable[[Function, Sequence[float]], np.ndarray]
METHODS: dict[str, Jacobian] = {
    "numerical": numerical_jacobian,
    "forward mode": forward_jacobian,
    "reverse mode": reverse_jacobian,
}


def cost(method: Jacobian, function: Function, x: Sequence[float]) -> float:
    """Work of a Jacobian in evaluations of the function: operations, gradient rules and products weigh alike."""
    with counting() as base:
        record(function, x)
    with counting() as tally:
        method(function, x)
    automatic = tally["operations"] + tally["rules"] + tally["products"]
    return tally["evaluations"] + automatic / base["operations"]


def costs_by_inputs(config: Config) -> dict[str, np.ndarray]:
    """Method -> (sizes,) cost of the Jacobian of one output as its inputs grow."""
    function = recurrence(1, config.chain)
    return {
        name: np.array([cost(method, function, np.full(size, 0.3)) for size in config.sizes])
        for name, method in METHODS.items()
    }


def costs_by_outputs(config: Config) -> dict[str, np.ndarray]:
    """Method -> (sizes,) cost of the Jacobian by one input as the outputs grow."""
    return {
        name: np.array([cost(method, recurrence(size, config.chain), np.full(1, 0.3)) for size in config.sizes])
        for name, method in METHODS.items()
    }


def swell(iterations: int) -> tuple[list[int], list[int]]:
    """Operations in the derivative of the logistic map iterated 1, 2, ... times: in its formula, and in its sweep."""
    import sympy

    formula, tape = [], []
    for k in range(1, iterations + 1):
        _, formulas = symbolic_jacobian(logistic_map(k), 1)
        formula.append(int(sympy.count_ops(formulas[0][0])))
        with counting() as tally:
            reverse_jacobian(logistic_map(k), [0.3])
        tape.append(sum(tally.values()))
    return formula, tape


def swell_finding(declared: Declaration, config: Config, formula: list[int], tape: list[int]) -> Finding:
    """Claim 13: what tells symbolic from automatic differentiation."""
    return primary(
        declared,
        exact(formula[-1] / tape[-1], unit="times"),
        note=f"{config.iterations} iterations. A formula repeats its shared parts, a tape stores them. (Common "
        "subexpressions can be shared afterwards; automatic differentiation never unshares them.)",
        figures=("differentiation-costs",),
    )
