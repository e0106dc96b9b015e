"""Deformations move pictures, labels and weights alike, by as much as they say."""

from __future__ import annotations

import pytest
import torch

from reprise.data.elastic import random_grey, random_grid, sample


def test_a_grid_without_anything_changes_nothing():
    pictures = torch.rand(2, 3, 9, 14)
    grid = random_grid((2, 9, 14))
    assert (sample(pictures, grid) - pictures).abs().max() < 1e-5
    assert torch.equal(sample(pictures, grid, nearest=True), pictures)


def test_displacements_at_the_knots_have_the_deviation_in_pixels_both_ways():
    torch.manual_seed(0)
    shape = (4000, 21, 41)
    moved = (random_grid(shape, deviation=10) - random_grid((1, 21, 41))) * torch.tensor([41 / 2, 21 / 2])
    corners = moved[:, ::10, ::20].reshape(-1, 2)
    assert corners.std(dim=0).numpy() == pytest.approx([10, 10], rel=0.02)
    assert corners.mean(dim=0).abs().max() < 0.2


def test_between_the_knots_the_field_is_smooth():
    torch.manual_seed(1)
    moved = random_grid((5, 100, 100), deviation=10) - random_grid((1, 100, 100))
    assert (moved[:, 1:] - moved[:, :-1]).abs().max() < 0.02


def test_turning_keeps_distances_in_pixels_also_of_pictures_that_are_not_square():
    torch.manual_seed(0)
    place = random_grid((40, 20, 40), rotation=180, translation=0.3, flip=True) * torch.tensor([20.0, 10.0])
    for step in (place[:, 1:] - place[:, :-1], place[:, :, 1:] - place[:, :, :-1]):
        assert (step.norm(dim=-1) - 1).abs().max() < 1e-4
    angles = torch.atan2(*(place[:, 0, 1] - place[:, 0, 0]).T)
    assert angles.std() > 1


def test_labels_keep_their_values_and_move_as_the_picture_does():
    torch.manual_seed(3)
    label = torch.zeros(4, 1, 64, 64)
    label[:, :, 20:40, 25:50] = 7
    grid = random_grid((4, 64, 64), rotation=30, translation=0.1, deviation=3, flip=True)
    moved, soft = sample(label, grid, nearest=True), sample(label, grid)
    assert set(moved.unique().tolist()) == {0, 7}
    assert not torch.equal(moved, label)
    assert ((moved > 3.5) != (soft > 3.5)).float().mean() < 0.02


def test_the_same_seed_gives_the_same_grid_and_another_another():
    def grid(seed):
        torch.manual_seed(seed)
        return random_grid((2, 8, 8), rotation=10, translation=0.1, deviation=2, flip=True)

    assert torch.equal(grid(0), grid(0))
    assert not torch.equal(grid(0), grid(1))


def test_grey_values_are_stretched_about_their_mean_and_shifted_within_bounds():
    torch.manual_seed(0)
    pictures = torch.rand(500, 1, 6, 6)
    found = random_grey(pictures, 0.2, 0.1)
    shift = (found.mean(dim=(1, 2, 3)) - pictures.mean(dim=(1, 2, 3))).abs()
    factor = found.std(dim=(1, 2, 3)) / pictures.std(dim=(1, 2, 3))
    assert 0.09 < shift.max() <= 0.1 + 1e-6
    assert 0.8 - 1e-5 < factor.min() < 0.82
    assert 1.18 < factor.max() < 1.2 + 1e-5
    assert torch.equal(random_grey(pictures, 0, 0), (pictures - (m := pictures.mean(dim=(1, 2, 3), keepdim=True))) + m)
