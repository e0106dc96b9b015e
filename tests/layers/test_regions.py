"""Regions of feature maps against loops over bins, and against what torchvision's operators gave."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from reprise.layers.regions import paste, roi_align, roi_pool

TORCHVISION = np.load(Path(__file__).with_name("torchvision.npz"))


def reference(name):
    return torch.from_numpy(TORCHVISION[name])


@pytest.mark.parametrize("size", [1, 2, 5])
def test_pooling_is_that_of_torchvision(size):
    found = roi_pool(reference("features"), reference("boxes"), reference("picture"), size, 0.25)
    torch.testing.assert_close(found, reference(f"roi_pool_{size}"), rtol=0, atol=0)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_aligning_is_that_of_torchvision(size):
    found = roi_align(reference("features"), reference("boxes"), reference("picture"), size, 0.25)
    torch.testing.assert_close(found, reference(f"roi_align_{size}"), rtol=1e-5, atol=1e-5)


def test_aligning_with_more_samples_is_that_of_torchvision():
    found = roi_align(reference("features"), reference("boxes"), reference("picture"), 4, 0.25, samples=3)
    torch.testing.assert_close(found, reference("roi_align_3_samples"), rtol=1e-5, atol=1e-5)


def pooled_by_loops(features, box, size, scale):
    """Fast R-CNN's text: whole cells, bins that may share some, their maximum."""
    channels, height, width = features.shape
    x1, y1, x2, y2 = (math.floor(v * scale + 0.5) if v >= 0 else math.ceil(v * scale - 0.5) for v in box)
    rows, columns = max(y2 - y1 + 1, 1), max(x2 - x1 + 1, 1)
    found = np.zeros((channels, size, size))
    for i in range(size):
        for j in range(size):
            inside = [
                features[:, y, x]
                for y in range(y1 + i * rows // size, y1 - (-(i + 1) * rows // size))
                for x in range(x1 + j * columns // size, x1 - (-(j + 1) * columns // size))
                if 0 <= y < height and 0 <= x < width
            ]
            found[:, i, j] = np.max(inside, axis=0) if inside else 0
    return found


coordinate = st.integers(-20, 70)


@given(
    st.lists(st.tuples(coordinate, coordinate, st.integers(0, 80), st.integers(0, 80)), min_size=1, max_size=6),
    st.sampled_from((1, 2, 3, 4)),
    st.integers(1, 13),
    st.integers(1, 13),
)
def test_pooling_is_that_of_loops_over_bins(given_boxes, size, height, width):
    features = np.random.default_rng(height * 100 + width).normal(size=(2, height, width))
    boxes = [(x, y, x + w, y + h) for x, y, w, h in given_boxes]
    found = roi_pool(
        torch.from_numpy(features)[None], torch.tensor(boxes).float(), torch.zeros(len(boxes)).long(), size, 0.25
    )
    for each, box in zip(found.numpy(), boxes, strict=True):
        np.testing.assert_array_equal(each, pooled_by_loops(features, box, size, 0.25))


def test_aligning_a_ramp_gives_the_ramp_and_pooling_is_off_by_cells():
    """Bilinear sampling is exact on what is linear; what pooling rounds is the misalignment that RoIAlign ends."""
    ramp = torch.arange(16).double()[None, None, None].expand(1, 1, 16, 16) + 0.5  # a pixel's middle, in cells
    box = torch.tensor([[17.0, 20, 43, 50]]).double()
    wanted = torch.tensor([17 + 26 * (i + 0.5) / 4 for i in range(4)]).double() / 4
    aligned = roi_align(ramp, box, torch.zeros(1).long(), 4, 0.25)[0, 0]
    torch.testing.assert_close(aligned, wanted.expand(4, 4), rtol=0, atol=1e-12)
    pooled = roi_pool(ramp, box, torch.zeros(1).long(), 4, 0.25)[0, 0]
    assert (pooled - wanted).abs().max() > 0.5


@pytest.mark.parametrize("layer", [roi_pool, roi_align])
def test_gradients_are_those_of_differences(layer):
    features = torch.from_numpy(np.random.default_rng(0).permutation(192).reshape(2, 2, 6, 8) / 4).requires_grad_()
    boxes = torch.tensor([[2.0, 3, 20, 17], [-9, 4, 5, 40], [13, 13, 14, 14]]).double()
    picture = torch.tensor([0, 1, 0])
    assert torch.autograd.gradcheck(lambda f: layer(f, boxes, picture, 3, 0.25), (features,), eps=1e-4, atol=1e-6)


@pytest.mark.parametrize("layer", [roi_pool, roi_align])
def test_no_boxes_give_no_regions_and_far_off_ones_zeros(layer):
    features = torch.ones(1, 3, 5, 7)
    assert layer(features, torch.zeros(0, 4), torch.zeros(0).long(), 2, 0.5).shape == (0, 3, 2, 2)
    far = layer(features, torch.tensor([[500.0, 500, 600, 600]]), torch.zeros(1).long(), 2, 0.5)
    assert (far == 0).all()


def test_a_pasted_mask_fills_its_box_and_nothing_else():
    found = paste(torch.ones(2, 8, 8), torch.tensor([[3.0, 4, 11, 9], [-4, -4, 6, 50]]), (20, 16))
    expected = torch.zeros(2, 20, 16)
    expected[0, 4:9, 3:11] = 1
    expected[1, :, :6] = 1
    torch.testing.assert_close(found, expected)


def test_a_pasted_ramp_is_the_ramp():
    ramp = (torch.arange(8).double() + 0.5).expand(1, 8, 8)
    found = paste(ramp, torch.tensor([[0.0, 0, 32, 16]]).double(), (16, 32))[0]
    inner = (torch.arange(32).double() + 0.5) / 4
    torch.testing.assert_close(found[:, 2:-2], inner[2:-2].expand(16, -1), rtol=0, atol=1e-12)
