"""Which labels are wrong is known; training and development data are mislabelled, test data never."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import copy_params

from reprise import config
from reprise.data import digits
from reprise.studies.overfitting import train
from reprise.workspace import Workspace


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    folder = tmp_path_factory.mktemp("overfitting")
    copy_params(folder)
    config.set_value(folder, "scale=smoke")
    space = Workspace("overfitting", folder)
    digits.make(space.params.dataset("digits"), "generated", space.raw("mnist"), space.prepared("digits"))
    return space


@given(count=st.integers(1, 300), share=st.floats(0, 0.99), seed=st.integers(0, 99))
def test_exactly_the_share_is_wrong_and_every_wrong_label_is_another_class(count, share, seed):
    labels = (np.arange(count) % 10).astype(np.uint8)
    part = {"label": labels, "index": np.arange(count)}
    found = train.mislabelled(part, share, np.random.default_rng(seed))
    assert (found["label"] != labels).sum() == round(share * count)
    assert found["label"].dtype == labels.dtype
    assert found["label"].max(initial=0) < 10
    assert np.array_equal(part["label"], np.arange(count) % 10)  # the caller's own are left alone


def test_training_and_development_labels_are_wrong_by_the_seed_and_test_labels_are_right(space):
    right = train.data(space, space.settings("digits"), 0)
    wrong, again, other = (train.data(space, space.settings("wrong_20"), seed) for seed in (0, 0, 1))
    for part in ("train", "validation"):
        label = [getattr(each, part)["label"] for each in (right, wrong, again, other)]
        assert (label[0] != label[1]).sum() == round(0.2 * len(label[0]))
        assert np.array_equal(label[1], label[2])
        assert not np.array_equal(label[1], label[3])
    assert np.array_equal(right.test["label"], wrong.test["label"])
    assert np.array_equal(right.train["image"], wrong.train["image"])


def test_stopped_networks_and_those_trained_to_the_end_see_the_same_data(space):
    for rate, end in train_pairs():
        one, other = (train.data(space, space.settings(name), 3).digest for name in (f"stopped_{rate}", end))
        assert one == other


def train_pairs():
    from reprise.studies.overfitting.settings import PLANTED

    assert list(PLANTED) == [0, 20, 40]
    return PLANTED.items()
