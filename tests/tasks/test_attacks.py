"""Attacks do what their formulas say: closed forms, bounds, an independent implementation's values, exact pasting."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from reprise.tasks.attacks import (
    Spots,
    gradient_sign,
    iterated,
    random_signs,
    random_spots,
    stick,
    trained_sticker,
)


def linear(seed=0, pixels=16, classes=4):
    """A linear network and its weights (classes, pixels), float64."""
    torch.manual_seed(seed)
    layer = nn.Linear(pixels, classes).double()
    return nn.Sequential(nn.Flatten(), layer), layer.weight.detach().numpy()


def pictures(count=5, seed=1, side=4):
    return torch.rand(count, 1, side, side, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def small_convnet():
    """Fixed weights from NumPy, so that another program can build the same."""
    rng = np.random.default_rng(7)
    net = nn.Sequential(nn.Conv2d(1, 3, 3), nn.Tanh(), nn.Flatten(), nn.Linear(48, 4)).double()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.copy_(torch.from_numpy(rng.normal(0, 0.7, parameter.shape)))
    images = torch.from_numpy(rng.random((3, 1, 6, 6)))
    return net, images, torch.tensor([0, 1, 3])


def test_one_step_on_a_linear_network_is_the_sign_of_its_closed_gradient():
    net, weights = linear()
    images, labels = pictures(), torch.tensor([0, 1, 2, 3, 0])
    chances = net(images).softmax(dim=1).detach().numpy()
    gradient = (chances - np.eye(4)[labels]) @ weights
    expected = np.clip(images.numpy().reshape(5, -1) + 0.1 * np.sign(gradient), 0, 1)
    np.testing.assert_allclose(gradient_sign(net, images, labels, 0.1).numpy().reshape(5, -1), expected, atol=1e-15)


def test_a_linear_network_of_two_classes_is_moved_by_the_size_times_the_weights_absolute_sum():
    net, weights = linear(classes=2)
    images = 0.5 * torch.ones(1, 1, 4, 4, dtype=torch.float64)  # far from both ends: nothing is cut off
    changed = gradient_sign(net, images, torch.tensor([0]), 0.2)
    margin = [(net(x)[0, 0] - net(x)[0, 1]).item() for x in (images, changed)]
    assert margin[0] - margin[1] == pytest.approx(0.2 * np.abs(weights[0] - weights[1]).sum())


PINNED = {  # torchattacks 3.5.1 in float64: each image's sum of changes, and that sum weighted by the pixel's number
    "step": (
        (-0.9530383401956989, -0.03598766752734919, 0.5643614214823003),
        (-20.3096088267556, -2.9794635166184618, 12.50584809473406),
    ),
    "iterated": (
        (-0.8230383401956989, -0.1659876675273492, 0.4343614214823003),
        (-19.959608826755595, -4.149463516618462, 11.98584809473406),
    ),
    "targeted": (
        (-0.027546572351002996, 0.4155376146472842, 0.39347853838794433),
        (0.1960562571189115, 12.888722837398591, 4.775996400918228),
    ),
}


@pytest.mark.parametrize("kind", list(PINNED))
def test_torchattacks_changes_the_same_pixels_by_as_much(kind):
    """Its FGSM(eps=0.1) and BIM(eps=0.1, alpha=0.03, steps=5), the last towards the class after the right one."""
    net, images, labels = small_convnet()
    if kind == "step":
        changed = gradient_sign(net, images, labels, 0.1)
    else:
        towards = kind == "targeted"
        changed = iterated(net, images, (labels + towards) % 4, 0.1, 0.03, 5, towards)
    moved = (changed - images).numpy().reshape(3, -1)
    np.testing.assert_allclose(moved.sum(axis=1), PINNED[kind][0], atol=1e-12)
    np.testing.assert_allclose(moved @ np.arange(36), PINNED[kind][1], atol=1e-11)


@given(
    size=st.floats(0, 1),
    step=st.floats(0, 0.5),
    steps=st.integers(1, 5),
    seed=st.integers(0, 99),
    towards=st.booleans(),
)
def test_no_change_leaves_its_bounds(size, step, steps, seed, towards):
    net, _ = linear(seed)
    images = pictures(3, seed)
    changed = iterated(net, images, torch.tensor([0, 1, 2]), size, step, steps, towards)
    assert (changed - images).abs().max() <= size + 1e-12
    assert changed.min() >= 0
    assert changed.max() <= 1


def test_size_zero_changes_nothing_and_weights_get_no_gradient():
    net, _ = linear()
    images = pictures()
    assert torch.equal(gradient_sign(net, images, torch.zeros(5).long(), 0.0), images)
    assert all(parameter.grad is None for parameter in net.parameters())
    assert not images.requires_grad


def test_steps_away_raise_the_loss_of_the_label_and_steps_towards_lower_it():
    net, images, labels = small_convnet()
    before = nn.functional.cross_entropy(net(images), labels)
    away = iterated(net, images, labels, 0.1, 0.02, 10)
    towards = iterated(net, images, labels, 0.1, 0.02, 10, towards=True)
    assert nn.functional.cross_entropy(net(away), labels) > before > nn.functional.cross_entropy(net(towards), labels)
    once = gradient_sign(net, images, labels, 0.1)
    assert nn.functional.cross_entropy(net(away), labels) >= nn.functional.cross_entropy(net(once), labels)


def test_an_image_is_changed_the_same_alone_and_in_a_batch():
    net, images, labels = small_convnet()
    together = iterated(net, images, labels, 0.1, 0.03, 4)
    alone = torch.cat([iterated(net, images[i : i + 1], labels[i : i + 1], 0.1, 0.03, 4) for i in range(3)])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("size", "step", "steps"), [(-0.1, 0.1, 1), (0.1, -0.1, 1), (0.1, 0.1, 0)])
def test_impossible_steps_are_refused(size, step, steps):
    net, _ = linear()
    with pytest.raises(ValueError, match="a step at least"):
        iterated(net, pictures(), torch.zeros(5).long(), size, step, steps)


def test_random_signs_have_the_norm_of_a_gradient_sign_and_one_draw_for_all_sizes():
    images = torch.full((4, 1, 8, 8), 0.5)
    one, two = random_signs(images, 0.1, 3) - images, random_signs(images, 0.2, 3) - images
    torch.testing.assert_close(one.abs(), torch.full_like(one, 0.1))
    torch.testing.assert_close(2 * one, two)
    assert 0.3 < (one > 0).float().mean() < 0.7
    assert not torch.equal(random_signs(images, 0.1, 4) - images, one)
    assert random_signs(images, 2.0, 3).unique().tolist() == [0.0, 1.0]


@pytest.mark.parametrize("size", [1, 2, 5, 8])
def test_an_unturned_sticker_is_there_pixel_for_pixel_and_the_rest_untouched(size):
    torch.manual_seed(0)
    images, sticker = torch.rand(6, 3, 8, 8, dtype=torch.float64), torch.rand(3, size, size, dtype=torch.float64)
    spots = random_spots(6, size, 8, 0.0, seed=2)
    pasted = stick(images, sticker, spots)
    for image, before, centre in zip(pasted, images, spots.centres, strict=True):
        x, y = (centre - (size - 1) / 2).round().int().tolist()
        torch.testing.assert_close(image[:, y : y + size, x : x + size], sticker, rtol=0, atol=1e-12)
        outside = torch.ones(8, 8, dtype=bool)
        outside[y : y + size, x : x + size] = False
        assert torch.equal(image[:, outside], before[:, outside])


def test_a_quarter_turn_turns_the_sticker():
    sticker = torch.arange(9.0, dtype=torch.float64).reshape(1, 3, 3)
    spots = Spots(torch.tensor([[3.0, 3.0]]), torch.tensor([math.pi / 2], dtype=torch.float64))
    pasted = stick(torch.zeros(1, 1, 7, 7, dtype=torch.float64), sticker, spots)[0, 0, 2:5, 2:5]
    turned = [torch.rot90(sticker[0], k) for k in (1, 3)]
    assert any(torch.allclose(pasted, each, atol=1e-9) for each in turned)


def test_places_cover_the_image_and_a_sticker_larger_than_it_is_refused():
    spots = random_spots(500, 3, 6, 0.2, seed=0)
    assert sorted(spots.centres[:, 0].unique().tolist()) == [1.0, 2.0, 3.0, 4.0]
    assert spots.turns.abs().max() <= 0.2
    for size in (0, 7):
        with pytest.raises(ValueError, match=f"size={size}"):
            random_spots(2, size, 6, 0.0, seed=0)


def test_a_trained_sticker_finds_what_a_linear_network_looks_for():
    def network(images):
        """Class 1 is the brightness of red, wherever it is."""
        red = images[:, 0].sum(dim=(1, 2)) - images[:, 1].sum(dim=(1, 2))
        return torch.stack([torch.zeros_like(red), red], dim=1)

    images = torch.full((10, 2, 8, 8), 0.5)
    sticker = trained_sticker(network, images, 1, 3, 40, 4, 0.05, 0.3, seed=0)
    assert sticker.shape == (2, 3, 3)
    assert (sticker[0] == 1).all()
    assert (sticker[1] == 0).all()
    again = trained_sticker(network, images, 1, 3, 40, 4, 0.05, 0.3, seed=0)
    assert torch.equal(sticker, again)
