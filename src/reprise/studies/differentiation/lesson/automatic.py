"""Automatic differentiation: dual numbers forward, a tape backward."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from reprise.studies.differentiation.lesson.operations import (
    Function,
    Number,
    Operation,
    count,
    finite_point,
    outputs_of,
    value_of,
)


class Dual(Number):
    """Forward mode: ``value + tangent ε`` with ε² = 0. The tangent is the derivative along one chosen direction."""

    def __init__(self, value: float, tangent: float = 0.0) -> None:
        self.value, self.tangent = float(value), float(tangent)

    def record(self, operation: Operation, inputs: Sequence[Any]) -> Dual:
        """The chain rule, applied at once: new tangent = sum of partial times tangent."""
        partials = operation.gradient(1.0, *map(value_of, inputs))
        pairs = [(p, item.tangent) for p, item in zip(partials, inputs, strict=True) if isinstance(item, Dual)]
        count("operations")
        count("products", len(pairs))
        return Dual(operation.value(*map(value_of, inputs)), sum(p * t for p, t in pairs))


class Node(Number):
    """Reverse mode: a value that knows the tape it stands on and the operation that made it."""

    def __init__(self, tape: list[Node], value: float, operation: Operation | None = None, inputs: Any = ()) -> None:
        self.tape, self.value, self.operation, self.inputs = tape, float(value), operation, tuple(inputs)
        self.index = len(tape)
        tape.append(self)

    def record(self, operation: Operation, inputs: Sequence[Any]) -> Node:
        """Only remembers; nothing is differentiated before ``sweep``."""
        count("operations")
        return Node(self.tape, operation.value(*map(value_of, inputs)), operation, inputs)

    def sweep(self) -> np.ndarray:
        """Derivatives of this node by every node of the tape up to it, (index + 1,): one walk backwards.

        The tape is in order of evaluation, so when a node's turn comes all that depends on it has been visited and
        its derivative (its *adjoint*) is complete.
        """
        adjoints = np.zeros(self.index + 1)
        adjoints[self.index] = 1.0
        for node in reversed(self.tape[: self.index + 1]):
            if node.operation is None or adjoints[node.index] == 0:
                continue
            shares = node.operation.gradient(float(adjoints[node.index]), *map(value_of, node.inputs))
            for item, share in zip(node.inputs, shares, strict=True):
                if isinstance(item, Node):
                    adjoints[item.index] += share
                    count("products")
        return adjoints


def forward_jacobian(function: Function, x: Sequence[float]) -> np.ndarray:
    """Forward mode, (m, n): one pass for each *input*, each giving a column."""
    point = finite_point(x)
    columns = []
    for i in range(len(point)):
        result = outputs_of(function([Dual(item, float(i == j)) for j, item in enumerate(point)]))
        columns.append([item.tangent if isinstance(item, Dual) else 0.0 for item in result])
    return np.array(columns).T


def reverse_jacobian(function: Function, x: Sequence[float]) -> np.ndarray:
    """Reverse mode, (m, n): one recording, then one sweep for each *output*, each giving a row."""
    inputs, outputs = record(function, x)
    rows = np.zeros((len(outputs), len(inputs)))
    for row, output in zip(rows, outputs, strict=True):
        if isinstance(output, Node):
            adjoints = output.sweep()
            row[: len(adjoints)] = adjoints[: len(inputs)]
    return rows


def record(function: Function, x: Sequence[float]) -> tuple[list[Node], list[Any]]:
    """Runs the function once on a fresh tape; returns its input nodes and its outputs."""
    tape: list[Node] = []
    inputs = [Node(tape, item) for item in finite_point(x)]
    return inputs, outputs_of(function(list(inputs)))
