"""Operations counted by hand are those that torch counts while it trains the same networks."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

from reprise.models.autoencoder import CodeClassifier
from reprise.studies.encoder.counting import count


def multiply_adds(network, asked):
    """Of a step of training on one image: two operations of floating point each."""
    with FlopCounterMode(display=False) as counter:
        F.cross_entropy(asked(network), torch.zeros(1, dtype=torch.long)).backward()
    return counter.get_total_flops() // 2


@pytest.mark.parametrize(("code", "channels", "size", "width"), [(32, 1, 28, 16), (8, 3, 32, 8), (2, 1, 28, 2)])
def test_a_step_costs_what_torch_counts(code, channels, size, width):
    counted = count(code, channels, size, width)
    sizes = {"code": code, "channels": channels, "size": size, "width": width}
    images, codes = torch.rand(1, channels, size, size), torch.rand(1, code)
    assert multiply_adds(CodeClassifier(**sizes), lambda network: network(images)) == counted.from_pixels
    head = lambda network: network.output(F.relu(network.hidden(codes)))  # noqa: E731
    assert multiply_adds(CodeClassifier(**sizes), head) == counted.on_codes
    frozen = lambda network: network(images)  # noqa: E731
    assert multiply_adds(CodeClassifier(**sizes, frozen=True), frozen) == counted.encode + counted.on_codes


def test_codes_cost_once_again_or_nothing():
    counted = count(32, 1, 28, 16)
    assert counted.codes(3) == counted.encode + counted.codes_given(3)
    assert counted.codes_again(3) == 3 * counted.encode + counted.codes_given(3)
    assert counted.codes_again(1) == counted.codes(1)
    assert counted.codes_again(0.5) == counted.codes(0.5)  # half an epoch sees half of the images
    assert counted.pixels(2) == pytest.approx(2 * counted.from_pixels)
    assert np.log(counted.pixels(2) / counted.codes(2)) > 0
