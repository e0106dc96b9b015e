"""Elementary operations with registered gradients, numbers that record them, and a count of the work."""

from __future__ import annotations

import importlib
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

Function = Callable[[list[Any]], Any]  # n numbers -> one number, or a list of m

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


def count(what: str, amount: int = 1) -> None:
    """Adds to every count that is going on."""
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
        count("rules")
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


def value_of(item: Any) -> float:
    """The float behind a recorded number; a float itself."""
    return item.value if isinstance(item, Number) else item


def finite_point(x: Sequence[float]) -> list[float]:
    """Where to differentiate, as floats.

    Raises:
        ValueError: no inputs, or one that is not finite.
    """
    point = [float(item) for item in x]
    if not point or not all(math.isfinite(item) for item in point):
        raise ValueError(f"expected one or more finite inputs, found {list(x)}")
    return point


def outputs_of(result: Any) -> list[Any]:
    """What a function gave, as a list of its m outputs."""
    return list(result) if isinstance(result, list | tuple) else [result]
