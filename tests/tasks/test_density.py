"""Nats are those of the network, whatever the batch; fair coins cost a bit each."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from reprise.models.pixels import PixelNetwork
from reprise.networks import predict
from reprise.studies.pixels.settings import PixelSettings
from reprise.tasks.density import Density, bits_per_dimension


def made(values=2, zero=False):
    torch.manual_seed(0)
    model = PixelNetwork("cnn", values=values, width=4)
    if zero:
        torch.nn.init.zeros_(model.out2.weight)
    settings = PixelSettings(kind="cnn", width=4, layers=2, epochs=1, batch_size=4, learning_rate=1e-3)
    return Density(model, settings, 0)


def images(count=7, values=2, side=5):
    pictures = np.random.default_rng(0).integers(0, values, (count, side, side, 1), dtype=np.uint8)
    return {"image": pictures, "index": np.arange(count)}


def test_predictions_are_the_networks_own_and_the_loss_is_their_mean():
    task, arrays = made(), images()
    nats = predict(task, arrays, "cpu", 3)["nats"]
    own = -task.model.log_probability(torch.from_numpy(arrays["image"]).permute(0, 3, 1, 2)).detach().numpy()
    np.testing.assert_allclose(nats, own, rtol=1e-5)
    batch = {name: torch.from_numpy(array) for name, array in arrays.items()}
    assert task.loss(batch).item() == pytest.approx(nats.mean(), rel=1e-5)
    total, count = task.validate(batch)["val_loss"]
    assert total.item() / count == pytest.approx(nats.mean(), rel=1e-5)


@pytest.mark.parametrize("values", [2, 256])
def test_a_network_that_knows_nothing_costs_the_logarithm_of_the_values_a_pixel(values):
    nats = predict(made(values, zero=True), images(values=values), "cpu", 8)["nats"]
    np.testing.assert_allclose(nats, 25 * math.log(values), rtol=1e-5)
    assert bits_per_dimension(float(nats[0]), (5, 5, 1)) == pytest.approx(math.log2(values), rel=1e-5)
