"""Sizes of U-Nets without padding are exact, and tiles meet without a seam."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reprise.models.tiles import mirrored, predict_tiled, unet_input, unet_margin, unet_output, unet_surplus
from reprise.models.unet import UNet


def test_572_gives_388_and_184_are_lost():
    assert unet_output(572) == 388
    assert unet_margin() == 184
    assert unet_input(388) == 572
    assert unet_input(1) == 188  # 4 pixels


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_every_size_is_what_the_network_gives_and_the_others_are_refused(depth):
    network = UNet(width=1, depth=depth)
    allowed = []
    for side in range(4, unet_margin(depth) + 40):
        try:
            output = unet_output(side, depth)
        except ValueError as error:
            larger = int(re.search(r"(\d+) (can|is the smallest)$", str(error))[1])
            assert unet_output(larger, depth) > 0
            continue
        allowed.append(side)
        assert network(torch.zeros(1, 1, side, side))[0].shape[-2:] == (output, output)
    assert len(allowed) > 2
    for wanted in range(1, 20):
        assert unet_input(wanted, depth) == next(
            s for s in range(4, 999) if s in allowed and s - unet_margin(depth) >= wanted
        )


@pytest.mark.parametrize(("depth", "surplus"), [(1, 0), (2, 0), (3, 4), (4, 4), (5, 4)])
def test_outputs_are_a_multiple_of_what_poolings_need_but_for_four_pixels(depth, surplus):
    assert unet_surplus(depth) == surplus
    for times in range(1, 9):
        tile = times * 2**depth
        assert unet_output(tile + surplus + unet_margin(depth), depth) == tile + surplus


@pytest.mark.parametrize(
    ("depth", "tile", "size"),
    [(2, tile, size) for tile in (8, 32) for size in ((61, 64), (43, 97), (64, 64), (30, 41))]
    + [(3, 24, (61, 50)), (4, 32, (100, 97)), (4, 64, (130, 95))],
)
def test_tiles_equal_the_whole_picture(depth, tile, size):
    torch.manual_seed(0)
    network = UNet(width=2, depth=depth).double().eval()
    pictures = torch.rand(2, 1, *size, dtype=torch.float64)
    step, border, surplus = 2**depth, unet_margin(depth) // 2, unet_surplus(depth)
    with torch.inference_mode():
        found = predict_tiled(lambda x: network(x)[0], pictures, tile, unet_margin(depth), step, surplus)
        whole = -(-max(size) // step) * step + surplus
        wide = mirrored(pictures, border, whole - size[0] + border, whole - size[1] + border)
        expected = network(wide)[0][..., : size[0], : size[1]]
    assert found.shape == (2, 2, *size)
    assert found.std() > 1e-3
    assert (found - expected).abs().max() < 1e-12


@given(st.integers(9, 90), st.integers(9, 90), st.integers(1, 12), st.integers(1, 4))
@settings(max_examples=60)
def test_tiles_are_no_more_and_no_larger_than_asked_and_as_small_as_they_can_be(height, width, times, multiple):
    tile, margin, seen = times * multiple, 8, []

    def crop(x):
        seen.append((x.shape[-2] - margin, x.shape[-1] - margin))
        return x[..., 4:-4, 4:-4]

    picture = torch.arange(height * width, dtype=torch.float64).reshape(1, 1, height, width)
    assert torch.equal(predict_tiled(crop, picture, tile, margin, multiple), picture)
    assert len(set(seen)) == 1
    assert len(seen) == -(-height // tile) * -(-width // tile)
    for side, length in zip(seen[0], (height, width), strict=True):
        assert side % multiple == 0
        assert side <= tile
        assert (side - multiple) * -(-length // tile) < length  # one step smaller would not reach


def test_512_pixels_are_two_tiles_each_way_and_not_one_and_a_strip():
    sides = []
    network = UNet(width=1, depth=4).to("meta")
    predict_tiled(lambda x: sides.append(x.shape[-1]) or network(x)[0], torch.zeros(1, 1, 512, 512, device="meta"), 384,
                  unet_margin(), 16, unet_surplus())  # fmt: skip
    assert sides == [256 + 184 + 4] * 4


@given(st.integers(2, 9), st.integers(2, 9), st.integers(0, 12), st.integers(0, 30))
@settings(max_examples=40)
def test_borders_are_mirrored_as_numpy_does(height, width, border, more):
    picture = np.random.default_rng(0).random((1, 1, height, width))
    found = mirrored(torch.from_numpy(picture), border, more, border)
    expected = np.pad(picture, ((0, 0), (0, 0), (border, more), (border, border)), mode="reflect")
    np.testing.assert_array_equal(found.numpy(), expected)


def test_odd_margins_wrong_tiles_and_pictures_too_small_are_refused():
    picture = torch.zeros(1, 1, 30, 30)
    for tile, margin, message in ((4, 5, "even"), (6, 4, "multiple of 4"), (4, 60, "cannot be mirrored")):
        with pytest.raises(ValueError, match=message):
            predict_tiled(lambda x: x, picture, tile, margin, 4)
    with pytest.raises(ValueError, match=r"the network gives \(12, 12\) for \(12, 12\), expected 4 less"):
        predict_tiled(lambda x: x, picture, 8, 4, 4)
