"""Claims 99-101: what is asked of generators, and the verdicts that made-up ones get."""

from __future__ import annotations

import shutil
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from tests.studies import made_up
from torch import nn

from reprise import config
from reprise.claims.evidence import decide
from reprise.config import ConfigError
from reprise.data import cifar, digits
from reprise.evaluation import declarations, evaluate_study
from reprise.files import write_npz
from reprise.metrics.generation import frechet_distance
from reprise.networks import load_networks
from reprise.runs import Probed, load_runs
from reprise.stages.probe import probe
from reprise.studies.rivals import figures
from reprise.studies.rivals.drawn import load_drawn
from reprise.studies.rivals.findings import label_findings, turn_findings
from reprise.studies.rivals.probe import Reference, judged
from reprise.workspace import Workspace


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """A workspace at scale smoke with everything but the evaluation done."""
    return made_up.asked(tmp_path_factory.mktemp("rivals"), "rivals")


@pytest.fixture
def space(asked, tmp_path):
    """A copy that may be altered."""
    shutil.copytree(asked.root, tmp_path / "copy")
    return Workspace("rivals", tmp_path / "copy")


def rewrite(path, **arrays):
    with np.load(path) as archive:
        write_npz(path, **(dict(archive) | arrays))


def test_features_and_classes_are_those_of_the_whole_network(asked):
    network = next(load_networks(asked, "judge"))
    images = digits.load(asked.prepared("digits"))
    features, named = judged(network.model, images.test_images[..., 0])
    parts = {"image": images.test_images, "label": images.test_labels}
    np.testing.assert_array_equal(named, network.predict(parts)["logits"].argmax(axis=1))
    assert features.shape == (len(named), 8)
    assert (features >= 0).all()


