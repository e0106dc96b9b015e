"""Four ways to differentiate one program: numerically, symbolically, and automatically in two directions.

Claims 13-17 (S1, "Gradients in Tensorflow") and 142 (S3, "Computational graph"). A function here is plain Python over
a list of numbers, such as ``lambda v: sin(v[0]) - v[1] ** 3``. The same text runs on four kinds of number:

* floats give values, and differences of values give *numerical* derivatives;
* sympy symbols give formulas, which sympy differentiates: *symbolic*;
* ``Dual`` numbers carry a derivative along with each value: *automatic, forward mode*;
* ``Node`` numbers remember how they were made, and are walked backwards: *automatic, reverse mode*.

Forward and reverse mode are the same chain rule, multiplied from the inputs' end or from the outputs' end. Forward
needs one pass for each input, reverse one sweep for each output: a loss has one output and a million inputs, so
networks are trained in reverse.
"""

from __future__ import annotations

import importlib
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

Function = Callable[[list[Any]], Any]

FORWARD_STEP = float(np.sqrt(np.finfo(float).eps))  # truncation ~ h, rounding ~ eps/h: balanced at sqrt(eps)
CENTRAL_STEP = float(np.cbrt(np.finfo(float).eps))  # truncation ~ h^2, rounding ~ eps/h: balanced at eps^(1/3)

_tallies: list[Counter] = []


class UnregisteredGradientError(ValueError):
    """An operation was differentiated whose gradient nobody registered."""


@contextmanager
def counting() -> Iterator[Counter]:
    """Counts the work done inside the block.

    ``evaluations`` of whole functions on floats; on traced numbers ``operations`` evaluated, gradient ``rules`` applied
    and chain-rule ``products`` formed.
    """
    tally: Counter = Counter()
    _tallies.append(tally)
    try:
        yield tally
    finally:
        _tallies.remove(tally)


def _count(what: str, amount: int = 1) -> None:
    for tally in _tallies:
        tally[what] += amount


class Operation:
    """One elementary operation with, once it is registered, its gradient.

    Args:
        name: as it stands in tables and in sympy.
        value: floats -> float.
    """

    def __init__(self, name: str, value: Callable[..., float]) -> None:
        self.name, self.value = name, value
        self._gradient: Callable[..., tuple[float, ...]] | None = None

    def register_gradient(self, gradient: Callable[..., tuple[float, ...]]) -> Callable[..., tuple[float, ...]]:
        """Decorator: registers ``(upstream, *inputs) -> upstream times the partial derivative for each input``.

        This is TensorFlow's ``RegisterGradient`` (S1): the rule receives the derivative that arrives from above and
        passes on its own share; nobody ever writes down the derivative of the whole program.
        """
        self._gradient = gradient
        return gradient

    def gradient(self, upstream: float, *inputs: float) -> tuple[float, ...]:
        """Applies the registered rule.

        Raises:
            UnregisteredGradientError: there is none.
        """
        if self._gradient is None:
            raise UnregisteredGradientError(
                f"operation {self.name!r} has no registered gradient: decorate one with register_gradient"
            )
        _count("rules")
        return self._gradient(upstream, *inputs)

    def __call__(self, *inputs: Any) -> Any:
        """Evaluates on floats, or records on whatever kind of number the inputs are."""
        traced = next((item for item in inputs if isinstance(item, Number)), None)
        if traced is not None:
            return traced.record(self, inputs)
        if any(hasattr(item, "free_symbols") for item in inputs):
            return getattr(importlib.import_module("sympy"), self.name)(*inputs)
        return self.value(*inputs)


add = Operation("add", lambda a, b: a + b)
add.register_gradient(lambda upstream, a, b: (upstream, upstream))
subtract = Operation("subtract", lambda a, b: a - b)
subtract.register_gradient(lambda upstream, a, b: (upstream, -upstream))
multiply = Operation("multiply", lambda a, b: a * b)
multiply.register_gradient(lambda upstream, a, b: (upstream * b, upstream * a))
divide = Operation("divide", lambda a, b: a / b)
divide.register_gradient(lambda upstream, a, b: (upstream / b, -upstream * a / (b * b)))
exp = Operation("exp", math.exp)
exp.register_gradient(lambda upstream, x: (upstream * math.exp(x),))
log = Operation("log", math.log)
log.register_gradient(lambda upstream, x: (upstream / x,))
cos = Operation("cos", math.cos)
cos.register_gradient(lambda upstream, x: (-upstream * math.sin(x),))
sin = Operation("sin", math.sin)


