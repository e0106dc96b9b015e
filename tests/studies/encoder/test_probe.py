"""What an encoder is asked, with a real network of scale smoke that has learned little."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.studies import made_up

from reprise.data import digits, letters
from reprise.networks import load_networks
from reprise.stages.train import train
from reprise.studies.encoder.probe import decode, encode, probe


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    space = made_up.workspace("encoder", tmp_path_factory.mktemp("encoder"), 1, "encoder.seeds=2")
    for name, made in (("digits", digits), ("letters", letters)):
        made.make(space.params.dataset(name), "generated", space.raw("mnist"), space.prepared(name))
    for variant in ("code_8", "labels_01", "code_32", "from_code"):
        train(space, variant)
    return space


def test_an_encoder_of_digits_is_asked_everything(space):
    settings = space.config.probe
    found = probe(next(load_networks(space, "code_8")), space)
    strengths = len(settings.strengths) + 1
    assert found["linear"].shape == (60,)
    assert found["moved/kept"].shape == found["moved/far"].shape == (strengths, settings.images)
    assert found["moved/pictures"].shape == (6, strengths + 1, 28, 28)
    assert found["letters/code"].shape == found["letters/pixels"].shape == (len(settings.shots), settings.draws)
    assert found["moved/far"][0] == pytest.approx(found["moved/noise"][0], abs=1e-5)  # nothing moved, no noise
    again = probe(next(load_networks(space, "code_8")), space)
    assert all(np.array_equal(found[name], again[name]) for name in found)


def test_a_code_that_knows_labels_and_a_classifier_are_asked_less(space):
    assert set(probe(next(load_networks(space, "labels_01")), space)) == {"linear"}
    found = probe(next(load_networks(space, "from_code")), space)
    assert set(found) == {"known"}
    assert 0 <= found["known"][0] <= 1


def test_decoding_a_code_is_what_the_network_does_in_one_pass(space):
    network = next(load_networks(space, "code_8"))
    images = digits.load(space.prepared("digits")).test_images[:9]
    decoded = decode(network, encode(network, images))
    whole = network.model(torch.from_numpy(images.transpose(0, 3, 1, 2) / 255).float())[1]
    assert decoded == pytest.approx(whole.detach().clamp(0, 1).numpy().transpose(0, 2, 3, 1), abs=1e-5)


def test_the_classifier_on_codes_keeps_the_encoder_it_started_from(space):
    for encoder, classifier in zip(load_networks(space, "code_32"), load_networks(space, "from_code"), strict=True):
        one, other = encoder.model.encoder.state_dict(), classifier.model.encoder.state_dict()
        assert all(torch.equal(one[name], other[name]) for name in one)
