"""The programs that are differentiated: the sources' own, and some that show what a method costs.

Each is plain Python over a list of numbers, of whatever kind.
"""

from __future__ import annotations

from typing import Any

from reprise.studies.differentiation.lesson.operations import Function, exp, log, sin


def source_linear(v: list[Any]) -> Any:
    """S1: z = 2x - y."""
    return 2 * v[0] - v[1]


def source_curved(v: list[Any]) -> Any:
    """S1: z = sin x - y^3."""
    return sin(v[0]) - v[1] ** 3


def composite(v: list[Any]) -> Any:
    """Three inputs, every kind of operation."""
    x, y, z = v
    return exp(sin(x * y)) / (1 + z**2) + log(1 + x**2) * z


def worked(v: list[Any]) -> Any:
    """The example of most step-by-step tables: y = x0 x1 + sin x0."""
    return v[0] * v[1] + sin(v[0])


def squared(v: list[Any]) -> Any:
    """S3: f = y z with y = z = x - 1, as its graph draws it."""
    y = v[0] - 1
    z = v[0] - 1
    return y * z


def logistic_map(iterations: int) -> Function:
    """x -> 4x(1 - x), iterated: short as a program, huge as a formula."""

    def run(v: list[Any]) -> Any:
        x = v[0]
        for _ in range(iterations):
            x = 4 * x * (1 - x)
        return x

    return run


def recurrence(outputs: int, chain: int) -> Function:
    """A state that reads its inputs in the first steps and gives its outputs in the last: cost fixed by ``chain``."""

    def run(v: list[Any]) -> list[Any]:
        state, states = 0.5, []
        for t in range(chain):
            state = sin(state + v[t]) if t < len(v) else sin(state + 0.1)
            states.append(state)
        return states[-outputs:]

    return run
