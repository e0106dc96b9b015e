"""Losses and gradients of the descents' networks against PyTorch and simulation, and that they come to rest."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reprise.studies.initialisation import descents
from reprise.studies.initialisation.descents import descend, exclusive_or, least_curvature, students


def test_loss_and_gradient_of_the_exclusive_or_are_pytorchs():
    family = exclusive_or(3)
    weights = family.start(np.random.default_rng(0), 5) + 0.1
    losses, gradients = family.slope(weights)
    for row, loss, gradient in zip(weights, losses, gradients, strict=True):
        flat = torch.tensor(row, requires_grad=True)
        into, bias, out, last = flat[:6].view(2, 3), flat[6:9], flat[9:12], flat[12]
        outputs = torch.relu(torch.tensor(descents.XOR_INPUTS) @ into + bias) @ out + last
        theirs = torch.nn.functional.mse_loss(outputs, torch.tensor(descents.XOR_TARGETS))
        theirs.backward()
        assert loss == pytest.approx(theirs.item(), rel=1e-12)
        np.testing.assert_allclose(gradient, flat.grad.numpy(), atol=1e-12)


def test_loss_of_students_is_the_expectation_over_normal_inputs():
    rng = np.random.default_rng(1)
    weights = students(3).start(rng, 4)
    x = rng.normal(size=(400_000, 3))
    taught = np.maximum(x, 0).sum(axis=1)
    for row, loss in zip(weights, students(3).slope(weights)[0], strict=True):
        errors = (np.maximum(x @ row.reshape(3, 3).T, 0).sum(axis=1) - taught) ** 2 / 2
        assert loss == pytest.approx(errors.mean(), abs=5 * errors.std() / np.sqrt(len(x)))


@pytest.mark.parametrize("family", [exclusive_or(3), students(3)])
def test_gradients_are_the_slopes_of_the_loss(family):
    rng = np.random.default_rng(2)
    weights = family.start(rng, 6) + 0.05
    along, h = rng.normal(size=weights.shape), 1e-6
    rise = (family.slope(weights + h * along)[0] - family.slope(weights - h * along)[0]) / (2 * h)
    np.testing.assert_allclose((family.slope(weights)[1] * along).sum(axis=1), rise, rtol=1e-5, atol=1e-8)


def test_students_that_are_their_teacher_in_another_order_have_no_loss_and_no_slope():
    family = students(4)
    order = np.eye(4)[[2, 0, 3, 1]].reshape(1, 16)
    loss, gradient = family.slope(order)
    assert loss == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(gradient, 0, atol=1e-12)
    assert least_curvature(family, order)[0] > 0  # a strict minimum, for no weight is to spare


def test_two_units_are_often_stuck_and_sixteen_hardly_ever():
    few, many = (descend(exclusive_or(units), 60, np.random.default_rng(3)) for units in (2, 16))
    assert few.stuck.mean() > 0.5
    assert many.stuck.mean() < 0.05
    assert not few.moving.any()
    assert few.losses[few.stuck].min() > 0.4  # far above: not a matter of where the line is drawn
    assert few.losses[np.isnan(few.curvatures)].max() < descents.STUCK / 100


def test_where_students_are_stuck_there_is_a_minimum():
    family = students(8)
    ends = descend(family, 60, np.random.default_rng(4))
    assert 0 < ends.stuck.sum() < 30
    least = least_curvature(family, ends.weights[ends.stuck])
    assert (least > 0.01).all()
    np.testing.assert_array_equal(ends.curvatures[ends.stuck], least)
    lower = family.slope(ends.weights[~ends.stuck & ~ends.moving])[0]
    assert lower.max() <= descents.NEAR


def test_a_descent_at_rest_on_a_saddle_is_not_stuck_and_one_on_a_plateau_is():
    family = exclusive_or(2)
    off = np.array([[1.0, 1, 1, 1, -3, -3, 1, 1, 0]])  # both units are off for every input, and all is flat around
    plateau = descend(family._replace(start=lambda rng, count: off.copy()), 1, np.random.default_rng(0))
    assert plateau.losses == 1
    assert plateau.stuck.all()
    valley = descents.Family(
        lambda w: (2 + w[:, 0] ** 2 - w[:, 1] ** 2, np.stack([2 * w[:, 0], -2 * w[:, 1]], axis=1)),
        lambda rng, count: np.zeros((count, 2)),
        0.1,
        100,
    )
    ends = descend(valley, 3, np.random.default_rng(0))
    assert ends.slopes.tolist() == [0, 0, 0]
    np.testing.assert_allclose(ends.curvatures, -2, atol=1e-6)
    assert not ends.stuck.any()
    assert not ends.moving.any()


@pytest.mark.parametrize("family", [exclusive_or(256), students(32)])
def test_no_descent_diverges_in_the_largest_networks(family):
    assert family.start(np.random.default_rng(0), 1).shape[1] > 1000
    ends = descend(family._replace(steps=200), 3, np.random.default_rng(8))
    assert (ends.losses < family.slope(family.start(np.random.default_rng(8), 3))[0]).all()


def test_a_descent_that_is_cut_short_is_neither_stuck_nor_at_the_lowest_loss():
    family = exclusive_or(4)._replace(steps=descents.EVERY)
    ends = descend(family, 20, np.random.default_rng(5))
    assert ends.moving.any()
    assert not (ends.moving & ends.stuck).any()


def test_a_descent_does_not_depend_on_the_others():
    family = exclusive_or(4)
    starts = family.start(np.random.default_rng(6), 8)
    together = descend(family._replace(start=lambda rng, count: starts.copy()), 8, np.random.default_rng(0))
    alone = descend(family._replace(start=lambda rng, count: starts[3:4].copy()), 1, np.random.default_rng(0))
    np.testing.assert_allclose(alone.losses[0], together.losses[3], atol=1e-9)
