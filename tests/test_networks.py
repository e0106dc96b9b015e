"""Trained networks are loaded again as they were, go on from one another, and answer what they are asked."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from tests.conftest import copy_params

from reprise.config import set_value
from reprise.files import write_json
from reprise.networks import adopt, load_networks, load_weights
from reprise.runs import Probed, Run
from reprise.stages.prepare import prepare
from reprise.stages.probe import probe
from reprise.stages.train import train
from reprise.workspace import Workspace

STUDY = "rotation"  # any study that trains and asks


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    """A study at scale smoke, two of its variants trained: the baseline, and one that goes on from it."""
    folder = tmp_path_factory.mktemp("networks")
    copy_params(folder, STUDY)
    more = "{more: {start: baseline, learning_rate: 1.0e-4}, turned: {start: baseline, rotations: 4, rotated_last: 1}}"
    path = folder / "pipelines" / STUDY / "params.yaml"
    path.write_text(path.read_text() + f"started: {more}\n")
    set_value(folder, "scale=smoke", "data.cifar.train=120", "data.cifar.test=40", "training.accelerator=cpu")
    prepare(Workspace("", folder), "cifar")
    space = Workspace(STUDY, folder)
    for variant in ("baseline", "more", "turned"):
        train(space, variant)
    return space


def arrays(run):
    with np.load(run / "predictions.npz") as archive:
        return dict(archive)


def test_a_network_that_was_loaded_again_predicts_what_it_predicted_bit_for_bit(space):
    from reprise.data import cifar

    images = cifar.load(space.prepared("cifar"))
    test = cifar.as_arrays(images.test_images, images.test_labels, np.arange(len(images.test_labels)))
    (logits,) = Run.of(space, "baseline").arrays("test/logits")
    networks = list(load_networks(space, "baseline"))
    assert [network.seed for network in networks] == list(range(space.config.seeds))
    for network, expected in zip(networks, logits, strict=True):
        np.testing.assert_array_equal(network.predict(test)["logits"], expected)
        assert network.settings == space.settings("baseline")


def test_loading_needs_no_lightning(space):
    code = (
        "import sys; from reprise.networks import load_networks; from reprise.workspace import Workspace; "
        f"networks = list(load_networks(Workspace({STUDY!r}), 'baseline')); "
        "print(len(networks), 'pytorch_lightning' in sys.modules, 'torchmetrics' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=space.root, capture_output=True, text=True, check=False)
    assert done.stdout.split() == [str(space.config.seeds), "False", "False"], done.stderr


def test_a_probe_asks_every_seed_and_asked_again_gives_the_same_bytes(space):
    probe(space, "baseline")
    out = space.probe("baseline")
    first = {path.name: path.read_bytes() for path in out.iterdir()}
    (answers,) = Probed((out,)).arrays("turned/logits")
    assert len(answers) == space.config.seeds
    assert Probed((out,)).record["settings"] == space.config.probe.model_dump(mode="json")
    (out / "stale.txt").write_text("of an earlier run")
    probe(space, "baseline")
    assert {path.name: path.read_bytes() for path in out.iterdir()} == first
    with pytest.raises(ValueError, match=r"answers\.npz: no else"):
        Probed((out,)).arrays("else")


def test_training_goes_on_from_the_same_seeds_network(space):
    for seed in range(space.config.seeds):
        start, more = (load_weights(space.run(name), seed) for name in ("baseline", "more"))
        other = load_weights(space.run("baseline"), 1 - seed)
        near, far = (sum(float((more[n] - w[n]).square().sum()) for n in more) for w in (start, other))
        assert 0 < near < far / 10  # one epoch at a small rate away from its own, not from the other seed's


def test_it_does_not_depend_on_what_is_no_start(space, tmp_path):
    before = arrays(space.run("more"))["test/logits"]
    assert not np.array_equal(before, arrays(space.run("baseline"))["test/logits"])
    assert not np.array_equal(before, arrays(space.run("turned"))["test/logits"])


def test_adopting_takes_what_agrees_and_leaves_the_rest():
    torch.manual_seed(0)
    old = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Linear(4, 2))
    new = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Linear(4, 5))
    head = new[1].weight.clone()
    adopt(new, old.state_dict())
    assert torch.equal(new[0].weight, old[0].weight)
    assert torch.equal(new[1].weight, head)
    with pytest.raises(ValueError, match="of 4 weights none fits"):
        adopt(torch.nn.Linear(9, 9), old.state_dict())


def test_weights_that_are_missing_say_what_makes_them(space, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"weights\.safetensors is missing; `dvc repro`"):
        load_weights(tmp_path, 0)
    with pytest.raises(ValueError, match=r"no best weights of seed 0"):
        load_weights(space.run("baseline"), 0, "best")
    with pytest.raises(ValueError, match=r"no kept weights of seed 9"):
        load_weights(space.run("baseline"), 9)


def test_weights_of_another_network_are_refused_by_file(space):
    path = space.run("turned") / "run.json"
    text = path.read_text()
    record = json.loads(text)
    record["settings"]["width"] = 5
    write_json(path, record)
    try:
        with pytest.raises(ValueError, match=r"turned/weights\.safetensors: .*train it again"):
            list(load_networks(space, "turned"))
    finally:
        path.write_text(text)
