"""Maxout: parity with a reshape, the source's error, what it can represent."""

import numpy as np
import pytest
import torch

from reprise.layers import Maxout, MaxoutConv2d
from reprise.layers.maxout import maxout


@pytest.mark.parametrize("dim", [1, -1])
def test_it_is_the_maximum_over_groups_of_neighbouring_channels(dim):
    x = np.random.default_rng(0).normal(size=(4, 6, 5, 6))
    ours = maxout(torch.from_numpy(x), 3, dim).numpy()
    moved = np.moveaxis(x, dim, -1)
    expected = np.moveaxis(moved.reshape(*moved.shape[:-1], 3, 2).max(axis=-1), -1, dim)
    assert np.array_equal(ours, expected)


def test_by_hand():
    assert maxout(torch.tensor([[1.0, 5, -2, -3, 0, 0]]), 3).tolist() == [[5, -2, 0]]


@pytest.mark.parametrize("units", [4, 0, -1])
def test_channels_that_do_not_divide_are_refused_as_in_the_source(units):
    with pytest.raises(ValueError, match=r"number of features \(6\) is not a multiple"):
        maxout(torch.zeros(2, 6), units)


def test_two_pieces_can_be_the_absolute_value_and_three_a_convex_fit():
    layer = Maxout(1, 1, pieces=2)
    with torch.no_grad():
        layer.linear.weight.copy_(torch.tensor([[1.0], [-1.0]]))
        layer.linear.bias.zero_()
    x = torch.linspace(-2, 2, 9)[:, None]
    assert torch.equal(layer(x), x.abs())


def test_linear_and_convolution_forms_equal_their_pieces_maximum():
    dense, conv = Maxout(7, 4, pieces=3), MaxoutConv2d(2, 4, 3, pieces=3, padding=1)
    x, images = torch.randn(5, 7), torch.randn(2, 2, 6, 6)
    pieces = dense.linear(x).view(5, 4, 3)
    assert torch.equal(dense(x), pieces.amax(-1))
    assert torch.equal(conv(images), conv.conv(images).view(2, 4, 3, 6, 6).amax(2))
    assert sum(p.numel() for p in dense.parameters()) == (7 + 1) * 12
    with pytest.raises(ValueError, match="pieces=0"):
        Maxout(3, 2, pieces=0)


def test_gradients_reach_the_winning_piece_alone():
    x = torch.tensor([[1.0, 3.0, 2.0, 0.0]], requires_grad=True)
    maxout(x, 2).sum().backward()
    assert x.grad.tolist() == [[0, 1, 1, 0]]
