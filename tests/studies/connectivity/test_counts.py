"""Connections and parameters are counted by hand; what the counting rests on is checked another way."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.studies.connectivity.counts import by_hand, configurations, without_cycle
from reprise.studies.connectivity.settings import PARAMETERS, ConnectivitySettings
from reprise.studies.connectivity.train import build


@pytest.mark.parametrize("layers", [2, 3, 4])
def test_configurations_are_all_different_and_connect_no_layer_with_itself(layers):
    graphs = configurations(layers)
    assert len(np.unique(graphs.reshape(len(graphs), -1), axis=0)) == 2 ** (layers * (layers - 1))
    assert not np.einsum("mii->m", graphs).any()


def test_graphs_without_cycle_are_counted_as_robinson_did():
    counts = [int(without_cycle(configurations(layers)).sum()) for layers in (2, 3, 4)]
    assert counts == [3, 25, 543]  # labelled acyclic digraphs, OEIS A003024


@pytest.mark.parametrize("width", [2, 3, 8])
@pytest.mark.parametrize("per_feature", [False, True])
def test_the_count_by_hand_is_that_of_the_network(width, per_feature):
    settings = ConnectivitySettings.model_construct(
        network="connected", width=width, per_feature=per_feature, merge="concat", resize="bilinear", init=1.0,
        sigmoid=True, pooled=False,
    )  # fmt: skip
    model = build(settings, {"image": (32, 32, 3)})
    assert by_hand(width, per_feature) == sum(parameter.numel() for parameter in model.parameters())


def test_the_count_by_hand_is_the_sources():
    assert by_hand(32, False) == PARAMETERS["concat"]
    assert by_hand(32, True) == PARAMETERS["per_feature"]
