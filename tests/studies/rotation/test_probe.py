"""Trained networks are asked again: the same bytes every time, and unturned images as training predicted them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import rotate
from tests.studies import made_up

from reprise import config
from reprise.data import cifar
from reprise.networks import load_networks
from reprise.runs import Probed, Run
from reprise.stages.probe import probe
from reprise.studies.rotation.probe import turned
from reprise.studies.rotation.settings import TRANSPLANTS, Probe
from reprise.studies.rotation.train import build
from reprise.workspace import Workspace

IMAGES, ANGLES = 7, 8


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """A baseline and a rotated network, trained for an epoch and asked."""
    chosen = (f"rotation.probe.images={IMAGES}", f"rotation.probe.angles={ANGLES}", "rotation.base.width=2")
    space = made_up.workspace("rotation", tmp_path_factory.mktemp("rotation"), 1, *chosen, "training.accelerator=cpu")
    for variant in ("baseline", "8_rot_4"):
        made_up.train(space, variant)
        probe(space, variant)
    return space


@pytest.mark.parametrize("variant", ["baseline", "8_rot_4"])
def test_asking_twice_gives_the_same_bytes(asked, variant):
    before = {path.name: path.read_bytes() for path in asked.probe(variant).iterdir()}
    assert set(before) == {"answers.npz", "probe.json"}
    probe(asked, variant)
    assert {path.name: path.read_bytes() for path in asked.probe(variant).iterdir()} == before


@pytest.mark.parametrize("variant", ["baseline", "8_rot_4"])
def test_unturned_images_are_answered_as_training_predicted_them_bit_for_bit(asked, variant):
    index, labels, logits = Probed.of(asked, variant).arrays("turned/index", "turned/label", "turned/logits")
    assert logits.shape == (made_up.SEEDS, IMAGES * ANGLES, 10)
    run = Run.of(asked, variant)
    (predicted,) = run.arrays("test/logits")
    upright = index[0, ::ANGLES]
    np.testing.assert_array_equal(logits[:, ::ANGLES], predicted[:, upright])
    np.testing.assert_array_equal(labels[0, ::ANGLES], run.labels[upright])
    assert (logits[:, 1::ANGLES] != logits[:, ::ANGLES]).any()


def test_only_networks_without_rotated_filters_lend_their_weights(asked):
    names = {f"transplant/{k}_rot_{n}" for k, n in TRANSPLANTS}
    with np.load(asked.probe("baseline") / "answers.npz") as archive:
        assert {name for name in archive.files if name.startswith("transplant")} == names
    with np.load(asked.probe("8_rot_4") / "answers.npz") as archive:
        assert not [name for name in archive.files if name.startswith("transplant")]


def test_a_transplant_answers_as_a_rotated_network_with_the_baselines_weights(asked):
    images = cifar.load(asked.prepared("cifar"))
    arrays = turned(images, asked.config.probe)
    for seed, network in enumerate(load_networks(asked, "baseline")):
        other = build(asked.settings("8_rot_4"), network.shapes)
        other.load_state_dict(network.model.state_dict())
        with torch.no_grad():
            pixels = torch.from_numpy(arrays["image"]).permute(0, 3, 1, 2).float()
            logits = other.eval()((pixels - 128) / 128)
        (answers,) = Probed.of(asked, "baseline").arrays("transplant/8_rot_4")
        assert np.mean(answers[seed] == logits.argmax(dim=1).numpy()) > 0.95  # batches of another size may round apart


def test_what_was_asked_is_written_beside_the_answers(asked):
    assert Probed.of(asked, "baseline").record["settings"] == {"images": IMAGES, "angles": ANGLES, "image": 5}


def test_other_angles_are_asked_anew_and_not_remembered(asked):
    before = Probed.of(asked, "baseline").arrays("turned/logits")[0]
    config.set_value(asked.root, f"rotation.probe.angles={2 * ANGLES}")
    try:
        space = Workspace("rotation", asked.root)
        probe(space, "baseline")
        after = Probed.of(space, "baseline").arrays("turned/logits")[0]
        np.testing.assert_array_equal(after[:, ::2], before)
    finally:
        config.set_value(asked.root, f"rotation.probe.angles={ANGLES}")
        probe(Workspace("rotation", asked.root), "baseline")


def test_a_variant_that_was_not_trained_is_not_asked(asked):
    with pytest.raises(FileNotFoundError, match=r"4_rot_1/run\.json"):
        probe(asked, "4_rot_1")


def images_of(count):
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)
    return cifar.Images(pictures, np.zeros(count, np.uint8), pictures, np.arange(count, dtype=np.uint8) % 10)


def test_quarter_turns_move_pixels_and_change_none():
    images = images_of(9)
    arrays = turned(images, Probe(images=4, angles=4, image=5))
    views, index = arrays["image"].reshape(4, 4, 32, 32, 3), arrays["index"].reshape(4, 4)
    assert (index == index[:, :1]).all()
    for view, number in zip(views, index[:, 0], strict=True):
        for quarter in range(4):
            np.testing.assert_array_equal(view[quarter], np.rot90(images.test_images[number], quarter))


def test_other_angles_are_those_of_an_image_turned_alone():
    images = images_of(3)
    arrays = turned(images, Probe(images=2, angles=8, image=1))
    number = arrays["index"][1]
    alone = rotate(images.test_images[number].astype(np.float32), 45, reshape=False, order=3)
    np.testing.assert_array_equal(arrays["image"][1], np.clip(alone + 0.5, 0, 255).astype(np.uint8))


def test_the_sources_image_comes_first_and_every_image_once():
    images = images_of(30)
    index = turned(images, Probe(images=30, angles=4, image=5))["index"][::4]
    assert index[0] == 5
    assert sorted(index) == list(range(30))
    few = turned(images_of(3), Probe(images=30, angles=4, image=5))["index"][::4]
    assert few[0] == 2  # there is no sixth image: the last stands for it
    assert sorted(few) == [0, 1, 2]
