"""The family of small networks: settings differ, the same ones come twice, and its table is what they answered."""

from __future__ import annotations

import numpy as np
import pytest
from tests.studies import made_up

from reprise.stages.sweep import sweep
from reprise.studies.confidence.sweep import DECAYS, KINDS, drawn
from reprise.sweeps import read_sweep


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """Four networks, one epoch each."""
    space = made_up.workspace("confidence", tmp_path_factory.mktemp("family"), 2, "training.accelerator=cpu")
    sweep(space)
    return space


def test_the_table_has_a_row_for_every_network(swept):
    found = read_sweep(swept, "kind", "parameters", "weight_decay", "error", "ece")
    assert len(found) == swept.config.family.networks
    assert found.columns["kind"].tolist() == [KINDS[number % len(KINDS)] for number in range(len(found))]
    for name in ("error", "ece"):
        assert ((found.columns[name] >= 0) & (found.columns[name] <= 1)).all()
    assert len(set(found.columns["parameters"])) == len(found)


def test_sweeping_twice_gives_the_same_bytes(swept):
    before = {path.name: path.read_bytes() for path in swept.sweep.iterdir()}
    sweep(swept)
    assert {path.name: path.read_bytes() for path in swept.sweep.iterdir()} == before


def test_settings_are_drawn_within_their_ranges_and_do_not_depend_on_how_many(swept):
    every = [drawn(swept, number) for number in range(80)]
    for kind, settings in every:
        base = swept.settings(kind)
        assert base.width / 2 - 0.5 <= settings.width <= 2 * base.width + 0.5
        assert DECAYS[0] <= np.log10(settings.weight_decay) <= DECAYS[1]
        assert (settings.epochs, settings.examples) == (swept.config.family.epochs, swept.config.family.examples)
        own = ("width", "weight_decay", "epochs", "examples", "keeps")
        assert settings.model_dump(exclude=set(own)) == base.model_dump(exclude=set(own))
    assert len({settings.weight_decay for _, settings in every}) == 80
