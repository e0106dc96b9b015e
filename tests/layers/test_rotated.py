"""Rotated convolutions: ring shifts, exact quarter turns, parity with a loop."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from reprise.layers import RotatedConv2d
from reprise.layers.rotated import ring_shift

L = np.array([[1, 0, 0], [1, 0, 0], [1, 1, 0]])
# Figure 6 of the source, drawn by hand: the ring of the L, one place further clockwise in each.
L_MOSAIC = [
    [[1, 0, 0], [1, 0, 0], [1, 1, 0]],
    [[1, 1, 0], [1, 0, 0], [1, 0, 0]],
    [[1, 1, 1], [1, 0, 0], [0, 0, 0]],
    [[1, 1, 1], [0, 0, 1], [0, 0, 0]],
    [[0, 1, 1], [0, 0, 1], [0, 0, 1]],
    [[0, 0, 1], [0, 0, 1], [0, 1, 1]],
    [[0, 0, 0], [0, 0, 1], [1, 1, 1]],
    [[0, 0, 0], [1, 0, 0], [1, 1, 1]],
]


def layer(rotations=8, merge="max", padding=1, **settings):
    torch.manual_seed(0)
    return RotatedConv2d(3, 5, rotations, merge, padding, **settings).double()


def images(seed=0, side=9):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=(2, 3, side, side)))


def loop(module, x):
    """One convolution per rotation, tap by tap."""
    step = 8 // module.rotations
    weight = module.weight.detach().numpy()
    kernels = [torch.from_numpy(ring_shift(weight, r * step).copy()) for r in range(module.rotations)]
    return [F.conv2d(x, kernel, padding=module.padding) for kernel in kernels]


def test_the_l_mosaic_is_the_one_drawn_by_hand():
    for shift, expected in enumerate(L_MOSAIC):
        assert np.array_equal(ring_shift(L, shift), expected)


def test_one_shift_takes_the_taps_that_the_source_lists():
    listed = [[1, 0], [0, 0], [0, 1], [2, 0], [1, 1], [0, 2], [2, 1], [2, 2], [1, 2]]
    taps = np.arange(9).reshape(3, 3)
    assert ring_shift(taps).ravel().tolist() == [taps[row, column] for row, column in listed]


def test_eight_ring_shifts_are_the_identity_and_no_fewer_are():
    taps = np.arange(9).reshape(3, 3)
    turned = taps
    for shift in range(1, 9):
        turned = ring_shift(turned)
        assert np.array_equal(turned, taps) == (shift == 8)
        assert np.array_equal(turned, ring_shift(taps, shift))


def test_two_ring_shifts_are_a_quarter_turn_clockwise():
    taps = np.random.default_rng(0).normal(size=(4, 2, 3, 3))
    for quarter in range(5):
        assert np.array_equal(ring_shift(taps, 2 * quarter), np.rot90(taps, -quarter, axes=(-2, -1)))


@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize("rotations", [4, 8])
def test_turning_the_image_by_a_quarter_turns_the_output(rotations, padding):
    module = layer(rotations, padding=padding)
    x = images()
    for quarter in range(1, 4):
        turned = module(torch.rot90(x, quarter, (2, 3)))
        torch.testing.assert_close(turned, torch.rot90(module(x), quarter, (2, 3)), rtol=1e-12, atol=1e-12)


def test_a_plain_convolution_does_not_turn_along():
    module = layer(rotations=1)
    x = images()
    difference = module(torch.rot90(x, 1, (2, 3))) - torch.rot90(module(x), 1, (2, 3))
    assert difference.abs().max() > 0.1


def test_one_rotation_is_an_ordinary_convolution():
    module, x = layer(rotations=1), images()
    expected = F.conv2d(x, module.weight, module.bias, padding=1)
    torch.testing.assert_close(module(x), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("rotations", [2, 4, 8])
def test_max_equals_a_loop_with_the_bias_added_last(rotations):
    module, x = layer(rotations), images()
    expected = torch.stack(loop(module, x)).amax(dim=0) + module.bias[:, None, None]
    torch.testing.assert_close(module(x), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("rotations", [2, 4, 8])
def test_concat_equals_a_loop_rotation_by_rotation(rotations):
    module, x = layer(rotations, merge="concat"), images()
    expected = torch.cat([response + module.bias[:, None, None] for response in loop(module, x)], dim=1)
    assert module.out_channels == 5 * rotations
    torch.testing.assert_close(module(x), expected, rtol=1e-12, atol=1e-12)


def test_squeeze_mixes_rectified_responses_with_one_weight_each():
    module, x = layer(merge="squeeze"), images()
    responses = torch.cat([F.relu(r + module.bias[:, None, None]) for r in loop(module, x)], dim=1)
    expected = torch.einsum("oi,nihw->nohw", module.squeeze.weight[:, :, 0, 0], responses)
    assert module.out_channels == 5
    torch.testing.assert_close(module(x), expected, rtol=1e-12, atol=1e-12)


def test_without_its_relu_squeeze_would_be_one_ordinary_convolution():
    module, x = layer(merge="squeeze", bias=False), images()
    linear = module.squeeze(torch.cat(loop(module, x), dim=1))
    collapsed = torch.einsum("ok,kirc->oirc", module.squeeze.weight[:, :, 0, 0], module.kernel())
    torch.testing.assert_close(linear, F.conv2d(x, collapsed, padding=1), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("merge", ["max", "concat", "squeeze"])
def test_gradients_are_those_of_finite_differences(merge):
    torch.manual_seed(1)
    module = RotatedConv2d(2, 2, 8, merge).double()
    x = torch.from_numpy(np.random.default_rng(1).normal(size=(1, 2, 4, 4))).requires_grad_()
    parameters = list(module.parameters())
    names = [n for n, _ in module.named_parameters()]

    def call(image, *values):
        return torch.func.functional_call(module, dict(zip(names, values, strict=True)), image)

    assert torch.autograd.gradcheck(call, (x, *parameters))


def test_trained_weights_of_a_plain_convolution_load_as_they_are():
    plain = nn.Conv2d(3, 5, 3)
    module = RotatedConv2d(3, 5)
    module.load_state_dict(plain.state_dict())
    shapes = {name: value.shape for name, value in plain.state_dict().items()}
    assert {name: value.shape for name, value in module.state_dict().items()} == shapes
    x = images().float()
    torch.testing.assert_close(module.kernel()[:5], plain.weight, rtol=0, atol=0)
    assert (module(x) >= plain(x) - 1e-5).all()  # the unturned filter is among those compared


def test_no_bias_is_no_parameter():
    assert list(RotatedConv2d(3, 5, bias=False).state_dict()) == ["weight"]


@pytest.mark.parametrize(
    ("settings", "named"), [({"rotations": 3}, "rotations=3"), ({"merge": "mean"}, "merge='mean'")]
)
def test_unknown_settings_are_refused_by_name(settings, named):
    with pytest.raises(ValueError, match=named):
        RotatedConv2d(3, 5, **settings)


def test_only_three_by_three_filters_have_a_ring_of_eight():
    with pytest.raises(ValueError, match="3 x 3"):
        ring_shift(np.zeros((5, 5)))
