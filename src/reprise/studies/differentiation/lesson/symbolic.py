"""Symbolic differentiation: the program run on symbols, its formulas derived and evaluated."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from reprise.studies.differentiation.lesson.operations import Function, outputs_of


def symbolic_jacobian(function: Function, count: int) -> tuple[tuple[Any, ...], list[list[Any]]]:
    """Symbols x0..x(n-1) and the (m, n) formulas that sympy derives for the function."""
    sympy = importlib.import_module("sympy")
    symbols = sympy.symbols(f"x0:{count}")
    return symbols, [[sympy.diff(output, s) for s in symbols] for output in outputs_of(function(list(symbols)))]


def evaluate_symbolic(
    symbols: Sequence[Any], formulas: list[list[Any]], points: np.ndarray, digits: int | None = None
) -> np.ndarray:
    """The formulas at points (k, n), as (k, m, n).

    Args:
        symbols: as ``symbolic_jacobian`` gave them.
        formulas: likewise.
        points: (k, n).
        digits: None computes in floats; a number computes with so many decimal digits (by mpmath, independent of the
            rules above) and rounds once at the end: the nearest thing to the exact derivative.
    """
    sympy, mpmath = importlib.import_module("sympy"), importlib.import_module("mpmath")
    compiled = sympy.lambdify(symbols, formulas, "math" if digits is None else "mpmath")
    with mpmath.workdps(digits or 15):
        number = float if digits is None else mpmath.mpf
        rows = [compiled(*map(number, map(float, point))) for point in np.atleast_2d(points)]
        return np.array([[[float(entry) for entry in line] for line in row] for row in rows])
