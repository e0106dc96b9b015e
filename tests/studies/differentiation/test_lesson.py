"""Derivatives against closed forms, PyTorch, and each other."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reprise.studies.differentiation.lesson.automatic import forward_jacobian, reverse_jacobian
from reprise.studies.differentiation.lesson.descent import GradientDescent
from reprise.studies.differentiation.lesson.numerical import gradcheck, numerical_jacobian
from reprise.studies.differentiation.lesson.operations import (
    Operation,
    UnregisteredGradientError,
    cos,
    counting,
    exp,
    log,
    sin,
)
from reprise.studies.differentiation.lesson.symbolic import evaluate_symbolic, symbolic_jacobian

SMALL = st.floats(-2, 2, allow_subnormal=False)


def mixed(v):
    x, y, z = v
    return [exp(sin(x * y)) / (1 + z**2), log(1 + x**2) * z - cos(y), 3 - x]


@settings(deadline=None)
@given(st.tuples(SMALL, SMALL, SMALL))
def test_both_modes_agree_with_each_other_and_with_pytorch(point):
    torch = pytest.importorskip("torch")

    def in_torch(v):
        x, y, z = v
        return torch.stack([torch.exp(torch.sin(x * y)) / (1 + z**2), torch.log(1 + x**2) * z - torch.cos(y), 3 - x])

    truth = torch.autograd.functional.jacobian(in_torch, torch.tensor(point, dtype=torch.float64)).numpy()
    np.testing.assert_allclose(reverse_jacobian(mixed, point), truth, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(forward_jacobian(mixed, point), truth, rtol=1e-12, atol=1e-13)


@settings(deadline=None)
@given(st.tuples(SMALL, SMALL, SMALL))
def test_central_differences_are_closer_than_their_order_allows(point):
    truth = reverse_jacobian(mixed, point)
    np.testing.assert_allclose(numerical_jacobian(mixed, point), truth, atol=1e-7)
    np.testing.assert_allclose(numerical_jacobian(mixed, point, central=False), truth, atol=1e-5)


def test_formulas_equal_the_tape():
    symbols, formulas = symbolic_jacobian(lambda v: sin(v[0]) - v[1] ** 3, 2)
    found = evaluate_symbolic(symbols, formulas, np.array([[3.0, 5.0]]), digits=40)
    np.testing.assert_allclose(found[0, 0], [math.cos(3), -75], rtol=1e-15)


def test_every_operator_works_with_plain_numbers_on_either_side():
    def run(v):
        return (2 - v[0]) / 4 + 3 / v[0] + 5 * v[0] - -v[0] + v[0] * 7 - 1

    assert reverse_jacobian(run, [2.0])[0, 0] == pytest.approx(-1 / 4 - 3 / 4 + 5 + 1 + 7)
    assert forward_jacobian(run, [2.0])[0, 0] == pytest.approx(-1 / 4 - 3 / 4 + 5 + 1 + 7)


def test_a_value_used_twice_collects_both_shares():
    assert reverse_jacobian(lambda v: v[0] * v[0] + v[0], [3.0])[0, 0] == 7


@pytest.mark.parametrize("jacobian", [forward_jacobian, reverse_jacobian, numerical_jacobian])
def test_constant_outputs_and_unused_inputs_have_zero_derivatives(jacobian):
    np.testing.assert_array_equal(jacobian(lambda v: [1.0, v[0]], [2.0, 5.0])[0], [0, 0])
    np.testing.assert_allclose(jacobian(lambda v: [1.0, v[0]], [2.0, 5.0])[1], [1, 0], atol=1e-9)


def test_an_operation_without_a_registered_gradient_is_named():
    mystery = Operation("mystery", abs)
    assert mystery(-2.0) == 2.0
    with pytest.raises(UnregisteredGradientError, match="mystery"):
        reverse_jacobian(lambda v: mystery(v[0]), [1.0])


def test_gradcheck_sees_a_wrong_rule():
    wrong = Operation("sin", math.sin)
    wrong.register_gradient(lambda upstream, x: (-upstream * math.cos(x),))
    assert gradcheck(wrong, np.linspace(-3, 3, 7)) > 1
    assert gradcheck(sin, np.linspace(-3, 3, 7)) < 1e-8


@pytest.mark.parametrize("bad", [[], [math.nan], [math.inf, 1.0]])
def test_points_that_are_empty_or_not_finite_are_refused(bad):
    with pytest.raises(ValueError, match="finite"):
        reverse_jacobian(lambda v: v[0], bad)


def test_reverse_mode_costs_the_same_for_any_number_of_inputs():
    def work(n):
        with counting() as tally:
            reverse_jacobian(lambda v: sum(item * item for item in v), np.ones(n))
        return sum(tally.values()) / n

    assert work(100) == pytest.approx(work(10), rel=0.05)


def test_steps_taken_whole_or_in_parts_have_the_same_bits_and_a_subset_leaves_the_rest():
    optimizer, start = GradientDescent(0.1), np.array([0.3, -0.7])

    def loss(v):
        return sin(v[0] * v[1]) + v[1] ** 2

    parts = optimizer.apply_gradients(optimizer.compute_gradients(loss, start), start)
    assert parts.tobytes() == optimizer.minimise(loss, start).tobytes()
    moved = optimizer.minimise(loss, start, subset=[1])
    assert moved[0] == start[0]
    assert moved[1] == parts[1]
    assert start.tolist() == [0.3, -0.7]  # the caller's array is left alone


def test_a_step_equals_pytorchs():
    torch = pytest.importorskip("torch")
    theta = torch.tensor([0.3, -0.7], dtype=torch.float64, requires_grad=True)
    (torch.sin(theta[0] * theta[1]) + theta[1] ** 2).backward()
    torch.optim.SGD([theta], lr=0.1).step()
    ours = GradientDescent(0.1).minimise(lambda v: sin(v[0] * v[1]) + v[1] ** 2, np.array([0.3, -0.7]))
    np.testing.assert_allclose(ours, theta.detach().numpy(), rtol=1e-15)


def test_settings_out_of_range_are_refused():
    with pytest.raises(ValueError, match="learning_rate"):
        GradientDescent(0)
    with pytest.raises(ValueError, match="step"):
        numerical_jacobian(lambda v: v[0], [1.0], step=-1)
