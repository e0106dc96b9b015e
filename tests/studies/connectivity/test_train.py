"""Pruning follows the gates that another variant's training closed, and takes none of its weights."""

from __future__ import annotations

import pytest
import torch
from tests.studies import made_up

from reprise import config
from reprise.runs import Run
from reprise.studies.connectivity.gates import MERGES
from reprise.studies.connectivity.train import adopt, build, data, kept
from reprise.workspace import Workspace

SHAPES = {"image": (12, 12, 3)}


def closing(variant, seed, epoch):
    """Gates that end low from the image and in the last two merges, and lower from seed to seed."""
    return {
        f"gate_{i}_{j}": (0.05 if j == 0 else 0.07 if i in (6, 7) else 0.4 + 0.05 * j) * (epoch == 3) - 0.1 * seed
        for i, j in MERGES
    }


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    space = made_up.workspace("connectivity", tmp_path_factory.mktemp("connectivity"))
    made_up.write_run(space, "concat", 0.9, closing)
    return space


def test_pruning_keeps_open_gates_and_the_latest_layer(space):
    rows = kept(Run.of(space, "concat"), 0.3, 0)
    assert rows[0] == [False, True]
    assert rows[5] == [False, *[True] * 6]
    assert rows[7] == [*[False] * 8, True]  # all closed: the latest stays


def test_pruning_follows_the_gates_of_the_same_seed(space):
    settings = space.settings("pruned").model_copy(update={"prune": 0.3})
    for seed in (0, 2):
        structure = data(space, settings, seed).structure
        assert structure == kept(Run.of(space, "concat"), 0.3, seed)
        assert structure[5][1] == (seed == 0)  # 0.45 of the first seed, 0.25 of the last
    assert data(space, space.settings("concat"), 0).structure is None


def test_pruning_before_the_gates_are_trained_says_what_is_missing(tmp_path):
    space = made_up.workspace("connectivity", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"concat/history\.csv is missing; `dvc repro` makes it"):
        data(space, space.settings("pruned"), 0)


def test_pruned_variants_take_the_base_and_name_where_they_start(tmp_path):
    space = made_up.workspace("connectivity", tmp_path)
    settings = space.config.variants["pruned"]
    assert settings.start == "concat"
    assert 0 < settings.prune < 1
    assert settings.width == space.config.base.width
    assert list(space.config.variants)[-1] == "pruned"


def test_pruning_from_a_variant_that_does_not_exist_is_refused(tmp_path):
    made_up.workspace("connectivity", tmp_path)
    with pytest.raises(config.ConfigError, match=r"started\.pruned\.start.*'conca'"):
        config.set_value(tmp_path, "connectivity.started.pruned.start=conca")
    assert Workspace("connectivity", tmp_path).settings("pruned").start == "concat"  # nothing was written


def test_a_pruned_network_starts_from_its_own_weights_and_others_from_those_they_name(space):
    settings = space.settings("concat")
    weights = build(settings, SHAPES).state_dict()
    for prune in (None, 0.3):
        torch.manual_seed(1)
        model = build(settings, SHAPES)
        before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        adopt(model, weights, settings.model_copy(update={"start": "concat", "prune": prune}))
        expected = before if prune else weights
        assert all(torch.equal(tensor, expected[name]) for name, tensor in model.state_dict().items())
    assert not all(torch.equal(before[name], weights[name]) for name in weights)


def test_the_matched_network_has_about_as_many_parameters_as_the_connected(space):
    settings = space.settings("concat").model_copy(update={"width": 8})
    connected, matched, plain = (
        sum(
            p.numel()
            for p in build(settings.model_copy(update={"network": network}), {"image": (32, 32, 3)}).parameters()
        )
        for network in ("connected", "matched", "sequential")
    )
    assert matched == pytest.approx(connected, rel=0.001)
    assert plain < connected / 10
