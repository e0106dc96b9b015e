"""Our convolution, pooling and unpooling agree with PyTorch, SciPy and plain loops, on any geometry."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.signal import correlate2d

from reprise.studies.convolution.lesson.edges import bright_lines, edge_contrast, step_edges
from reprise.studies.convolution.lesson.linear import conv2d, convolution_matrix, transposed_conv2d
from reprise.studies.convolution.lesson.pooling import global_average_pool, max_pool_with_places, pool2d
from reprise.studies.convolution.lesson.sizes import (
    conv_output_size,
    conv_output_size_as_written,
    conv_parameters,
    output_padding_for,
    padding_for,
    transposed_output_size,
    transposed_output_size_as_written,
)
from reprise.studies.convolution.lesson.unpooling import bed_of_nails, max_unpool, nearest_neighbour

GEOMETRY = st.tuples(st.integers(1, 14), st.integers(1, 5), st.integers(1, 4), st.integers(0, 3))


def fits(size: int, kernel: int, padding: int) -> bool:
    return size + 2 * padding >= kernel


def random(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


@given(GEOMETRY, st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_convolution_agrees_with_torch_on_any_geometry(geometry, seed):
    size, kernel, stride, padding = geometry
    assume(fits(size, kernel, padding))
    images, kernels, bias = random(seed, 2, 3, size, size + 2), random(seed + 1, 4, 3, kernel, kernel), random(seed, 4)
    ours = conv2d(images, kernels, bias, stride, padding)
    theirs = F.conv2d(*map(torch.from_numpy, (images, kernels, bias)), stride, padding).numpy()
    assert ours.shape[2] == conv_output_size(size, kernel, stride, padding)
    np.testing.assert_allclose(ours, theirs, atol=1e-12)


def test_convolution_agrees_with_scipy_and_with_the_definition():
    image, kernel = random(0, 9, 7), random(1, 3, 3)
    ours = conv2d(image[None, None], kernel[None, None])[0, 0]
    np.testing.assert_allclose(ours, correlate2d(image, kernel, mode="valid"), atol=1e-12)
    by_hand = sum(image[4 + u, 2 + v] * kernel[u, v] for u in range(3) for v in range(3))
    assert ours[4, 2] == pytest.approx(by_hand)


@given(GEOMETRY, st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_transposed_convolution_is_the_adjoint_agrees_with_torch_and_restores_the_size(geometry, seed):
    size, kernel, stride, padding = geometry
    assume(fits(size, kernel, padding))
    kernels = random(seed, 4, 3, kernel, kernel)
    x = random(seed + 1, 1, 3, size, size)
    forward = conv2d(x, kernels, stride=stride, padding=padding)
    extra = output_padding_for(size, kernel, stride, padding)
    y = random(seed + 2, *forward.shape)
    back = transposed_conv2d(y, kernels, stride, padding, extra)
    assert back.shape == x.shape
    assert (forward * y).sum() == pytest.approx((x * back).sum(), abs=1e-9)
    theirs = F.conv_transpose2d(
        torch.from_numpy(y), torch.from_numpy(kernels), stride=stride, padding=padding, output_padding=extra
    )
    np.testing.assert_allclose(back, theirs.numpy(), atol=1e-11)


@pytest.mark.parametrize(("stride", "padding"), [(1, 0), (2, 1), (3, 2)])
def test_convolution_matrix_and_its_transpose(stride, padding):
    kernels = random(3, 2, 2, 3, 3)
    matrix = convolution_matrix(kernels, 6, stride, padding)
    x = random(4, 1, 2, 6, 6)
    forward = conv2d(x, kernels, stride=stride, padding=padding)
    np.testing.assert_allclose(matrix @ x.ravel(), forward.ravel(), atol=1e-12)
    extra = output_padding_for(6, 3, stride, padding)
    back = transposed_conv2d(forward, kernels, stride, padding, extra)
    np.testing.assert_allclose(matrix.T @ forward.ravel(), back.ravel(), atol=1e-12)


def test_sizes_of_the_source():
    assert conv_output_size(32, 5, 1, 2) == 32
    assert conv_output_size_as_written(32, 5) == 28  # its own example says 32
    assert conv_parameters(3, 10, 5) == 760
    assert conv_output_size(8, 2, 2) == 4
    assert [conv_output_size(7, 3, 1, padding_for(m, 3)) for m in ("full", "same", "valid")] == [9, 7, 5]


@settings(deadline=None)
@given(st.integers(1, 30), st.integers(1, 7), st.integers(1, 5), st.integers(0, 3))
def test_written_transposed_size_is_one_that_the_convolution_maps_alike_but_seldom_the_right_one(n, k, s, p):
    assume(fits(n, k, p))
    o = conv_output_size(n, k, s, p)
    written = transposed_output_size_as_written(o, k, s, p)
    assume(written >= 1)
    assert conv_output_size(written, k, s, p) == o
    if s == 1:
        assert written == n


@given(st.integers(2, 12), st.integers(1, 4), st.integers(1, 4), st.sampled_from(["max", "mean"]))
@settings(max_examples=40, deadline=None)
def test_pooling_agrees_with_torch(size, window, stride, mode):
    assume(window <= size)
    images = random(size, 2, 3, size, size + 1)
    pool = F.max_pool2d if mode == "max" else F.avg_pool2d
    theirs = pool(torch.from_numpy(images), window, stride).numpy()
    np.testing.assert_allclose(pool2d(images, window, stride, mode), theirs, atol=1e-12)


def test_global_average_pool_is_the_mean_of_each_channel():
    images = random(0, 2, 3, 5, 4)
    pooled = global_average_pool(images)
    assert pooled.shape == (2, 3, 1, 1)
    assert pooled[1, 2, 0, 0] == pytest.approx(sum(images[1, 2].ravel()) / 20)


def test_unpooling_and_back():
    images = random(1, 2, 3, 4, 5)
    nails, nearest = bed_of_nails(images, 3), nearest_neighbour(images, 3)
    corner = np.zeros((3, 3))
    corner[0, 0] = 1
    np.testing.assert_array_equal(nails, np.kron(images, corner))
    np.testing.assert_array_equal(nearest, np.kron(images, np.ones((3, 3))))
    np.testing.assert_array_equal(pool2d(nearest, 3), images)
    np.testing.assert_allclose(pool2d(nearest, 3, mode="mean"), images, rtol=1e-14)
    np.testing.assert_array_equal(pool2d(nails, 3), np.maximum(images, 0))  # zeros beat what is negative


def test_max_unpooling_agrees_with_torch_also_where_values_tie():
    images = np.random.default_rng(2).integers(-2, 3, size=(2, 3, 6, 8)).astype(float)
    pooled, places = max_pool_with_places(images, 2)
    theirs, indices = F.max_pool2d(torch.from_numpy(images), 2, return_indices=True)
    np.testing.assert_array_equal(pooled, theirs.numpy())
    np.testing.assert_array_equal(
        max_unpool(pooled, places, 2), F.max_unpool2d(theirs, indices, 2, output_size=(6, 8)).numpy()
    )


def test_edges_of_known_contrast():
    edges = step_edges(np.array([0.0, np.pi / 2]), np.array([0.0, 1.0]), 8)
    assert edges[0, 0, 0].tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert edges[1, 0, :, 0].tolist() == [0, 0, 0, 0, 0, 1, 1, 1]
    assert edge_contrast(edges).tolist() == [1, 1]
    # the second edge lies inside a pooling window: the mean makes it two half steps
    assert edge_contrast(pool2d(edges, 2, mode="mean")).tolist() == [1, 0.5]
    line = bright_lines(np.zeros(1), np.array([0.5]), 8)
    assert line[0, 0, 0].tolist() == [0, 0, 0, 0, 1, 0, 0, 0]
    assert edge_contrast(pool2d(1 - line, 2)).tolist() == [0]  # a dark line is gone
    assert edge_contrast(np.ones((1, 1, 1, 1))).tolist() == [0]
    half = np.zeros((1, 1, 4, 4))
    half[0, 0, :2, 2:] = 1  # an edge in two of four rows, and in two of four columns
    assert edge_contrast(half).tolist() == [0.5]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: conv_output_size(3, 5), "does not fit"),
        (lambda: conv_output_size(3, 2, 0), "stride 0"),
        (lambda: transposed_output_size(1, 3, 2, 2), "no pixels"),
        (lambda: transposed_output_size(4, 3, 2, 0, 2), r"0 \.\. 1"),
        (lambda: padding_for("same", 4), "odd kernel"),
        (lambda: padding_for("half", 3), "full, same, valid"),
        (lambda: conv2d(np.zeros((3, 4)), np.zeros((1, 1, 2, 2))), r"\(n, channels"),
        (lambda: conv2d(np.zeros((1, 2, 4, 4)), np.zeros((1, 1, 2, 2))), "do not fit"),
        (lambda: transposed_conv2d(np.zeros((1, 2, 4, 4)), np.zeros((1, 2, 2, 2))), "do not fit"),
        (lambda: pool2d(np.zeros((1, 1, 4, 4)), 2, mode="median"), "max or mean"),
        (lambda: pool2d(np.zeros((1, 1, 4, 4)), 5), "does not fit"),
    ],
)
def test_what_makes_no_sense_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
