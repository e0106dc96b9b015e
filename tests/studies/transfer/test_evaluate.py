"""Claim 165 on made-up networks: where reused layers pay, and what is said when frozen ones have moved."""

from __future__ import annotations

import numpy as np
import pytest
from tests.studies import made_up

from reprise.studies.transfer.settings import SHOTS


def evidence(space, accuracy, frozen=0.0, tuned=0.01):
    """``accuracy(kind, shots)``; how far weights moved in frozen and in tuned networks."""
    for name in space.config.variants:
        kind, _, shots = name.partition("_")
        made_up.write_run(space, name, accuracy(kind, int(shots or 0)), structure=[37] * made_up.SEEDS)
        moved = {"frozen": frozen, "tuned": tuned}.get(kind, np.nan)
        made_up.write_probe(space, name, moved=np.full((made_up.SEEDS, 1), moved))
    return made_up.evaluate(space)


def crossing(kind, shots):
    """Reused layers are far better up to five images a letter, and no better from 25 on."""
    return {"scratch": 0.3 if shots <= 5 else 0.9}.get(kind, 0.8 if shots <= 5 else 0.9)


def most(found):
    return {f.measures.split("`")[1]: f.effect.value for f in found.findings if f.measures.startswith("Most examples")}


@pytest.fixture
def space(tmp_path):
    return made_up.workspace("transfer", tmp_path)


def test_where_transfer_pays_and_where_it_stops_to(space):
    found = evidence(space, crossing)
    assert made_up.verdicts(found, 165) == []  # a definition: nothing to judge
    assert made_up.verdicts(found, 165, "oracle") == ["reproduced"] * 2
    assert made_up.verdicts(found, 165, "secondary") == ["reproduced"] * 2
    asked = space.config.variants["scratch_5"].per_class
    assert most(found) == {"frozen": asked, "tuned": asked}
    assert [row[0] for row in found.tables[0].rows] == [space.config.variants[f"tuned_{n}"].per_class for n in SHOTS]


def test_transfer_that_never_pays_is_contradicted_with_the_fewest(space):
    found = evidence(space, lambda kind, shots: 0.9 if kind == "scratch" else 0.3)
    assert made_up.verdicts(found, 165, "secondary") == ["contradicted"] * 2
    assert most(found) == {"frozen": 0, "tuned": 0}


@pytest.mark.parametrize(("frozen", "tuned"), [(1e-7, 0.01), (0.0, 0.0)])
def test_frozen_layers_that_moved_or_tuned_ones_that_did_not_are_seen(space, frozen, tuned):
    found = evidence(space, crossing, frozen, tuned)
    assert "contradicted" in made_up.verdicts(found, 165, "oracle")
