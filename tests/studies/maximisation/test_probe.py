"""Networks are asked with the source's starts, and the border is all that the border's answers change."""

from __future__ import annotations

import numpy as np
import torch
from tests.studies import made_up

from reprise.inside.maximise import maximise
from reprise.networks import load_networks
from reprise.studies.maximisation.probe import probe, starts


def test_the_first_starts_are_the_source_s_and_noise_is_the_same_for_all():
    first = starts(5)
    assert first.shape == (8, 1, 28, 28)
    assert [first[i].unique().tolist() for i in range(3)] == [[1.0], [0.5], [0.0]]
    assert torch.equal(first[3:], starts(5)[3:])
    assert 0 <= first[3:].min() < first[3:].max() < 1


def test_a_trained_network_is_asked_for_every_class_and_start(tmp_path):
    space = made_up.workspace("maximisation", tmp_path, 1)
    made_up.train(space, "network")
    network = next(load_networks(space, "network"))
    found = probe(network, space)
    settings = space.config.probe
    count = 3 + settings.random_starts
    assert found["images"].shape == (10, count, 28, 28)
    assert found["long"].shape == (10, 4, settings.long + 1)
    assert all(np.isfinite(array).all() for array in found.values())
    assert found["untrained"].shape == (settings.random_starts, 28, 28)
    assert np.abs(found["untrained"] - found["images"][1, 3:]).max() > 0.01
    alone = maximise(network.model, torch.tensor([7]), starts(settings.random_starts)[4:5], settings.steps)
    np.testing.assert_allclose(found["images"][7, 4], alone.images[0, 0].numpy(), atol=1e-5)
    np.testing.assert_allclose(found["losses"][7, 4], alone.losses[:, 0].numpy(), atol=1e-5)
    image = torch.from_numpy(found["images"][7, 4])[None, None].clone()
    image[..., [0, -1], :] = image[..., :, [0, -1]] = 0
    np.testing.assert_allclose(found["bordered"][7, 4], network.model(image)[0].detach().numpy(), atol=1e-4)