@sin.register_gradient
def _sin_gradient(upstream: float, x: float) -> tuple[float]:
    """The source's own example: ``return grad * cos(x)``."""
    return (upstream * math.cos(x),)


def power(exponent: int) -> Operation:
    """The operation x -> x ** exponent, for a constant whole exponent."""
    operation = Operation(f"power{exponent}", lambda x: x**exponent)
    operation.register_gradient(lambda upstream, x: (upstream * exponent * x ** (exponent - 1) if exponent else 0.0,))
    return operation


class Number:
    """Python's operators, sent to the operations above."""

    value: float

    def record(self, operation: Operation, inputs: Sequence[Any]) -> Number:
        """Evaluates one operation and keeps what is needed for its derivative."""
        raise NotImplementedError

    def __add__(self, other: Any) -> Any:
        return add(self, other)

    def __radd__(self, other: Any) -> Any:
        return add(other, self)

    def __sub__(self, other: Any) -> Any:
        return subtract(self, other)

    def __rsub__(self, other: Any) -> Any:
        return subtract(other, self)

    def __mul__(self, other: Any) -> Any:
        return multiply(self, other)

    def __rmul__(self, other: Any) -> Any:
        return multiply(other, self)

    def __truediv__(self, other: Any) -> Any:
        return divide(self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return divide(other, self)

    def __neg__(self) -> Any:
        return subtract(0.0, self)

    def __pow__(self, exponent: int) -> Any:
        return power(exponent)(self)


class Dual(Number):
    """Forward mode: ``value + tangent ε`` with ε² = 0. The tangent is the derivative along one chosen direction."""

    def __init__(self, value: float, tangent: float = 0.0) -> None:
        self.value, self.tangent = float(value), float(tangent)

    def record(self, operation: Operation, inputs: Sequence[Any]) -> Dual:
        """The chain rule, applied at once: new tangent = sum of partial times tangent."""
        partials = operation.gradient(1.0, *map(_value, inputs))
        pairs = [(p, item.tangent) for p, item in zip(partials, inputs, strict=True) if isinstance(item, Dual)]
        _count("operations")
        _count("products", len(pairs))
        return Dual(operation.value(*map(_value, inputs)), sum(p * t for p, t in pairs))


class Node(Number):
    """Reverse mode: a value that knows the tape it stands on and the operation that made it."""

    def __init__(self, tape: list[Node], value: float, operation: Operation | None = None, inputs: Any = ()) -> None:
        self.tape, self.value, self.operation, self.inputs = tape, float(value), operation, tuple(inputs)
        self.index = len(tape)
        tape.append(self)

    def record(self, operation: Operation, inputs: Sequence[Any]) -> Node:
        """Only remembers; nothing is differentiated before ``sweep``."""
        _count("operations")
        return Node(self.tape, operation.value(*map(_value, inputs)), operation, inputs)

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
            shares = node.operation.gradient(float(adjoints[node.index]), *map(_value, node.inputs))
            for item, share in zip(node.inputs, shares, strict=True):
                if isinstance(item, Node):
                    adjoints[item.index] += share
                    _count("products")
        return adjoints


def _value(item: Any) -> float:
    return item.value if isinstance(item, Number) else item


def _point(x: Sequence[float]) -> list[float]:
    point = [float(item) for item in x]
    if not point or not all(math.isfinite(item) for item in point):
        raise ValueError(f"expected one or more finite inputs, found {list(x)}")
    return point


def _outputs(result: Any) -> list[Any]:
    return list(result) if isinstance(result, list | tuple) else [result]


def values(function: Function, x: Sequence[float]) -> np.ndarray:
    """The outputs (m,) of the function at x (n,)."""
    _count("evaluations")
    return np.array(_outputs(function(_point(x))), dtype=float)


def numerical_jacobian(
    function: Function, x: Sequence[float], step: float | None = None, central: bool = True
) -> np.ndarray:
    """Difference quotients: 2n evaluations (central, error ~ step²) or n + 1 (forward, error ~ step).

    Args:
        function: list of n numbers -> one number or a list of m.
        x: (n,) where to differentiate.
        step: absolute; default ``CENTRAL_STEP`` or ``FORWARD_STEP`` times max(1, |x_i|).
        central: (f(x+h) - f(x-h)) / 2h, or else (f(x+h) - f(x)) / h.

    Returns:
        (m, n) derivatives.
    """
    point = _point(x)
    if step is not None and not step > 0:
        raise ValueError(f"step must be positive, found {step}")
    start = None if central else values(function, point)
    columns = []
    for i, at in enumerate(point):
        wished = step or (CENTRAL_STEP if central else FORWARD_STEP) * max(1.0, abs(at))
        above, below = at + wished, at - wished
        high = values(function, [*point[:i], above, *point[i + 1 :]])
        low = values(function, [*point[:i], below, *point[i + 1 :]]) if central else start
        columns.append((high - low) / (above - (below if central else at)))  # the step as rounded, not as wished
    return np.stack(columns, axis=1)


def forward_jacobian(function: Function, x: Sequence[float]) -> np.ndarray:
    """Forward mode, (m, n): one pass for each *input*, each giving a column."""
    point = _point(x)
    columns = []
    for i in range(len(point)):
        result = _outputs(function([Dual(item, float(i == j)) for j, item in enumerate(point)]))
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
    inputs = [Node(tape, item) for item in _point(x)]
    return inputs, _outputs(function(list(inputs)))


def symbolic_jacobian(function: Function, count: int) -> tuple[tuple[Any, ...], list[list[Any]]]:
    """Symbols x0..x(n-1) and the (m, n) formulas that sympy derives for the function."""
    sympy = importlib.import_module("sympy")
    symbols = sympy.symbols(f"x0:{count}")
    return symbols, [[sympy.diff(output, s) for s in symbols] for output in _outputs(function(list(symbols)))]


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


def gradcheck(operation: Operation, points: np.ndarray) -> float:
    """Largest error of a registered one-input gradient against central differences, relative to max(1, |slope|)."""
    worst = 0.0
    for x in np.asarray(points, dtype=float).ravel():
        numeric = float(numerical_jacobian(lambda v: operation(v[0]), [x])[0, 0])
        worst = max(worst, abs(operation.gradient(1.0, float(x))[0] - numeric) / max(1.0, abs(numeric)))
    return worst


class GradientDescent:
    """An optimizer in the shape that S1 describes: ``minimise`` is ``compute_gradients``, then ``apply_gradients``."""

    def __init__(self, learning_rate: float) -> None:
        if not learning_rate > 0:
            raise ValueError(f"learning_rate must be positive, found {learning_rate}")
        self.learning_rate = learning_rate

    def compute_gradients(
        self, loss: Function, variables: np.ndarray, subset: Sequence[int] | None = None
    ) -> list[tuple[float, int]]:
        """(gradient, index) for all variables, or only for a subset of them."""
        gradient = reverse_jacobian(loss, variables)[0]
        return [(float(gradient[i]), i) for i in (range(len(variables)) if subset is None else subset)]

    def apply_gradients(self, pairs: Sequence[tuple[float, int]], variables: np.ndarray) -> np.ndarray:
        """A new array, one step down; variables that no pair names keep every bit."""
        moved = np.array(variables, dtype=float)
        for gradient, index in pairs:
            moved[index] -= self.learning_rate * gradient
        return moved

    def minimise(self, loss: Function, variables: np.ndarray, subset: Sequence[int] | None = None) -> np.ndarray:
        """One step, both parts at once."""
        return self.apply_gradients(self.compute_gradients(loss, variables, subset), variables)
