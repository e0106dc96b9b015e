"""Three recurrent cells, each a step forward and a step back.

A recurrent network applies one cell at every step: its state and the step's input make the next state. All cells here
share the affine part

    a = W x_t + b,   r = U s_{t-1} + c

and differ in what they make of ``a`` and ``r``. A cell is a pair of functions, ``step`` and ``back``;
`reprise.studies.recurrence.lesson.unfolding` unfolds any of them over time. The second bias c is redundant but for the
GRU; it is there because libraries have it, so that weights can be exchanged one to one.
"""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np

State = tuple[np.ndarray, ...]  # (s,) or, for the LSTM, (h, c); the output always comes first


class Weights(NamedTuple):
    """W (..., g h, d), U (..., g h, h), b and c (..., g h) for a cell with g gates, h units and d inputs."""

    W: np.ndarray
    U: np.ndarray
    b: np.ndarray
    c: np.ndarray


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), by way of tanh, which does not overflow."""
    return 0.5 * np.tanh(0.5 * x) + 0.5


class RNN:
    """The plain cell: ``s_t = tanh(W x_t + U s_{t-1} + b)``."""

    gates: ClassVar[int] = 1
    states: ClassVar[int] = 1

    @staticmethod
    def step(a: np.ndarray, r: np.ndarray, state: State) -> tuple[State, tuple[np.ndarray, ...]]:
        s = np.tanh(a + r)
        return (s,), (s,)

    @staticmethod
    def back(cache: tuple[np.ndarray, ...], d_state: State) -> tuple[np.ndarray, np.ndarray, tuple[Any, ...]]:
        (s,), (ds,) = cache, d_state
        d = ds * (1 - s**2)
        return d, d, (0.0,)  # every path to the state before leads through U


class LSTM:
    """Four gates around a memory cell (Hochreiter and Schmidhuber, 1997; forget gate by Gers et al., 2000).

    ``c_t = f c_{t-1} + i g`` and ``h_t = o tanh(c_t)``: what to keep (f), what to write (i), how much of it (g) and
    what to show (o). Along the memory the derivative is f, with no weight matrix in between: with f near 1 nothing
    vanishes. Gates lie in the order i, f, g, o.
    """

    gates: ClassVar[int] = 4
    states: ClassVar[int] = 2

    @staticmethod
    def step(a: np.ndarray, r: np.ndarray, state: State) -> tuple[State, tuple[np.ndarray, ...]]:
        before = state[1]
        i, f, g, o = np.split(a + r, 4, axis=-1)
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        memory = f * before + i * g
        shown = np.tanh(memory)
        return (o * shown, memory), (i, f, g, o, before, shown)

    @staticmethod
    def back(cache: tuple[np.ndarray, ...], d_state: State) -> tuple[np.ndarray, np.ndarray, tuple[Any, ...]]:
        i, f, g, o, before, shown = cache
        dh, dc = d_state
        dc = dc + dh * o * (1 - shown**2)
        d = np.concatenate(
            (dc * g * i * (1 - i), dc * before * f * (1 - f), dc * i * (1 - g**2), dh * shown * o * (1 - o)), axis=-1
        )
        return d, d, (0.0, dc * f)


class GRU:
    """Two gates and no memory beside the state (Cho et al., 2014): ``s_t = (1 - z) n + z s_{t-1}``.

    The candidate is ``n = tanh(a + q r)`` with the reset gate q after the product with U, as libraries have it (the
    paper resets the state before); that is where the second bias matters. Gates lie in the order q (reset), z
    (update), n.
    """

    gates: ClassVar[int] = 3
    states: ClassVar[int] = 1

    @staticmethod
    def step(a: np.ndarray, r: np.ndarray, state: State) -> tuple[State, tuple[np.ndarray, ...]]:
        (before,) = state
        (aq, az, an), (rq, rz, rn) = np.split(a, 3, axis=-1), np.split(r, 3, axis=-1)
        q, z = sigmoid(aq + rq), sigmoid(az + rz)
        n = np.tanh(an + q * rn)
        return ((1 - z) * n + z * before,), (q, z, n, rn, before)

    @staticmethod
    def back(cache: tuple[np.ndarray, ...], d_state: State) -> tuple[np.ndarray, np.ndarray, tuple[Any, ...]]:
        q, z, n, rn, before = cache
        (ds,) = d_state
        dn = ds * (1 - z) * (1 - n**2)
        dq, dz = dn * rn * q * (1 - q), ds * (before - n) * z * (1 - z)
        return np.concatenate((dq, dz, dn), axis=-1), np.concatenate((dq, dz, dn * q), axis=-1), (ds * z,)


Cell = type[RNN] | type[LSTM] | type[GRU]
CELLS: dict[str, Cell] = {"RNN": RNN, "LSTM": LSTM, "GRU": GRU}


def parameter_count(cell: Cell, inputs: int, hidden: int) -> int:
    """Numbers in one layer: ``g h (d + h + 2)`` with both biases, so that the GRU has 3/4 of the LSTM's, exactly."""
    return cell.gates * hidden * (inputs + hidden + 2)


def initial_weights(rng: np.random.Generator, cell: Cell, inputs: int, hidden: int, models: int = 1) -> Weights:
    """Uniform on ±1/√h, as libraries start: (models, ...) weights."""
    shapes = (
        (cell.gates * hidden, inputs),
        (cell.gates * hidden, hidden),
        (cell.gates * hidden,),
        (cell.gates * hidden,),
    )
    bound = 1 / np.sqrt(hidden)
    return Weights(*(rng.uniform(-bound, bound, (models, *shape)) for shape in shapes))
