"""Every random move is the rotation, shift or mirror that it says, and an image and its mask move alike."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter, map_coordinates

from reprise.data.augment import random_affine


def pictures(n: int = 3, height: int = 24, width: int = 40, channels: int = 1) -> torch.Tensor:
    noise = np.random.default_rng(0).standard_normal((n, channels, height, width))
    return torch.from_numpy(gaussian_filter(noise, (0, 0, 1.5, 1.5)).astype(np.float32))


@pytest.fixture
def draw(monkeypatch):
    """Fixes the draws: angle and shifts in [-1, 1] of the largest, and whether to mirror."""

    def fix(angle=0.0, across=0.0, down=0.0, mirror=False):
        def rand(*shape, device=None):
            if len(shape) == 2:
                return torch.tensor([angle, across, down])[:, None].repeat(1, shape[1]) / 2 + 0.5
            return torch.full(shape, 0.0 if mirror else 1.0)

        monkeypatch.setattr(torch, "rand", rand)

    return fix


def test_no_rotation_and_no_shift_change_nothing():
    images = pictures()
    torch.testing.assert_close(random_affine(images, 0, 0), images, atol=1e-5, rtol=0)


@pytest.mark.parametrize(("across", "down"), [(0.2, 0.0), (0.0, 0.25), (-0.2, 0.5), (0.1, -0.25)])
def test_a_shift_is_a_roll_inside_the_border(draw, across, down):
    images = pictures()
    draw(across=across, down=down)
    moved = random_affine(images, 0, 0.5)
    right, low = round(across * 0.5 * 40), round(down * 0.5 * 24)  # the grid moves so far, the picture the other way
    rolled = torch.roll(images, (-low, -right), dims=(2, 3))
    inside = (slice(None), slice(None), slice(abs(low), 24 - abs(low)), slice(abs(right), 40 - abs(right)))
    assert (right, low) != (0, 0)
    torch.testing.assert_close(moved[inside], rolled[inside], atol=1e-4, rtol=0)


def test_beyond_the_border_the_nearest_pixel_repeats(draw):
    images = pictures()
    draw(across=1.0)
    moved = random_affine(images, 0, 0.25)
    torch.testing.assert_close(moved[..., -10:], images[..., -1:].expand(-1, -1, -1, 10), atol=1e-5, rtol=0)


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_half_a_turn_flips_both_axes(draw, sign):
    images = pictures()
    draw(angle=sign)
    torch.testing.assert_close(random_affine(images, 180, 0), images.flip(2, 3), atol=1e-4, rtol=0)


def test_a_quarter_turn_of_a_square_is_rot90(draw):
    images = pictures(height=32, width=32)
    draw(angle=0.5)
    turned = random_affine(images, 180, 0)
    torch.testing.assert_close(turned, torch.rot90(images, 1, (2, 3)), atol=1e-4, rtol=0)


def test_a_mirror_is_left_to_right(draw):
    images = pictures()
    draw(mirror=True)
    torch.testing.assert_close(random_affine(images, 0, 0, flip=True), images.flip(3), atol=1e-4, rtol=0)
    torch.testing.assert_close(random_affine(images, 0, 0, flip=False), images, atol=1e-4, rtol=0)


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize(("angle", "across", "down"), [(0.4, 0.0, 0.0), (-1.0, 0.7, -0.3), (0.05, 1.0, 1.0)])
def test_any_move_of_a_picture_that_is_not_square_equals_scipys(draw, mirror, angle, across, down):
    images = pictures()
    draw(angle, across, down, mirror)
    moved = random_affine(images, 30, 0.1, flip=True)[:, 0].numpy()
    turn = math.radians(30 * angle)
    y, x = np.mgrid[:24, :40].astype(float)
    y, x = y - 11.5, (x - 19.5) * (-1 if mirror else 1)  # pixels from the centre
    source_x = math.cos(turn) * x - math.sin(turn) * y + 0.1 * across * 40 + 19.5
    source_y = math.sin(turn) * x + math.cos(turn) * y + 0.1 * down * 24 + 11.5
    for found, image in zip(moved, images[:, 0].numpy(), strict=True):
        expected = map_coordinates(image, [source_y, source_x], order=1, mode="nearest")
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_an_image_and_its_mask_move_alike_and_every_image_by_itself():
    torch.manual_seed(0)
    one = pictures(1)
    both = one.repeat(6, 2, 1, 1)  # six times the same image, as image and as mask
    moved = random_affine(both, 20, 0.1, flip=True)
    torch.testing.assert_close(moved[:, 0], moved[:, 1], atol=0, rtol=0)
    distances = torch.cdist(moved[:, 0].flatten(1), moved[:, 0].flatten(1)) + 10 * torch.eye(6)
    assert distances.min() > 0.5


def test_shifts_fill_the_range_that_was_asked_for_and_no_more():
    torch.manual_seed(0)
    ramp = torch.arange(101.0).expand(400, 1, 51, 101)
    shifts = random_affine(ramp, 0, 0.1)[:, 0, 25, 50] - 50
    assert shifts.abs().max() <= 10.1 + 1e-3
    assert shifts.min() < -9
    assert shifts.max() > 9
    assert abs(float(shifts.mean())) < 1


def test_angles_fill_the_range_that_was_asked_for_and_no_more():
    torch.manual_seed(0)
    ramp = torch.arange(101.0).expand(400, 1, 101, 101)
    turned = random_affine(ramp, 5, 0)[:, 0]
    degrees = torch.rad2deg(torch.asin((turned[:, 30, 50] - turned[:, 70, 50]) / 40))
    assert degrees.abs().max() <= 5 + 1e-2
    assert degrees.min() < -4.5
    assert degrees.max() > 4.5


def test_half_of_the_images_are_mirrored():
    torch.manual_seed(0)
    images = pictures(1).repeat(400, 1, 1, 1)
    moved = random_affine(images, 0, 0, flip=True)
    same = (moved - images).abs().amax((1, 2, 3)) < 1e-4
    mirrored = (moved - images.flip(3)).abs().amax((1, 2, 3)) < 1e-4
    assert (same ^ mirrored).all()
    assert 0.4 < mirrored.float().mean() < 0.6


def test_a_seed_repeats_its_moves_and_another_makes_others():
    def moved(seed):
        torch.manual_seed(seed)
        return random_affine(pictures(), 5, 0.06, flip=True)

    assert torch.equal(moved(1), moved(1))
    assert not torch.equal(moved(1), moved(2))
