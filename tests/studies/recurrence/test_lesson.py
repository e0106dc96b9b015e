"""Cells, unfolding and gradients agree with PyTorch; the formula, gains and clipping behave as they must."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reprise.studies.recurrence.lesson import cells, clipping, jacobians, unfolding

CELLS = pytest.mark.parametrize("cell", cells.CELLS.values(), ids=cells.CELLS.keys())


def torch_layers(cell, inputs, hidden, depth=1, seed=0):
    """A PyTorch network and our weights of the same values."""
    torch.manual_seed(seed)
    network = getattr(torch.nn, cell.__name__)(inputs, hidden, num_layers=depth, dtype=torch.float64)
    return network, [cells.Weights(*(p.detach().numpy() for p in layer)) for layer in network.all_weights]


@CELLS
@given(st.integers(1, 5), st.integers(1, 6), st.integers(1, 9), st.integers(1, 3), st.integers(0, 99))
@settings(max_examples=15, deadline=None)
def test_one_layer_and_its_gradients_agree_with_torch_from_any_state(cell, inputs, hidden, steps, batch, seed):
    network, (weights,) = torch_layers(cell, inputs, hidden, seed=seed)
    rng = np.random.default_rng(seed)
    x, d = rng.normal(size=(steps, batch, inputs)), rng.normal(size=(steps, batch, hidden))
    start = tuple(rng.normal(size=(batch, hidden)) for _ in range(cell.states))
    tensor = torch.from_numpy(x).requires_grad_()
    states = [torch.from_numpy(part)[None].requires_grad_() for part in start]
    outputs, last = network(tensor, tuple(states) if cell is cells.LSTM else states[0])
    (outputs * torch.from_numpy(d)).sum().backward()
    trace = unfolding.forward(cell, weights, x, start)
    gradient, d_inputs, d_start = unfolding.backward(cell, weights, x, trace, d)
    np.testing.assert_allclose(trace.outputs, outputs.detach().numpy(), atol=1e-12)
    for ours, theirs in zip(trace.state, last if cell is cells.LSTM else (last,), strict=True):
        np.testing.assert_allclose(ours, theirs.detach().numpy()[0], atol=1e-12)
    for ours, theirs in zip(gradient, network.all_weights[0], strict=True):
        np.testing.assert_allclose(ours, theirs.grad.numpy(), atol=1e-11)
    np.testing.assert_allclose(d_inputs, tensor.grad.numpy(), atol=1e-12)
    for ours, theirs in zip(d_start, states, strict=True):
        np.testing.assert_allclose(ours, theirs.grad.numpy()[0], atol=1e-12)


@CELLS
def test_stacked_layers_agree_with_torch(cell):
    network, layers = torch_layers(cell, 3, 5, depth=3)
    rng = np.random.default_rng(1)
    x, d = rng.normal(size=(7, 2, 3)), rng.normal(size=(7, 2, 5))
    tensor = torch.from_numpy(x).requires_grad_()
    outputs, _ = network(tensor)
    (outputs * torch.from_numpy(d)).sum().backward()
    traces = unfolding.stacked_forward(cell, layers, x)
    gradients, d_inputs = unfolding.stacked_backward(cell, layers, x, traces, d)
    np.testing.assert_allclose(traces[-1].outputs, outputs.detach().numpy(), atol=1e-12)
    np.testing.assert_allclose(d_inputs, tensor.grad.numpy(), atol=1e-12)
    for gradient, layer in zip(gradients, network.all_weights, strict=True):
        for ours, theirs in zip(gradient, layer, strict=True):
            np.testing.assert_allclose(ours, theirs.grad.numpy(), atol=1e-11)


@CELLS
def test_many_models_at_once_are_the_same_as_one_by_one(cell):
    rng = np.random.default_rng(2)
    weights = cells.initial_weights(rng, cell, 3, 4, models=3)
    x, d = rng.normal(size=(6, 3, 2, 3)), rng.normal(size=(6, 3, 2, 4))
    together = unfolding.backward(cell, weights, x, unfolding.forward(cell, weights, x), d)
    for m in range(3):
        alone = cells.Weights(*(array[m] for array in weights))
        gradient, d_inputs, _ = unfolding.backward(
            cell, alone, x[:, m], unfolding.forward(cell, alone, x[:, m]), d[:, m]
        )
        for ours, theirs in zip(gradient, together[0], strict=True):
            np.testing.assert_allclose(ours, theirs[m], atol=1e-12)
        np.testing.assert_allclose(d_inputs, together[1][:, m], atol=1e-12)


@CELLS
def test_parameter_count_is_that_of_torch(cell):
    network, _ = torch_layers(cell, 7, 11)
    assert cells.parameter_count(cell, 7, 11) == sum(p.numel() for p in network.parameters())


def test_formula_sums_to_the_gradient_and_each_term_is_a_product_of_jacobians():
    rng = np.random.default_rng(3)
    weights = cells.Weights(*(a[0] for a in cells.initial_weights(rng, cells.RNN, 2, 3)))
    x, d = rng.normal(size=(5, 2)), rng.normal(size=3)
    trace = unfolding.forward(cells.RNN, weights, x[:, None])
    d_outputs = np.zeros((5, 1, 3))
    d_outputs[-1, 0] = d
    gradient, _, _ = unfolding.backward(cells.RNN, weights, x[:, None], trace, d_outputs)
    states = trace.outputs[:, 0]
    terms = jacobians.bptt_terms(weights, x, states, d)
    np.testing.assert_allclose(terms.sum(axis=0), gradient.W, atol=1e-14)
    factors = [np.diag(1 - s**2) @ weights.U for s in states]
    by_hand = np.outer((d @ factors[4] @ factors[3]) * (1 - states[2] ** 2), x[2])
    np.testing.assert_allclose(terms[2], by_hand, atol=1e-15)


def test_gain_of_a_linear_network_is_that_of_a_matrix_power():
    rng = np.random.default_rng(4)
    U = jacobians.recurrent_matrix(rng, 2, 6, 1.5)
    assert np.abs(np.linalg.eigvals(U)).max(axis=1) == pytest.approx([1.5, 1.5])
    gains = jacobians.jacobian_gains(U, rng.normal(size=(4, 2, 6)), "linear")
    expected = [np.linalg.norm(np.linalg.matrix_power(u, 4)) / np.sqrt(6) for u in U]
    np.testing.assert_allclose(gains[-1], expected)
    rotation = np.array([[[0.0, -1.0], [1.0, 0.0]]])
    np.testing.assert_allclose(jacobians.jacobian_gains(rotation, np.zeros((9, 1, 2)), "linear"), 1.0)


@pytest.mark.parametrize("activation", jacobians.ACTIVATIONS)
def test_gains_agree_with_autograd(activation):
    rng = np.random.default_rng(5)
    U, drive = rng.normal(size=(4, 4)), rng.normal(size=(6, 4))
    g = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "ReLU": torch.relu, "linear": lambda x: x}[activation]

    def last(state):
        for added in drive:
            state = g(torch.from_numpy(U) @ state + torch.from_numpy(added))
        return state

    jacobian = torch.autograd.functional.jacobian(last, torch.zeros(4, dtype=torch.float64)).numpy()
    gain = jacobians.jacobian_gains(U[None], drive[:, None], activation)[-1, 0]
    assert gain == pytest.approx(np.linalg.norm(jacobian) / 2, abs=1e-12)


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=8), st.floats(1e-3, 1e3))
def test_clipping_never_exceeds_the_threshold_and_keeps_the_direction(values, threshold):
    (clipped,), norm = clipping.clip_by_norm([np.array(values)], threshold)
    assert norm == pytest.approx(np.linalg.norm(values))
    assert np.linalg.norm(clipped) <= threshold * (1 + 1e-12) or norm <= threshold
    if norm <= threshold:
        np.testing.assert_array_equal(clipped, values)
    else:
        np.testing.assert_allclose(clipped * norm, np.array(values) * threshold, rtol=1e-9, atol=1e-300)


def test_single_unit_gradient_agrees_with_differences():
    w, b, h = np.array(5.0), np.array(-2.5), 1e-6
    _, gradient = clipping.single_unit(w, b, 12)
    by_w = (clipping.single_unit(w + h, b, 12)[0] - clipping.single_unit(w - h, b, 12)[0]) / (2 * h)
    by_b = (clipping.single_unit(w, b + h, 12)[0] - clipping.single_unit(w, b - h, 12)[0]) / (2 * h)
    np.testing.assert_allclose(gradient, [by_w, by_b], rtol=1e-5)


def test_sigmoid_does_not_overflow():
    with np.errstate(all="raise"):
        assert cells.sigmoid(np.array([-1e4, 0.0, 1e4])).tolist() == [0.0, 0.5, 1.0]


def test_what_makes_no_sense_is_refused():
    weights = cells.Weights(*(a[0] for a in cells.initial_weights(np.random.default_rng(0), cells.RNN, 2, 3)))
    with pytest.raises(ValueError, match="do not fit"):
        unfolding.forward(cells.RNN, weights, np.zeros((4, 1, 5)))
    with pytest.raises(ValueError, match="of a LSTM"):
        unfolding.forward(cells.LSTM, weights, np.zeros((4, 1, 2)))
    with pytest.raises(ValueError, match="sigmoid, tanh"):
        jacobians.jacobian_gains(np.eye(2)[None], np.zeros((3, 1, 2)), "softplus")
    with pytest.raises(ValueError, match="positive norm"):
        clipping.clip_by_norm([np.ones(2)], 0.0)
    with pytest.raises(ValueError, match="not finite"):
        clipping.clip_by_norm([np.array([1.0, np.inf])], 1.0)