def test_asking_twice_gives_the_same_bytes_and_every_label_as_often(asked):
    before = (asked.probe("labelled") / "answers.npz").read_bytes()
    probe(asked, "labelled")
    assert (asked.probe("labelled") / "answers.npz").read_bytes() == before
    asked_for, sheet, walk = Probed.of(asked, "labelled").arrays("asked", "sheet", "walk")
    assert (np.bincount(asked_for[0]) == asked.config.probe.drawn // 10).all()
    assert sheet.shape == (2, 10, 10, 28, 28)
    assert walk.shape == (2, 4, asked.config.probe.steps, 28, 28)
    assert (sheet[0, 0, 0] != sheet[0, 0, 1]).any()  # one code, two labels


def made_up_drawn(space, once=3.0, turns=1.0, named=None, judge=1.0, spread=0.02, halved=1.5):
    """Six seeds; distances, what is named, and how often the judge is right."""
    rng = np.random.default_rng(0)
    for variant, distance in (("dense", turns), ("dense_at_once", once), ("labelled", turns), ("conv", turns)):
        path = space.probe(variant) / "answers.npz"
        with np.load(path) as archive:
            arrays = {name: np.repeat(archive[name][:1], 6, axis=0) for name in archive.files}
        arrays["distance"] = distance * np.exp(spread * rng.normal(size=6))
        if named is not None:
            arrays["named"] = named(arrays["asked"])
        write_npz(path, **arrays)
    rewrite(space.probe("judge") / "answers.npz", halved=np.full(space.config.seeds, halved))
    path = space.run("judge") / "predictions.npz"
    with np.load(path) as archive:
        labels = archive["test/label"][0].astype(int)
    right = np.arange(len(labels)) < judge * len(labels)
    logits = np.eye(10, dtype=np.float32)[np.where(right, labels, (labels + 1) % 10)]
    rewrite(path, **{"test/logits": np.stack([logits] * space.config.seeds)})
    return load_drawn(space, load_runs(space))


@pytest.mark.parametrize(
    ("once", "judge", "verdict"),
    [(3.0, 1.0, "reproduced"), (0.5, 1.0, "contradicted"), (1.0, 1.0, "inconclusive"), (3.0, 0.5, "inconclusive")],
    ids=["worse", "better", "as good", "no judge"],
)
def test_at_once_must_be_worse(space, once, judge, verdict):
    found = turn_findings(declarations("rivals")[99], made_up_drawn(space, once, judge=judge, spread=0.2))
    assert decide(found) == verdict


@pytest.mark.parametrize("once", [3.0, 0.5])
def test_where_the_networks_in_turn_draw_less_than_half_of_the_classes_would_be_nothing_is_judged(space, once):
    found = turn_findings(declarations("rivals")[99], made_up_drawn(space, once, spread=0.2, halved=0.7))
    assert decide(found) == "inconclusive"
    assert "half of the classes are at 0.7" in found[0].undecided


class Told(nn.Module):
    """A judge whose features are the first ten pixels."""

    def __init__(self):
        super().__init__()
        self.dense2 = nn.Identity()
        self.dense2.weight = torch.zeros(1)

    def features(self, images):
        return images.flatten(1)[:, :10]


def test_half_of_the_classes_lie_further_from_test_images_than_all_of_them():
    labels = np.arange(400) % 10
    pictures = np.pad(255 * np.eye(10, dtype=np.uint8)[labels], ((0, 0), (0, 6))).reshape(-1, 4, 4, 1)
    reference = Reference(Told(), cifar.Images(pictures, labels, pictures, labels), 200)
    shares = np.eye(10)[:5].repeat(20, axis=0), np.eye(10).repeat(20, axis=0)
    assert reference.floor == pytest.approx(0, abs=1e-9)
    assert reference.halved == pytest.approx(frechet_distance(*shares), rel=0.05)
    assert reference.halved > 0.1


def test_a_generator_that_draws_one_class_has_lost_nine(space):
    drawn = made_up_drawn(space, named=lambda asked: np.full_like(asked, 3))
    assert (drawn.generators["dense"].classes == 1).all()
    found = turn_findings(declarations("rivals")[99], drawn)
    lost = next(finding for finding in found if "`dense` draws" in finding.measures)
    assert (lost.effect.value, lost.note) == (1, "6 of 6 networks have lost one")


def test_a_generator_that_draws_what_is_asked_agrees_with_every_label(space):
    found = label_findings(made_up_drawn(space, named=lambda asked: asked))
    assert [each.effect.value for each in found if "`labelled`" in each.measures] == [1]
    said = {each.measures.split("`")[1]: (each.kind, each.verdict) for each in found}
    assert said["labelled"] == ("oracle", "reproduced")
    assert said["dense"] == ("oracle", "contradicted")  # it was given no label, so that it should not know
    assert said["conv_labelled"][0] == "context"


def test_copies_are_counted_by_how_near_test_images_come(space):
    path = space.probe("dense") / "answers.npz"
    with np.load(path) as archive:
        shape = archive["copies"].shape
    half = np.where(np.arange(shape[1]) < shape[1] // 2, 0.0, 1e6)
    rewrite(path, copies=np.broadcast_to(half, shape).copy())
    assert load_drawn(space, load_runs(space)).copied("dense") == pytest.approx([0.5, 0.5])


def test_the_study_answers_its_claims_and_again_with_the_same_bytes(space):
    evidence = evaluate_study(space)
    assert {finding.claim for finding in evidence.findings} == {99, 100, 101}
    assert made_up.verdicts(evidence, 100, "oracle") == ["reproduced"] * 2
    assert made_up.verdicts(evidence, 99) == ["inconclusive"]  # a judge of one epoch
    first = {path.name: path.read_bytes() for path in space.evidence.rglob("*.*")}
    assert len(first) == 5
    evaluate_study(space)
    assert {path.name: path.read_bytes() for path in space.evidence.rglob("*.*")} == first


def test_drawing_some_labels_more_often_than_others_is_refused(space):
    with pytest.raises(ConfigError, match=r"rivals/params\.yaml: probe\.drawn: found 45"):
        config.set_value(space.root, "rivals.probe.drawn=45")


def test_networks_of_different_lengths_of_training_are_drawn_each_with_its_own_epochs(tmp_path):
    rng = np.random.default_rng(0)
    made = {name: SimpleNamespace(epochs=rng.random((2, count, 4, 8, 8))) for name, count in (("a", 12), ("b", 3))}
    figures.epochs(tmp_path, made)
    with Image.open(tmp_path / "epochs.png") as image:
        assert image.width > 300
