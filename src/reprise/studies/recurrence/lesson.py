"""Recurrent networks in NumPy: three cells, unfolded over time, and their gradients by hand.

A recurrent network applies one cell at every step: its state and the step's input make the next state. All cells here
share the affine part

    a = W x_t + b,   r = U s_{t-1} + c

and differ in what they make of ``a`` and ``r``. A cell is a pair of functions, ``step`` and ``back``; ``forward`` and
``backward`` unfold any of them over time. Names follow the wiki that is behind this page (claims 133-140): W for the
input, U for the state, s for the state. The second bias c is redundant but for the GRU; it is there because libraries
have it, so that weights can be exchanged one to one.

Arrays are (time, batch, features). Weights may carry leading axes (models): ``(models, h, d)`` weights with ``(time,
models, batch, d)`` inputs run many networks at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


# --- cells ------------------------------------------------------------------------------------------------------------


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


# --- unfolding over time ----------------------------------------------------------------------------------------------


class Trace(NamedTuple):
    """What a forward pass leaves: outputs (time, ..., batch, h), the last state, and a cache for each step."""

    outputs: np.ndarray
    state: State
    caches: list[tuple[np.ndarray, ...]]
    start: State


def forward(cell: Cell, weights: Weights, inputs: np.ndarray, state: State | None = None) -> Trace:
    """Unfolds a cell over time (claim 133).

    Args:
        cell: RNN, LSTM or GRU.
        weights: of the cell.
        inputs: (time, ..., batch, d).
        state: before the first step, each (..., batch, h); zeros by default.

    Raises:
        ValueError: inputs and weights do not fit.
    """
    hidden = weights.U.shape[-1]
    if inputs.ndim < 3 or inputs.shape[-1] != weights.W.shape[-1] or weights.W.shape[-2] != cell.gates * hidden:
        raise ValueError(
            f"inputs {inputs.shape} do not fit W {weights.W.shape} and U {weights.U.shape} of a {cell.__name__}: "
            "expected (time, batch, d), (gates h, d) and (gates h, h)"
        )
    if state is None:
        state = (np.zeros((*inputs.shape[1:-1], hidden), dtype=inputs.dtype),) * cell.states
    start, caches = state, []
    from_inputs = inputs @ _transposed(weights.W) + weights.b[..., None, :]  # all steps at once: no state in it
    U = np.ascontiguousarray(_transposed(weights.U))
    outputs = np.empty((*inputs.shape[:-1], hidden), dtype=from_inputs.dtype)
    for t, a in enumerate(from_inputs):
        state, cache = cell.step(a, state[0] @ U + weights.c[..., None, :], state)
        outputs[t] = state[0]
        caches.append(cache)
    return Trace(outputs, state, caches, start)


def backward(
    cell: Cell, weights: Weights, inputs: np.ndarray, trace: Trace, d_outputs: np.ndarray
) -> tuple[Weights, np.ndarray, State]:
    """Backpropagation through time: walks the unfolded network from the last step to the first.

    Args:
        cell, weights, inputs: as given to ``forward``.
        trace: what ``forward`` returned.
        d_outputs: (time, ..., batch, h) derivative of the summed loss by each step's output.

    Returns:
        The derivatives by the weights, by the inputs (like ``inputs``), and by the state before the first step.
    """
    d_state: tuple[Any, ...] = tuple(np.zeros_like(part) for part in trace.start)
    width = cell.gates * weights.U.shape[-1]
    a, r = (np.empty((*d_outputs.shape[:-1], width), dtype=d_outputs.dtype) for _ in range(2))
    for t in reversed(range(len(inputs))):
        a[t], r[t], direct = cell.back(trace.caches[t], (d_state[0] + d_outputs[t], *d_state[1:]))
        d_state = (direct[0] + r[t] @ weights.U, *direct[1:])
    before = np.concatenate((trace.start[0][None], trace.outputs[:-1]))
    gradient = Weights(
        (_transposed(a) @ inputs).sum(axis=0),
        (_transposed(r) @ before).sum(axis=0),
        a.sum(axis=(0, -2)),
        r.sum(axis=(0, -2)),
    )
    return gradient, a @ weights.W, d_state


def stacked_forward(cell: Cell, layers: Sequence[Weights], inputs: np.ndarray) -> list[Trace]:
    """Several recurrent layers: each reads the outputs of the one below (claim 134). One trace a layer."""
    traces: list[Trace] = []
    for weights in layers:
        traces.append(forward(cell, weights, traces[-1].outputs if traces else inputs))
    return traces


def stacked_backward(
    cell: Cell, layers: Sequence[Weights], inputs: np.ndarray, traces: Sequence[Trace], d_outputs: np.ndarray
) -> tuple[list[Weights], np.ndarray]:
    """Derivatives by each layer's weights, and by the inputs, from those by the top layer's outputs."""
    gradients: list[Weights] = []
    for level in reversed(range(len(layers))):
        below = traces[level - 1].outputs if level else inputs
        gradient, d_outputs, _ = backward(cell, layers[level], below, traces[level], d_outputs)
        gradients.insert(0, gradient)
    return gradients, d_outputs


# --- the formula, and what becomes of it over many steps --------------------------------------------------------------


def bptt_terms(weights: Weights, inputs: np.ndarray, states: np.ndarray, d_state: np.ndarray) -> np.ndarray:
    """The terms of the formula for W, written out with its products of Jacobians (claim 135).

    dL_t/dW = sum over k = t .. 0 of (dL_t/ds_t) (ds_t/ds_k) (ds_k/dW), where the last factor takes s_{k-1} as fixed
    and ds_t/ds_k is the product of the Jacobians J_i = diag(1 - s_i^2) U for i = k + 1 .. t.

    Args:
        weights: of a plain cell.
        inputs: (t + 1, d), one sequence up to the step t of the loss.
        states: (t + 1, h), what the cell made of them.
        d_state: (h,) dL_t/ds_t.

    Returns:
        (t + 1, h, d): term k at index k. Their sum is the gradient; leaving out small k truncates it.
    """
    terms = np.empty((len(states), *weights.W.shape))
    product = np.eye(len(d_state))  # ds_t/ds_k, for k = t at first
    for k in reversed(range(len(states))):
        slope = 1 - states[k] ** 2
        terms[k] = np.outer((d_state @ product) * slope, inputs[k])
        product = product @ (slope[:, None] * weights.U)
    return terms


ACTIVATIONS: dict[str, tuple[Callable[[np.ndarray], np.ndarray], Callable[[np.ndarray], np.ndarray]]] = {
    # the function, and its derivative as a function of its value
    "sigmoid": (sigmoid, lambda s: s * (1 - s)),
    "tanh": (np.tanh, lambda s: 1 - s**2),
    "ReLU": (lambda x: np.maximum(x, 0), lambda s: (s > 0).astype(float)),
    "linear": (lambda x: x, np.ones_like),
}


def jacobian_gains(U: np.ndarray, drive: np.ndarray, activation: str) -> np.ndarray:
    """How strongly a state depends on the first one: the gain of ds_t/ds_0 (claims 136 and 137).

    The gain is the Frobenius norm over the root of h: by how much a disturbance of the first state in a random
    direction has grown or shrunk. It is 1 for the identity.

    Args:
        U: (..., h, h) recurrent weights.
        drive: (time, ..., h) what inputs and bias add at each step, W x_t + b.
        activation: a key of ``ACTIVATIONS``.

    Returns:
        (time, ...): the gain of the product of 1, 2, ... Jacobians.

    Raises:
        ValueError: unknown activation.
    """
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation {activation!r}: expected one of {', '.join(ACTIVATIONS)}")
    g, slope = ACTIVATIONS[activation]
    state = np.zeros_like(drive[0])
    product = np.broadcast_to(np.eye(U.shape[-1]), U.shape)
    gains = []
    for added in drive:
        state = g((U @ state[..., None])[..., 0] + added)
        product = slope(state)[..., None] * (U @ product)
        gains.append(np.sqrt((product**2).sum(axis=(-2, -1)) / U.shape[-1]))
    return np.array(gains)


def recurrent_matrix(rng: np.random.Generator, count: int, hidden: int, radius: float) -> np.ndarray:
    """(count, hidden, hidden) Gaussian matrices whose largest eigenvalue has the modulus ``radius``."""
    matrices = rng.normal(size=(count, hidden, hidden))
    largest = np.abs(np.linalg.eigvals(matrices)).max(axis=-1)
    return matrices * (radius / largest)[:, None, None]


def clip_by_norm(gradients: Sequence[np.ndarray], threshold: float) -> tuple[list[np.ndarray], float]:
    """Rescales gradients to the norm ``threshold`` where their common L2 norm exceeds it (claim 138).

    Args:
        gradients: arrays of any shapes; the norm is that of all their numbers together, which keeps the direction.
        threshold: above 0.

    Returns:
        The gradients, rescaled or untouched, and their norm before.

    Raises:
        ValueError: the threshold is not positive, or a gradient is not finite: no rescaling repairs that.
    """
    if not threshold > 0:
        raise ValueError(f"threshold {threshold}: expected a positive norm")
    norm = float(np.sqrt(sum(float((gradient**2).sum()) for gradient in gradients)))
    if not np.isfinite(norm):
        raise ValueError("the gradient's norm is not finite; clipping cannot repair it")
    scale = threshold / norm if norm > threshold else 1.0
    return [gradient * scale for gradient in gradients], norm


def single_unit(w: np.ndarray, b: np.ndarray, steps: int, goal: float = 0.7) -> tuple[np.ndarray, np.ndarray]:
    """A network of one unit, s_t = sigmoid(w s_{t-1} + b) from s_0 = 1/2, and its loss (s_T - goal)^2.

    Small enough to see its whole loss surface: flat ground with a wall in it (Pascanu, Mikolov and Bengio, 2013).

    Args:
        w, b: arrays of one shape.
        steps: T.
        goal: where the last state should be.

    Returns:
        The loss, and its gradient stacked as (2, ...) for w and b, by backpropagation through time.
    """
    states = [np.full(np.shape(w), 0.5)]
    for _ in range(steps):
        states.append(sigmoid(w * states[-1] + b))
    error = states[-1] - goal
    d, gradient = 2 * error, np.zeros((2, *np.shape(w)))
    for before, after in zip(states[-2::-1], states[:0:-1], strict=True):
        d = d * after * (1 - after)
        gradient += d * np.array([before, np.ones_like(before)])
        d = d * w
    return error**2, gradient


def _transposed(array: np.ndarray) -> np.ndarray:
    return array.swapaxes(-1, -2)
