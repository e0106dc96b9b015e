"""The NumPy forms are the trained layer; the angle found by calculus is never beaten."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from reprise.layers.rotated import RotatedConv2d
from reprise.layers.rotated import ring_shift as trained_shift
from reprise.studies.rotation import lesson as form


def test_the_numpy_forms_are_the_trained_layers():
    rng = np.random.default_rng(1)
    image, filters = rng.standard_normal((2, 3, 9, 9)), rng.standard_normal((4, 3, 3, 3))
    for shift in range(9):
        assert np.array_equal(form.ring_shift(filters, shift), trained_shift(filters, shift))
    for rotations in (1, 2, 4, 8):
        layer = RotatedConv2d(3, 4, rotations, bias=False).double()
        layer.weight.data = torch.from_numpy(filters)
        with torch.no_grad():
            found = layer(torch.from_numpy(image)).numpy()
        expected = np.stack([form.rotated_convolution(one, filters, rotations) for one in image])
        assert found == pytest.approx(expected, abs=1e-12)


@given(st.integers(0, 10_000))
def test_calculus_is_never_beaten(seed):
    template, patch = np.random.default_rng(seed).standard_normal((2, 3, 3))
    best = form.match(template, patch, np.array([form.best_angle(template, patch)]))[0]
    assert form.match(template, patch, np.linspace(0, 2 * np.pi, 1000)).max() <= best + 1e-9


def test_the_match_at_eighths_is_the_dot_product_with_a_shifted_ring():
    template, patch = np.random.default_rng(2).standard_normal((2, 3, 3))
    centre = template[1, 1] * patch[1, 1]
    expected = [(form.ring_shift(template, shift) * patch).sum() - centre for shift in range(8)]
    assert form.match(template, patch, np.arange(8) * np.pi / 4) == pytest.approx(expected)


def test_flat_rings_have_an_angle_too():
    assert np.isfinite(form.best_angle(np.ones((3, 3)), np.ones((3, 3))))
    assert np.isfinite(form.best_angle(np.zeros((3, 3)), form.CROSS))


def test_flat_patches_correlate_with_nothing():
    assert form.pearson(form.CROSS, np.ones((3, 3))) == 0
