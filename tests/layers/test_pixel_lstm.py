"""Skewing is undone by unskewing; the LSTMs over pixels equal plain loops over pixels."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from reprise.layers.masked import MaskedConv2d
from reprise.layers.pixel_lstm import DiagonalBiLSTM, DiagonalLSTM, RowLSTM, skew, unskew

sizes = st.integers(1, 6)


@given(height=sizes, width=sizes, channels=st.integers(1, 3))
def test_unskew_undoes_skew_and_diagonals_become_columns(height, width, channels):
    images = torch.randn(2, channels, height, width)
    skewed = skew(images)
    assert skewed.shape == (2, channels, height, width + height - 1)
    assert torch.equal(unskew(skewed), images)
    assert skewed.abs().sum() == pytest.approx(float(images.abs().sum()), rel=1e-5)  # nothing but zeros is added
    for i in range(height):
        for j in range(width):
            assert torch.equal(skewed[..., i, i + j], images[..., i, j])


def cell(given, gates_of_states, memory):
    """One LSTM step on vectors, gate by gate."""
    out, keep, put, content = (given + gates_of_states).chunk(4)
    memory = torch.sigmoid(keep) * memory + torch.sigmoid(put) * torch.tanh(content)
    return torch.sigmoid(out) * torch.tanh(memory), memory


def inputs_at(layer, image, i, j):
    """The masked convolution along the row at one pixel, written out."""
    weight, bias = layer.weight.detach() * layer.seen, layer.bias.detach()
    half, total = weight.shape[3] // 2, bias.clone()
    for step in range(-half, half + 1):
        if 0 <= j + step < image.shape[2]:
            total = total + weight[:, :, 0, half + step] @ image[:, i, j + step]
    return total


@torch.no_grad()
def row_by_loops(layer, image):
    height, width = image.shape[1:]
    zero, weight = torch.zeros(layer.features, dtype=image.dtype), layer.states.weight
    states = [[zero] * (width + 2) for _ in range(height + 1)]
    memories = [[zero] * width for _ in range(height + 1)]
    for i in range(height):
        for j in range(width):
            mixed = sum(weight[:, :, k] @ states[i][j + k] for k in range(3))
            state, memories[i + 1][j] = cell(inputs_at(layer.inputs, image, i, j), mixed, memories[i][j])
            states[i + 1][j + 1] = state
    return torch.stack([torch.stack(row[1:-1], dim=1) for row in states[1:]], dim=1)


@torch.no_grad()
def diagonal_by_loops(layer, image):
    height, width = image.shape[1:]
    zero, weight = torch.zeros(layer.features, dtype=image.dtype), layer.states.weight
    states = {(i, -1): zero for i in range(height)} | {(-1, j): zero for j in range(width)}
    memories = dict(states)
    for i in range(height):
        for j in range(width):
            mixed = weight[:, :, 0] @ states[i - 1, j] + weight[:, :, 1] @ states[i, j - 1]
            states[i, j], memories[i, j] = cell(inputs_at(layer.inputs, image, i, j), mixed, memories[i, j - 1])
    return torch.stack([torch.stack([states[i, j] for j in range(width)], dim=1) for i in range(height)], dim=1)


def made(kind, seed=0, **more):
    torch.manual_seed(seed)
    layer = kind(4, 3, **more).double()
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter, std=0.7)
    return layer, torch.randn(2, 4, 5, 6, dtype=torch.float64)


@pytest.mark.parametrize(("kind", "loops"), [(RowLSTM, row_by_loops), (DiagonalLSTM, diagonal_by_loops)])
def test_it_equals_a_plain_loop_over_pixels(kind, loops):
    layer, images = made(kind)
    expected = torch.stack([loops(layer, image) for image in images])
    torch.testing.assert_close(layer(images), expected, rtol=0, atol=1e-12)


def test_both_directions_are_the_left_one_plus_the_mirrored_one_a_row_down():
    layer, images = made(DiagonalBiLSTM)
    left = torch.stack([diagonal_by_loops(layer.left, image) for image in images])
    right = torch.stack([diagonal_by_loops(layer.right, image.flip(2)) for image in images]).flip(3)
    expected = left.clone()
    expected[:, :, 1:] += right[:, :, :-1]
    torch.testing.assert_close(layer(images), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", [RowLSTM, DiagonalLSTM, DiagonalBiLSTM])
@pytest.mark.parametrize(("height", "width"), [(5, 6), (1, 4), (4, 1), (1, 1)])
def test_pixel_after_pixel_is_the_whole_image(kind, height, width):
    layer, images = made(kind)
    images = images[:, :, :height, :width]
    cache = layer.start(2, height, width)
    with torch.no_grad():
        for i in range(height):
            for j in range(width):
                layer.step(cache, torch.randn(2, 4, dtype=torch.float64), i, j)  # a guess that is then corrected
                got = layer.step(cache, images[:, :, i, j], i, j)
                torch.testing.assert_close(got, layer(images)[:, :, i, j], rtol=0, atol=1e-12)


@pytest.mark.parametrize("mask", ["A", "B"])
@pytest.mark.parametrize("colours", [1, 3])
def test_a_masked_convolution_sees_earlier_pixels_and_earlier_colours_alone(mask, colours):
    layer = MaskedConv2d(2 * colours, 3 * colours, 3, mask, colours)
    images = torch.randn(1, 2 * colours, 4, 4, requires_grad=True)
    for out in range(3 * colours):
        (gradient,) = torch.autograd.grad(layer(images)[0, out, 1, 2], images)
        colour = gradient[0].reshape(colours, 2, 4, 4).abs().sum(dim=1)
        assert (colour[:, 2:] == 0).all()
        assert (colour[:, 1, 3:] == 0).all()
        assert (colour[:, 0, 1:] > 0).all()
        assert (colour[:, 1, 1] > 0).all()
        own = out // 3
        seen = [bool(each) for each in colour[:, 1, 2] > 0]
        assert seen == [each < own or (mask == "B" and each == own) for each in range(colours)]


@pytest.mark.parametrize("arguments", [(1, 1, 2, "A"), (2, 3, 3, "B", 3), (3, 4, 3, "B", 3), (3, 6, 3, "B", 3, 4)])
def test_kernels_without_a_middle_and_channels_that_do_not_divide_are_refused(arguments):
    with pytest.raises(ValueError, match=r"a mask has a middle|do not divide"):
        MaskedConv2d(*arguments)
