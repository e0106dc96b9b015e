"""What claim 100 is checked against holds, and would not if the pair were built otherwise."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch.nn.functional as F
from torch import nn

from reprise.models import gan
from reprise.studies.rivals.oracles import by_hand, oracles, pair_gaps
from reprise.studies.rivals.settings import PARAMETERS

FULL = {"latent": 64, "width": 256, "labelled": False}


def runs(parameters):
    return {
        "dense": SimpleNamespace(name="dense", record={"parameters": parameters}, settings=FULL | {"network": "dense"})
    }


def verdicts(parameters):
    return [finding.verdict for finding in oracles(runs(parameters))]


def test_the_convolutional_pair_is_that_of_the_loops_and_sizes_are_counted():
    count = by_hand(FULL | {"network": "dense"})
    assert verdicts(count) == ["reproduced"] * 2
    assert verdicts(count + 1) == ["reproduced", "contradicted"]


@pytest.mark.parametrize("labelled", [False, True])
def test_counts_by_hand_are_the_pinned_sizes(labelled):
    dense, conv = ("labelled", "conv_labelled") if labelled else ("dense", "conv")
    for network, name, width in (("dense", dense, 256), ("conv", conv, 64)):
        settings = {"latent": 64, "width": width, "labelled": labelled, "network": network}
        assert by_hand(settings) == PARAMETERS[name]


def test_a_generator_that_starts_elsewhere_is_seen(monkeypatch):
    class Other(nn.ConvTranspose2d):
        def forward(self, x):
            return super().forward(x).roll(1, -1)

    monkeypatch.setattr(gan.nn, "ConvTranspose2d", Other)
    assert max(pair_gaps()) > 1e-3


def test_a_critic_that_cuts_what_is_below_0_is_seen(monkeypatch):
    monkeypatch.setattr(F, "leaky_relu", lambda x, slope: F.relu(x))
    assert max(pair_gaps()) > 1e-3
