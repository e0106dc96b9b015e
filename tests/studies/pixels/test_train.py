"""Digits are made binary once, chains are counted, and everything a network is asked is as it must be."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.studies import made_up
from torch import nn

from reprise.data import digits
from reprise.evaluation import evaluate_study
from reprise.models.pixels import PixelNetwork
from reprise.runs import Probed, Run
from reprise.stages.probe import probe
from reprise.studies.pixels.probe import gradients, longest_chain, nearest
from reprise.studies.pixels.train import binary, data, shrunk


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """A workspace at scale smoke with everything but the evaluation done."""
    return made_up.asked(tmp_path_factory.mktemp("pixels"), "pixels")


def test_every_seed_and_variant_learns_the_same_binary_digits(asked):
    first = data(asked, asked.settings("cnn"), 0)
    other = data(asked, asked.settings("diagonal"), 1)
    for name, arrays in first.parts.items():
        assert set(np.unique(arrays["image"])) == {0, 1}
        np.testing.assert_array_equal(arrays["image"], other.parts[name]["image"])
    whole = digits.load(asked.prepared("digits"))
    grey = shrunk(whole.test_images, 14)
    assert first.test["image"].shape == grey.shape
    assert first.test["image"].mean() == pytest.approx(grey.mean(), abs=0.01)
    assert first.test["image"][grey > 0.9].mean() > 0.9


def test_means_of_squares_and_draws_by_their_chance():
    images = np.zeros((2, 28, 28, 1), np.uint8)
    images[0, :2, :2, 0] = [[255, 0], [255, 0]]
    small = shrunk(images, 14)
    assert small.shape == (2, 14, 14, 1)
    assert small[0, 0, 0, 0] == 0.5
    assert small.sum() == 0.5
    np.testing.assert_array_equal(shrunk(images, 28), images / 255)
    sure = np.array([0.0, 1.0] * 50)
    np.testing.assert_array_equal(binary(sure, np.random.default_rng(0)), sure)


def test_the_longest_chain_is_counted_along_the_slowest_way():
    x = torch.ones(3, requires_grad=True)
    assert longest_chain(x.sum()) == 2  # the sum, and the leaf's own node
    long = x
    for _ in range(50):
        long = long * 2
    assert longest_chain((long + x).sum()) == 1 + 1 + 50 + 1


def test_chains_of_recurrent_networks_grow_with_the_image_and_those_of_convolutions_do_not():
    def chain(kind, side):
        model = PixelNetwork(kind, width=2, layers=1)
        return longest_chain(-model.log_probability(torch.zeros(1, 1, side, side)).mean())

    assert chain("cnn", 8) == chain("cnn", 16)
    assert chain("row", 16) - chain("row", 8) >= 8
    assert chain("diagonal", 16) - chain("diagonal", 8) >= 2 * 8  # diagonals are as many as both sides


def test_a_network_that_sees_its_own_pixel_or_later_ones_shows_in_the_gradients():
    image, pixels = torch.rand(1, 1, 5, 5), np.arange(25)
    torch.manual_seed(0)
    later, earlier = gradients(PixelNetwork("cnn", width=4), image, pixels)
    assert later == 0
    assert earlier > 0
    assert gradients(PixelNetwork("cnn", width=4, first="B"), image, pixels)[0] > 0

    class Blurred(nn.Module):
        def forward(self, images):
            return nn.functional.avg_pool2d(images, 3, 1, 1)[:, :, None]

    assert gradients(Blurred(), image, pixels)[0] > 0


def test_completions_keep_what_is_given_and_the_nearest_image_is_the_nearest(asked):
    settings = asked.config.probe
    truth, completed, near, samples = Probed.of(asked, "row").arrays("truth", "completed", "nearest", "samples")
    assert completed.shape[:3] == (2, settings.completed, settings.times)
    np.testing.assert_array_equal(
        completed[:, :, :, :7], np.broadcast_to(truth[:, :, None, :7], completed[:, :, :, :7].shape)
    )
    assert set(np.unique(samples)) <= {0, 1}
    train = data(asked, asked.settings("row"), 0).train["image"]
    for image, found in zip(truth[0], near[0], strict=True):
        apart = np.abs(train[:, :7].astype(int) - image[:7]).sum(axis=(1, 2, 3))
        assert np.abs(found[:7].astype(int) - image[:7]).sum() == apart.min()
    assert nearest(truth[0], truth[0], 7).tolist() == [0, 1]


def test_asking_twice_gives_the_same_bytes(asked):
    before = (asked.probe("diagonal") / "answers.npz").read_bytes()
    probe(asked, "diagonal")
    assert (asked.probe("diagonal") / "answers.npz").read_bytes() == before


def test_the_study_answers_its_claims_at_any_size_and_again_with_the_same_bytes(asked):
    evidence = evaluate_study(asked)
    assert {finding.claim for finding in evidence.findings} == {95, 96, 97, 98}
    assert made_up.verdicts(evidence, 95) == ["reproduced"] * 2
    assert made_up.verdicts(evidence, 97) == ["reproduced"]
    assert made_up.verdicts(evidence, 96, "oracle") == ["reproduced"] * 2
    assert made_up.verdicts(evidence, 98, "oracle") == ["reproduced"] * 3
    first = {path.name: path.read_bytes() for path in asked.evidence.rglob("*.*")}
    assert len(first) == 4
    evaluate_study(asked)
    assert {path.name: path.read_bytes() for path in asked.evidence.rglob("*.*")} == first


def test_nats_are_those_of_the_test_images(asked):
    (nats,) = Run.of(asked, "cnn").arrays("test/nats")
    assert nats.shape == (2, asked.params.dataset("digits").test)
    assert (nats > 0).all()
    assert nats.mean() < 2 * np.log(2) * 14 * 14  # not far worse than fair coins after an epoch
