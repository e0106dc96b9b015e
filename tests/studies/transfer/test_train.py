"""Few letters of each class, never a digit; what is reused is the first network's, what is new is new."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.conftest import copy_params

from reprise import config
from reprise.data import digits, letters
from reprise.studies.transfer import train
from reprise.workspace import Workspace


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    folder = tmp_path_factory.mktemp("transfer")
    copy_params(folder)
    config.set_value(folder, "scale=smoke")
    space = Workspace("transfer", folder)
    for name, made in (("digits", digits), ("letters", letters)):
        made.make(space.params.dataset(name), "generated", space.raw("mnist"), space.prepared(name))
    return space


@pytest.mark.parametrize("shots", [1, 25])
def test_every_letter_has_as_many_images_and_no_digit_is_among_them(space, shots):
    settings = space.settings(f"scratch_{shots}")
    found = train.data(space, settings, 0)
    labels = letters.load(space.prepared("letters"))
    assert found.structure == 37
    assert np.bincount(found.train["label"], minlength=37).tolist() == [settings.per_class] * 37
    original = labels.train_labels[found.train["index"]]
    assert (original == found.train["label"] + 10).all()
    whole = np.concatenate([labels.train_labels, labels.test_labels])
    assert (whole[found.test["index"]] == found.test["label"] + 10).all()
    assert len(found.test["label"]) == (labels.test_labels >= 10).sum()


def test_the_three_kinds_see_the_same_letters_and_another_seed_sees_others(space):
    kinds = [train.data(space, space.settings(f"{kind}_5"), 1).digest for kind in ("scratch", "frozen", "tuned")]
    assert len(set(kinds)) == 1
    assert train.data(space, space.settings("scratch_5"), 2).digest != kinds[0]


def test_a_split_of_letters_alone_keeps_all_its_classes():
    labels = np.arange(60) % 26
    chosen = train.few(labels, np.arange(60), 2, np.random.default_rng(0))
    assert np.bincount(labels[chosen]).tolist() == [2] * 26
    with pytest.raises(ValueError, match="per_class: found 3, but class 8 has 2"):
        train.few(labels, np.arange(60), 3, np.random.default_rng(0))


def test_reused_layers_are_adopted_and_the_last_one_is_not(space):
    shapes = {"image": (28, 28, 1)}
    settings = space.settings("frozen_5")
    first = train.build(space.settings("digits"), shapes, 10)
    for classes in (10, 37):  # also where the last layers would fit
        torch.manual_seed(1)
        second = train.build(settings, shapes, classes)
        head = second.output.weight.clone()
        train.adopt(second, first.state_dict(), settings)
        assert torch.equal(second.conv3.weight, first.conv3.weight)
        assert torch.equal(second.hidden.weight, first.hidden.weight)
        assert torch.equal(second.output.weight, head)


def test_only_the_last_layer_of_a_frozen_network_is_trained(space):
    model = train.build(space.settings("frozen_1"), {"image": (28, 28, 1)}, 37)
    trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert trained == {"output.weight", "output.bias"}
    tuned = train.build(space.settings("tuned_1"), {"image": (28, 28, 1)}, 37)
    assert all(parameter.requires_grad for parameter in tuned.parameters())
