"""Unit-norm weights: parity with weight normalisation, orthogonal gradients, scale invariance, the variants."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from reprise.layers import UnitNormConv2d, UnitNormLinear
from reprise.layers.unitnorm import filter_similarity, from_angles, norm_penalty, spherical, to_angles, unit_norm

PAIRS = [
    (lambda: UnitNormConv2d(3, 7, 3, padding=1), lambda: nn.Conv2d(3, 7, 3, padding=1), (2, 3, 6, 6)),
    (lambda: UnitNormLinear(12, 7), lambda: nn.Linear(12, 7), (4, 12)),
]


def normal(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape))


@pytest.mark.parametrize(("ours", "plain", "shape"), PAIRS)
def test_it_is_weight_normalisation_with_a_gain_of_one(ours, plain, shape):
    ours, plain = ours().double(), plain().double()
    plain.load_state_dict(ours.state_dict())
    reference = weight_norm(plain)
    with torch.no_grad():
        reference.parametrizations.weight.original0.fill_(1.0)
    x = normal(*shape)
    torch.testing.assert_close(ours(x), reference(x), rtol=1e-6, atol=1e-7)  # the source's 1e-8 is all that differs
    ours(x).square().sum().backward()
    reference(x).square().sum().backward()
    torch.testing.assert_close(ours.weight.grad, reference.parametrizations.weight.original1.grad, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(ours.bias.grad, reference.bias.grad, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(("ours", "plain", "shape"), PAIRS)
def test_the_gradient_is_orthogonal_to_each_units_weights(ours, plain, shape):
    layer = ours().double()
    layer(normal(*shape)).pow(3).sum().backward()
    weight, gradient = layer.weight.detach().flatten(1), layer.weight.grad.flatten(1)
    cosine = (weight * gradient).sum(1) / (weight.norm(dim=1) * gradient.norm(dim=1))
    assert gradient.norm(dim=1).min() > 1e-3
    assert cosine.abs().max() < 1e-6  # not 0: the 1e-8 in the divisor

    other = plain().double()
    other(normal(*shape)).pow(3).sum().backward()
    cosine = nn.functional.cosine_similarity(other.weight.detach().flatten(1), other.weight.grad.flatten(1))
    assert cosine.abs().max() > 0.05  # ordinary weights do feel their length


@pytest.mark.parametrize(("ours", "plain", "shape"), PAIRS)
@pytest.mark.parametrize("scale", [0.1, 2.0, 1e4])
def test_the_output_does_not_feel_the_weights_scale_but_the_biases(ours, plain, shape, scale):
    layer, x = ours().double(), normal(*shape)
    before = layer(x)
    with torch.no_grad():
        layer.weight.mul_(scale)
    torch.testing.assert_close(layer(x), before, rtol=1e-4, atol=1e-5)
    with torch.no_grad():
        layer.bias.add_(1.0)
    torch.testing.assert_close(layer(x), before + 1, rtol=1e-4, atol=1e-5)


def test_a_weight_of_zeros_stays_zero_without_nan():
    weight = torch.zeros(2, 3, requires_grad=True)
    unit_norm(weight).sum().backward()
    assert torch.equal(unit_norm(weight), torch.zeros(2, 3))
    assert torch.isfinite(weight.grad).all()


def test_the_penalty_is_zero_at_length_one_and_pulls_back_from_elsewhere():
    assert norm_penalty([unit_norm(normal(4, 3, 3, 3))]) < 1e-12
    two_long = torch.zeros(2, 5)
    two_long[0, 0], two_long[1, 1] = 3.0, 1.0
    assert norm_penalty([two_long]) == pytest.approx(2.0)  # ((3 - 1)^2 + 0) / 2
    weight = two_long.clone().requires_grad_()
    norm_penalty([weight, torch.ones(2, 1)]).backward()
    assert weight.grad[0, 0] == pytest.approx(2 * 2 / 4)
    with pytest.raises(ValueError, match="found none"):
        norm_penalty([])


def test_filter_similarity_is_zero_for_orthogonal_one_for_parallel_filters():
    assert filter_similarity(torch.eye(4)) == pytest.approx(0, abs=1e-7)
    assert filter_similarity(torch.tensor([[1.0, 2], [-2, -4], [3, 6]])) == pytest.approx(1)
    assert filter_similarity(torch.ones(1, 3)) == 0


def test_filter_similarity_equals_a_loop_over_pairs():
    weight = normal(5, 2, 3, 3)
    flat = weight.flatten(1).numpy()
    cosines = [
        float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b))) ** 2
        for i, a in enumerate(flat)
        for j, b in enumerate(flat)
        if i != j
    ]
    assert float(filter_similarity(weight)) == pytest.approx(np.mean(cosines))


@given(st.integers(2, 40), st.integers(0, 10_000))
def test_angles_and_back_keep_the_direction(dimensions, seed):
    vectors = normal(3, dimensions, seed=seed)
    torch.testing.assert_close(from_angles(to_angles(vectors)), unit_norm(vectors, 0.0), rtol=1e-9, atol=1e-9)


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=30))
def test_any_angles_give_a_vector_of_length_one(angles):
    vector = from_angles(torch.tensor([angles], dtype=torch.float64))
    assert vector.shape == (1, len(angles) + 1)
    assert float(vector.norm()) == pytest.approx(1)


def test_three_dimensions_are_the_textbooks_spherical_coordinates():
    a, b = 0.7, -1.9
    expected = [math.cos(a), math.sin(a) * math.cos(b), math.sin(a) * math.sin(b)]
    assert from_angles(torch.tensor([a, b], dtype=torch.float64)).tolist() == pytest.approx(expected)


def test_axes_and_zeros_have_angles_too():
    axes = torch.cat([torch.eye(4), -torch.eye(4)]).double()
    torch.testing.assert_close(from_angles(to_angles(axes)), axes, rtol=0, atol=1e-12)
    assert torch.equal(to_angles(torch.zeros(1, 4)), torch.zeros(1, 3))
    with pytest.raises(ValueError, match="two coordinates"):
        to_angles(torch.ones(3, 1))


@pytest.mark.parametrize("layer", [nn.Conv2d(3, 7, 3), nn.Linear(2304, 16)])
def test_a_spherical_layer_keeps_directions_trains_angles_and_stays_on_the_sphere(layer):
    directions = unit_norm(layer.weight.detach())
    spherical(layer)
    torch.testing.assert_close(layer.weight, directions, rtol=0, atol=1e-5)
    original = layer.parametrizations.weight.original
    assert original.shape == (len(directions), directions[0].numel() - 1)
    optimiser = torch.optim.SGD(layer.parameters(), 0.1)
    (layer.weight * normal(*directions.shape).float()).sum().backward()
    optimiser.step()
    assert (layer.weight - directions).abs().max() > 1e-3
    torch.testing.assert_close(layer.weight.flatten(1).norm(dim=1), torch.ones(len(directions)), rtol=1e-4, atol=0)
