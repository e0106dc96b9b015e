"""Distortions and attacks are what they say; networks asked twice, or of images as they are, answer the same."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.studies import made_up

from reprise.data import cifar
from reprise.networks import load_networks
from reprise.runs import Probed, Run
from reprise.stages.probe import probe
from reprise.studies.confidence import probe as asking
from reprise.studies.confidence.probe import attack, distort
from reprise.studies.confidence.settings import STRENGTHS

ASKED = 12


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A residual network and LeNet-5, three seeds each, trained for two epochs and asked."""
    small = (f"confidence.probe.images={ASKED}", "training.accelerator=cpu")
    space = made_up.workspace("confidence", tmp_path_factory.mktemp("confidence"), 2, *small)
    for variant in ("resnet", "lenet5"):
        made_up.train(space, variant)
        probe(space, variant)
    return space


@pytest.mark.parametrize("kind", ["blur", "jpeg", "noise"])
def test_distortions_grow_with_their_strength(kind):
    images = np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), dtype=np.uint8)
    images[3:] = images[3:] // 8 * 2 + 96
    views = distort(images, kind)
    assert views.shape == (len(STRENGTHS[kind]), *images.shape)
    assert views.dtype == np.uint8
    away = np.square(views.astype(float) - images).mean(axis=(1, 2, 3, 4))
    assert (np.diff(away) > 0).all()
    np.testing.assert_array_equal(views, distort(images, kind))


def test_a_constant_image_survives_blur():
    images = np.full((1, 32, 32, 3), 77, np.uint8)
    np.testing.assert_array_equal(distort(images, "blur"), np.broadcast_to(images, (5, 1, 32, 32, 3)))


def test_answers_are_the_logits_of_every_strength(trained):
    with np.load(trained.probe("resnet") / "answers.npz") as archive:
        shapes = {name: archive[name].shape for name in archive.files}
        assert {archive[name].dtype for name in archive.files} == {np.dtype(np.float32)}
    expected = {f"distorted/{kind}": (made_up.SEEDS, len(s), ASKED, 10) for kind, s in STRENGTHS.items()}
    assert shapes == {"inflated/logits": (made_up.SEEDS, ASKED, 10)} | expected
    assert Probed.of(trained, "resnet").record["settings"] == {"images": ASKED}


@pytest.mark.parametrize("variant", ["resnet", "lenet5"])
def test_asking_twice_gives_the_same_bytes(trained, variant):
    before = {path.name: path.read_bytes() for path in trained.probe(variant).iterdir()}
    assert set(before) == {"answers.npz", "probe.json"}
    probe(trained, variant)
    assert {path.name: path.read_bytes() for path in trained.probe(variant).iterdir()} == before


@pytest.mark.parametrize("variant", ["resnet", "lenet5"])
def test_images_as_they_are_are_answered_as_training_predicted_them_bit_for_bit(trained, variant, monkeypatch):
    monkeypatch.setattr(asking, "INFLATION", 1.0)
    for kind in ("blur", "noise", "fgsm"):
        monkeypatch.setitem(STRENGTHS, kind, (0,))
    (predicted,) = Run.of(trained, variant).arrays("test/logits")
    for seed, network in enumerate(load_networks(trained, variant)):
        found = asking.probe(network, trained)
        np.testing.assert_array_equal(found["inflated/logits"], predicted[seed, :ASKED])
        for kind in ("blur", "noise", "fgsm"):
            np.testing.assert_array_equal(found[f"distorted/{kind}"][0], predicted[seed, :ASKED])


def test_the_last_weights_are_asked_and_the_best_stand_beside_them(trained):
    run = Run.of(trained, "resnet")
    last, best = run.arrays("test/logits", "best/test/logits")
    images = cifar.load(trained.prepared("cifar"))
    test = cifar.as_arrays(images.test_images, images.test_labels, np.arange(len(images.test_labels)))
    for kept, predicted in (("kept", last), ("best", best)):
        for seed, network in enumerate(load_networks(trained, "resnet", kept)):
            np.testing.assert_array_equal(network.predict(test)["logits"], predicted[seed])
    epochs = [len(rows["epoch"]) for rows in run.history]
    stopped_elsewhere = [best + 1 != count for best, count in zip(run.record["best_epoch"], epochs, strict=True)]
    assert [(one != other).any() for one, other in zip(last, best, strict=True)] == stopped_elsewhere


def test_the_rate_falls_where_it_is_told_to(trained):
    settings = trained.settings("resnet")
    shares = [epoch / settings.epochs for epoch in range(settings.epochs)]
    expected = [settings.learning_rate * 0.1 ** sum(s >= d for d in settings.drops) for s in shares]
    for history in Run.of(trained, "resnet").history:
        assert history["learning_rate"] == pytest.approx(expected)


def test_the_attack_moves_every_pixel_by_at_most_its_step_and_raises_the_loss(trained):
    images = cifar.load(trained.prepared("cifar"))
    network = next(load_networks(trained, "lenet5"))
    test = cifar.as_arrays(images.test_images, images.test_labels, np.arange(len(images.test_labels)))
    views = attack(network, test)
    steps = np.abs(views.astype(int) - test["image"]).max(axis=(1, 2, 3, 4))
    assert steps.tolist() == list(STRENGTHS["fgsm"])

    def loss(pictures):
        batch = {"image": torch.from_numpy(pictures), "label": torch.from_numpy(test["label"])}
        with torch.no_grad():
            return float(network.task.loss(batch))

    assert loss(views[0]) > loss(test["image"])
    assert not any(p.requires_grad and p.grad is not None for p in network.model.parameters())
