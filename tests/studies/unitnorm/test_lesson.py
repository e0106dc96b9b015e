"""The closed-form gradient is autograd's, and perpendicular to the weights; normalising forgets their length."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from reprise.layers.unitnorm import unit_norm as trained_norm
from reprise.studies.unitnorm.lesson import unit_norm, unit_norm_gradient

matrices = arrays(float, (3, 4), elements=st.floats(-100, 100, width=32)).filter(
    lambda weights: (np.linalg.norm(weights, axis=1) > 1e-3).all()
)


def test_the_closed_form_gradient_is_autograds():
    weights, upstream = np.random.default_rng(0).standard_normal((2, 5, 7))
    tensor = torch.from_numpy(weights).requires_grad_()
    (trained_norm(tensor, 0.0) * torch.from_numpy(upstream)).sum().backward()
    assert unit_norm_gradient(weights, upstream) == pytest.approx(tensor.grad.numpy(), abs=1e-12)
    assert unit_norm(weights) == pytest.approx(trained_norm(torch.from_numpy(weights)).numpy(), abs=1e-12)


@given(matrices, matrices)
def test_the_gradient_has_nothing_along_the_weights(weights, upstream):
    gradient = unit_norm_gradient(weights, upstream)
    along = np.abs((gradient * weights).sum(axis=1))
    assert (along <= 1e-9 * (1 + np.linalg.norm(upstream, axis=1))).all()


@given(matrices, st.floats(0.5, 1000))
def test_the_length_of_the_weights_is_forgotten(weights, factor):
    assert unit_norm(weights * factor) == pytest.approx(unit_norm(weights), abs=1e-4)
    assert np.linalg.norm(unit_norm(weights), axis=1) == pytest.approx(1, abs=1e-4)


def test_weights_of_zero_stay_zero():
    assert not unit_norm(np.zeros((2, 3))).any()
