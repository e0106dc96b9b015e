"""A transposed convolution with the bilinear filter is bilinear resizing, and learning starts from there."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from reprise.layers.bilinear import Bilinear, bilinear_filter


@pytest.mark.parametrize("factor", [2, 4, 8, 16, 32])
@pytest.mark.parametrize("learned", [False, True])
def test_it_equals_bilinear_resizing_of_maps_whose_border_is_repeated(factor, learned):
    torch.manual_seed(0)
    maps = torch.rand(2, 3, 4, 5, dtype=torch.float64)
    layer = Bilinear(3, factor, learned).double()
    wide = F.pad(maps, (1, 1, 1, 1), mode="replicate")
    edge = factor // 2 + factor  # half a filter beyond the ends, and the repeated cell
    found = layer(wide)[..., edge:-edge, edge:-edge]
    expected = F.interpolate(maps, scale_factor=factor, mode="bilinear", align_corners=False)
    assert (found - expected).abs().max() < 1e-12


def test_with_half_a_factor_of_padding_the_inside_equals_resizing_and_the_size_is_the_factor_times():
    maps = torch.rand(1, 2, 6, 7)
    found = Bilinear(2, 8, padding=4)(maps)
    expected = F.interpolate(maps, scale_factor=8, mode="bilinear", align_corners=False)
    assert found.shape == expected.shape == (1, 2, 48, 56)
    assert (found - expected)[..., 4:-4, 4:-4].abs().max() < 1e-6
    assert (found - expected).abs().max() > 0.01  # zeros lie beyond the border


@pytest.mark.parametrize("factor", [1, 2, 3, 8, 32])
@pytest.mark.parametrize("padding", [0, 1])
def test_the_fixed_filter_equals_the_transposed_convolution_with_it(factor, padding):
    maps = torch.rand(2, 3, 4, 7, dtype=torch.float64)
    weight = bilinear_filter(factor).double().expand(3, 1, -1, -1)
    if factor > 1 or not padding:
        expected = F.conv_transpose2d(maps, weight, stride=factor, padding=padding, groups=3)
        assert (Bilinear(3, factor, padding=padding)(maps) - expected).abs().max() < 1e-6


def test_half_precision_is_up_sampled_in_single_precision():
    with torch.autocast("cpu", torch.bfloat16):
        assert Bilinear(2, 4)(torch.rand(1, 2, 3, 3, dtype=torch.bfloat16)).dtype == torch.float32
        assert Bilinear(2, 4, learned=True)(torch.rand(1, 2, 3, 3, dtype=torch.bfloat16)).dtype == torch.float32


def test_the_filter_of_a_constant_adds_up_to_the_constant():
    assert Bilinear(1, 4)(torch.ones(1, 1, 9, 9))[..., 4:-4, 4:-4].sub(1).abs().max() < 1e-6
    assert bilinear_filter(2)[0].tolist() == [0.0625, 0.1875, 0.1875, 0.0625]
    assert bilinear_filter(1).tolist() == [[1.0]]


def test_fixed_filters_are_no_parameters_and_not_stored_and_learned_ones_join_all_channels():
    fixed, learned = Bilinear(21, 32), Bilinear(21, 32, learned=True)
    assert list(fixed.parameters()) == []
    assert fixed.state_dict() == {}
    assert sum(p.numel() for p in learned.parameters()) == 21 * 21 * 64 * 64
    learned(torch.rand(1, 21, 2, 2)).pow(2).sum().backward()
    assert learned.weight.grad.abs().sum() > 0


def test_no_factor_below_one():
    with pytest.raises(ValueError, match="factor"):
        bilinear_filter(0)
