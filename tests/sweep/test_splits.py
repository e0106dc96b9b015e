"""Networks with a split a seed: their batches, their own test images, and rates of which some diverge."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.conftest import ROOT
from torch import nn

from reprise.data.handwritten import handwritten
from reprise.models.first import usual
from reprise.sweep import Network
from reprise.sweep.splits import accuracies, by_rate, parted, split
from reprise.sweep.stacked import train_stacked
from reprise.workspace import Workspace

IMAGES = handwritten(Workspace("normed", ROOT))


def build() -> nn.Module:
    return nn.Sequential(nn.Linear(64, 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Linear(12, 10))


def test_splits_share_no_image_and_few_are_the_first_of_many():
    train, test = split(4, 100, 60, 200)
    few, same = split(4, 30, 60, 200)
    assert not set(train) & set(test)
    assert np.array_equal(test, same)
    assert np.array_equal(few, train[:30])
    assert not np.array_equal(test, split(5, 100, 60, 200)[1])
    with pytest.raises(ValueError, match="100 training and 101 test images are asked for, 200 are there"):
        split(4, 100, 101, 200)


def test_labels_are_wrong_in_training_alone():
    clean, noisy = parted(IMAGES, 2, 900, 300), parted(IMAGES, 2, 900, 300, 0.2)
    assert np.array_equal(clean.train, noisy.train)
    assert np.array_equal(clean.taught, clean.labels)
    assert np.array_equal(noisy.labels, clean.labels)
    assert 0.15 < (noisy.taught != noisy.labels).mean() < 0.21


def test_a_seed_learns_its_own_images_and_all_of_them():
    parts = parted(IMAGES, 3, 96, 50)
    work = parts.work(build, 16, 6)
    for seed in range(3):
        assert sorted(work.order(seed, 0).ravel()) == sorted(parts.train[seed])
        assert not np.array_equal(work.order(seed, 0), work.order(seed, 1))


@pytest.mark.parametrize("part", ["train", "test"])
def test_accuracies_are_those_of_each_network_alone(part):
    parts = parted(IMAGES, 2, 200, 250, 0.3)
    networks = [Network("sgd", rate, seed) for rate in (0.1, 0.5) for seed in (1, 0)]
    _, stack = train_stacked(parts.work(build, 16, 30), networks)
    found = accuracies(stack, parts, part)
    truth = parts.taught if part == "train" else parts.labels
    for place, network in enumerate(networks):
        model = build()
        weights = {name: each[place] for name, each in (stack.parameters | stack.buffers).items()}
        model.load_state_dict(weights)
        index = getattr(parts, part)[network.seed]
        with torch.no_grad():
            answers = model.eval()(torch.from_numpy(parts.inputs[index])).argmax(dim=1).numpy()
        assert found[place] == pytest.approx((answers == truth[index]).mean(), abs=0.005)


def test_a_rate_that_diverges_has_neither_loss_nor_accuracy_and_spoils_no_other():
    parts = parted(IMAGES, 2, 200, 100)
    plain = lambda: nn.Sequential(nn.Linear(64, 8), nn.ReLU(), nn.Linear(8, 10))  # noqa: E731
    found = by_rate(plain, parts, [0.1, 1e20], 16, 20)
    gone = found["learning_rate"] > 1
    assert (found["diverged"] > 0).tolist() == gone.tolist() == [False, False, True, True]
    assert np.isnan(found["loss"]).tolist() == np.isnan(found["test_accuracy"]).tolist() == gone.tolist()
    alone = by_rate(plain, parts, [0.1], 16, 20)
    assert found["test_accuracy"][~gone] == pytest.approx(alone["test_accuracy"])
    assert np.isnan(by_rate(plain, parts, [1e20], 16, 20)["test_accuracy"]).all()


@pytest.mark.parametrize(("activation", "variance"), [("sigmoid", 2 / 700), ("tanh", 2 / 700), ("rectifier", 2 / 500)])
def test_usual_weights_have_the_published_variance(activation, variance):
    torch.manual_seed(0)
    (layer,) = usual(nn.Sequential(nn.Linear(500, 200)), activation)
    assert float(layer.weight.detach().var()) == pytest.approx(variance, rel=0.05)
    assert not layer.bias.detach().any()
