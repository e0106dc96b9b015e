"""What claims 70 and 71 are checked against holds, and would not if a layer turned or merged otherwise."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from tests.studies import made_up

from reprise.layers import rotated as layers
from reprise.runs import Run, load_runs
from reprise.studies.rotation import oracles
from reprise.studies.rotation.accuracy import rotated


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    space = made_up.workspace("rotation", tmp_path_factory.mktemp("rotation"), 4)
    for place, variant in enumerate(space.config.variants):
        losses = {"columns": lambda name, seed, epoch, place=place: {"train_loss": 2 - 0.1 * epoch - seed * place}}
        made_up.write_run(space, variant, 0.5 + 0.04 * place, **losses)
    return load_runs(space)


def verdicts(runs):
    return [(finding.claim, finding.verdict) for finding in oracles.oracles(runs, rotated(runs))]


def test_accuracies_losses_and_merges_are_those_of_their_oracles(runs):
    assert verdicts(runs) == [(70, "reproduced"), (71, "reproduced")]


def test_an_accuracy_that_takes_the_smallest_logit_is_seen(runs, monkeypatch):
    wrong = property(lambda run: (run.logits.argmin(axis=2) == run.labels).astype(float))
    monkeypatch.setattr(Run, "correct", wrong)
    assert verdicts(runs)[0] == (70, "contradicted")


def test_the_first_epochs_loss_is_seen(runs, monkeypatch):
    monkeypatch.setattr(oracles, "loss_gap", lambda one, other: one.last("epoch") - other.last("train_loss"))
    assert verdicts(runs)[0] == (70, "contradicted")


def test_filters_turned_the_other_way_are_seen(runs, monkeypatch):
    right = layers.ring_permutation
    monkeypatch.setattr(layers, "ring_permutation", lambda shift: right(-shift))
    assert verdicts(runs)[1] == (71, "contradicted")


def test_a_squeeze_without_its_relu_is_seen(monkeypatch):
    monkeypatch.setattr(F, "relu", torch.Tensor.clone)
    assert max(oracles.merge_gaps("squeeze")) > 1
    assert max(oracles.merge_gaps("concat")) < 1e-10
