"""Networks are asked about what was made for them: bounds, controls, the same bytes again."""

from __future__ import annotations

import numpy as np
import torch
from scipy.special import softmax

from reprise.data import cifar
from reprise.networks import load_networks
from reprise.runs import Probed, Run
from reprise.stages.probe import probe
from reprise.studies.adversarial.probe import scaled, side_of
from reprise.studies.adversarial.settings import KINDS, SIZES, STICKERS
from reprise.studies.adversarial.train import build


def test_asking_twice_gives_the_same_bytes(asked):
    before = (asked.probe("maxout") / "answers.npz").read_bytes()
    probe(asked, "maxout")
    assert (asked.probe("maxout") / "answers.npz").read_bytes() == before


def test_unchanged_images_are_answered_as_training_predicted_them(asked):
    for variant in asked.config.variants:
        (clean,) = Probed.of(asked, variant).arrays("clean")
        (predicted,) = Run.of(asked, variant).arrays("test/logits")
        np.testing.assert_allclose(clean, predicted[:, : clean.shape[1]], atol=1e-5)


def test_a_linear_networks_step_is_the_sign_of_its_closed_gradient(asked):
    """The logits of the step, from the weights alone, by NumPy."""
    pictures = cifar.load(asked.prepared("digits"))
    count = asked.config.probe.images
    images = pictures.test_images[:count].reshape(count, -1) / 255
    truth = np.eye(10)[pictures.test_labels[:count]]
    (step,) = Probed.of(asked, "softmax").arrays("step")
    for seed, network in enumerate(load_networks(asked, "softmax")):
        weight, bias = (network.model[1].state_dict()[name].double().numpy() for name in ("weight", "bias"))
        gradient = (softmax(images @ weight.T + bias, axis=1) - truth) @ weight
        for place, size in enumerate(SIZES["digits"]):
            changed = np.clip(images + size * np.sign(gradient), 0, 1)
            np.testing.assert_allclose(step[seed, place], changed @ weight.T + bias, atol=1e-4)


def test_the_first_seeds_own_transfer_is_its_iterated_change_and_anothers_is_not(asked):
    transfer, iterated = Probed.of(asked, "maxout").arrays("transfer", "iterated")
    np.testing.assert_array_equal(transfer[0], iterated[0])
    assert (transfer[1] != iterated[1]).any()


def test_every_kind_and_size_is_asked_and_the_loss_of_iterated_steps_is_the_largest(asked):
    probed = Probed.of(asked, "digitnet")
    labels = probed.arrays("label")[0][0]
    losses = {}
    for kind in KINDS:
        (logits,) = probed.arrays(kind)
        assert logits.shape == (2, len(SIZES["digits"]), asked.config.probe.images, 10)
        chances = softmax(logits[:, -1].astype(float), axis=2)
        losses[kind] = -np.log(chances[:, np.arange(len(labels)), labels]).mean()
    assert max(losses, key=losses.get) in ("iterated", "step")
    assert losses["noise"] < losses["step"]


def test_shown_pictures_are_changed_by_no_more_than_the_size_in_the_middle(asked):
    for variant, most in (("digitnet", SIZES["digits"][3]), ("minivgg", SIZES["cifar"][2])):
        probed = Probed.of(asked, variant)
        (clean,) = probed.arrays("shown/clean")
        for kind in KINDS:
            (changed,) = probed.arrays(f"shown/{kind}")
            apart = np.abs(changed.astype(int) - clean).max()
            assert 0 < apart <= round(255 * most)


def test_every_sticker_covers_its_share_and_the_rest_is_as_it_was(asked):
    probed = Probed.of(asked, "minivgg")
    (clean,) = probed.arrays("shown/clean")
    for kind in STICKERS:
        (pasted,) = probed.arrays(f"sheet/{kind}")
        share = (pasted != clean).any(axis=4).mean()
        assert 0.03 < share <= 0.12  # a turned corner lies outside here and there; a crop may look like what it hides
    (logits,) = probed.arrays("sticker/trained")
    probe_settings = asked.config.probe
    assert logits.shape == (2, 3, len(probe_settings.targets), probe_settings.images, 10)


def test_sides_are_those_of_the_area():
    assert [side_of(share, 32) for share in (0.05, 0.1, 1.0, 1e-9)] == [7, 10, 32, 1]


def test_pictures_are_scaled_to_the_unit_range():
    pictures = np.array([0, 51, 255], np.uint8).reshape(1, 1, 3, 1)
    torch.testing.assert_close(scaled(pictures), torch.tensor([[[[0.0, 0.2, 1.0]]]]))


def test_the_mini_vgg_for_colours_has_its_size_and_hardening_leaves_predictions_alone(asked):
    settings = asked.settings("minivgg").model_copy(update={"width": 32})
    with torch.device("meta"):
        assert sum(p.numel() for p in build(settings, {"image": (32, 32, 3)}).parameters()) == 1_250_858
    network = next(load_networks(asked, "maxout_hardened"))
    batch = {"image": torch.randint(0, 256, (4, 28, 28, 1), dtype=torch.uint8), "label": torch.arange(4)}
    task = network.task
    plain = task.eval().loss(batch)
    assert task.train().loss(batch) > plain  # half of it is the loss of images that were changed against it
    assert torch.equal(task.eval().loss(batch), plain)
