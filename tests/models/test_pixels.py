"""Images' probabilities sum to one, no pixel sees a later one, and drawing from what is kept draws the same."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from scipy import stats

from reprise.models.pixels import PixelNetwork, picked
from reprise.tasks.density import bits_per_dimension

KINDS = ("cnn", "row", "diagonal")


def network(kind, **settings):
    torch.manual_seed(1)
    net = PixelNetwork(kind, width=settings.pop("width", 6), **settings).double()
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, std=0.4)
    return net.eval()


def every_binary(side=3):
    images = list(itertools.product((0, 1), repeat=side * side))
    return torch.tensor(images).reshape(-1, 1, side, side)


@pytest.mark.parametrize("kind", KINDS)
def test_the_probabilities_of_all_512_binary_images_sum_to_one(kind):
    chances = network(kind).log_probability(every_binary()).exp()
    assert len(chances) == 512
    assert chances.sum().item() == pytest.approx(1, abs=1e-12)
    assert chances.max() > 4 * chances.median()  # not all alike


@pytest.mark.parametrize("kind", KINDS)
def test_images_are_drawn_as_often_as_they_are_probable(kind):
    net, count = network(kind), 40_000
    drawn = net.sample(torch.rand(count, 1, 3, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64))
    numbers = (drawn.flatten(1) * 2 ** torch.arange(8, -1, -1)).sum(dim=1)
    expected = count * net.log_probability(every_binary()).exp().detach().numpy()
    found = np.bincount(numbers.numpy(), minlength=512)
    often = expected >= 5
    cells = [np.append(each[often], each[~often].sum()) for each in (found, expected)]
    assert stats.chisquare(*cells).pvalue > 1e-3


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("colours", "values"), [(1, 2), (3, 4)])
def test_no_later_pixel_and_no_later_colour_has_any_gradient(kind, colours, values):
    net, side = network(kind, colours=colours, values=values), 4
    images = torch.rand(1, colours, side, side, dtype=torch.float64)  # between whole numbers, to have gradients
    images.requires_grad_()
    chances = net(images)
    order = torch.arange(side * side * colours).reshape(side, side, colours).permute(2, 0, 1)
    used = 0
    for colour, i, j in itertools.product(range(colours), range(side), range(side)):
        (gradient,) = torch.autograd.grad(chances[0, colour, 0, i, j], images, retain_graph=True)
        earlier = order < order[colour, i, j]
        assert (gradient[0][~earlier] == 0).all()
        used += int((gradient[0][earlier] != 0).sum())
    assert used > 0.4 * order.numel() * (order.numel() - 1) / 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_first_mask_that_keeps_the_pixel_leaks_it(kind):
    net = network(kind, first="B")
    images = torch.rand(1, 1, 4, 4, dtype=torch.float64).requires_grad_()
    (gradient,) = torch.autograd.grad(net(images)[0, 0, 0, 2, 1], images)
    assert gradient[0, 0, 2, 1].abs() > 1e-6
    assert abs(net.log_probability(every_binary()).exp().sum() - 1) > 1e-3  # no probabilities any more


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("colours", "values"), [(1, 2), (3, 256)])
def test_what_is_drawn_from_what_is_kept_is_what_whole_passes_draw(kind, colours, values):
    net = network(kind, colours=colours, values=values)
    draws = torch.rand(4, colours, 6, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    drawn = net.sample(draws)
    assert torch.equal(drawn, net.sample_by_whole_passes(draws))
    assert len(drawn.unique()) > 1
    assert 0 <= drawn.min() <= drawn.max() < values


@pytest.mark.parametrize("kind", KINDS)
def test_given_rows_stay_and_the_rest_follows_from_them(kind):
    net = network(kind)
    known = torch.randint(0, 2, (3, 1, 5, 4), generator=torch.Generator().manual_seed(0))
    draws = torch.rand(3, 1, 5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    completed = net.sample(draws, known, given=2)
    assert torch.equal(completed[:, :, :2], known[:, :, :2])
    again = net.sample(draws, completed, given=4)  # the last row alone is drawn again, from the same draws
    assert torch.equal(again, completed)
    assert torch.equal(net.sample(draws, known, given=5), known)
    with pytest.raises(ValueError, match="given=2: no image"):
        net.sample(draws, given=2)


def test_three_colours_of_two_values_on_one_pixel_sum_to_one_too():
    net = network("cnn", colours=3)
    images = torch.tensor(list(itertools.product((0, 1), repeat=6))).reshape(-1, 3, 1, 2)
    assert net.log_probability(images).exp().sum().item() == pytest.approx(1, abs=1e-12)


def test_values_are_picked_by_the_inverse_of_their_distribution():
    chances = torch.tensor([[0.2, 0.5, 0.3]] * 5).log()
    assert picked(chances, torch.tensor([0.0, 0.199, 0.21, 0.69, 0.9999999])).tolist() == [0, 0, 1, 1, 2]
    short = torch.tensor([[0.5, 0.4999]]).log()
    assert picked(short, torch.tensor([0.99999])).tolist() == [1]


def test_a_pixel_of_one_value_is_refused_and_untrained_pixels_cost_about_a_bit_each():
    with pytest.raises(ValueError, match="values=1"):
        PixelNetwork("cnn", values=1)
    assert bits_per_dimension(math.log(2) * 12, (2, 2, 3)) == pytest.approx(1)
