"""Any cell unfolded over time, in one layer or several, and backpropagation through it (claims 133 and 134).

Arrays are (time, batch, features). Weights may carry leading axes (models): ``(models, h, d)`` weights with ``(time,
models, batch, d)`` inputs run many networks at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from reprise.studies.recurrence.lesson.cells import Cell, State, Weights


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


def _transposed(array: np.ndarray) -> np.ndarray:
    return array.swapaxes(-1, -2)
