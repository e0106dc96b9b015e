"""Deletion curves begin whole and end empty, and are what a plain loop over pixels gives."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.inside.made_up import network, pictures, waves

from reprise.inside.deletion import area, deletion_curve, insertion_curve, random_maps, ranks
from reprise.inside.gradients import class_logit

SCORE = class_logit(network(), torch.tensor([1, 2]))
MAPS = waves(2, 6, 5, pace=2.3)


def slow(images, maps, fill, steps):
    curves = []
    for image, values in zip(images, maps, strict=True):
        order = sorted(range(values.numel()), key=lambda i: -values.flatten()[i].item())
        rows = []
        for step in range(steps + 1):
            left = image.clone()
            for i in order[: round(step * values.numel() / steps)]:
                left[:, i // values.shape[1], i % values.shape[1]] = fill
            rows.append(left)
        curves.append(torch.stack(rows))
    answers = [class_logit(network(), torch.tensor([label]))(c) for label, c in zip((1, 2), curves, strict=True)]
    return torch.stack(answers).detach()


@settings(max_examples=15)
@given(st.integers(1, 30), st.floats(0, 1))
def test_it_is_what_a_loop_over_pixels_gives(steps, fill):
    found = deletion_curve(SCORE, pictures(), MAPS, fill, steps)
    torch.testing.assert_close(found, slow(pictures(), MAPS, fill, steps))


def test_it_begins_whole_and_ends_empty_and_insertion_goes_the_other_way():
    images = pictures()
    curve = deletion_curve(SCORE, images, MAPS, 0.5, 7)
    torch.testing.assert_close(curve[:, 0], SCORE(images).detach())
    torch.testing.assert_close(curve[:, -1], SCORE(torch.full_like(images, 0.5)).detach())
    back = insertion_curve(SCORE, images, -MAPS, 0.5, 7)  # the least salient last out are the first in
    assert back[:, 0].tolist() == curve[:, -1].tolist()
    assert back[:, -1].tolist() == curve[:, 0].tolist()


def test_the_order_is_the_maps_and_ties_go_in_reading_order():
    assert ranks(torch.tensor([[[3.0, 1.0], [3.0, 9.0]]])).tolist() == [[[1, 3], [2, 0]]]
    assert ranks(torch.zeros(1, 2, 2)).flatten().tolist() == [0, 1, 2, 3]


def test_the_area_of_a_straight_fall_is_a_half():
    assert area(torch.linspace(1, 0, 9)[None]).item() == pytest.approx(0.5)
    assert area(torch.ones(2, 4)).tolist() == [1.0, 1.0]


def test_chance_repeats_with_its_seed():
    assert torch.equal(random_maps((2, 3, 4), 1), random_maps((2, 3, 4), 1))
    assert not torch.equal(random_maps((2, 3, 4), 1), random_maps((2, 3, 4), 2))


def test_maps_of_another_size_and_maps_that_say_nothing_are_refused():
    with pytest.raises(ValueError, match="maps have shape"):
        deletion_curve(SCORE, pictures(), MAPS[:, :5], 0.0)
    with pytest.raises(ValueError, match="not finite"):
        deletion_curve(SCORE, pictures(), MAPS.log(), 0.0)
