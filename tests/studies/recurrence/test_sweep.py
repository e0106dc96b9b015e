"""The study's sweep: every network once, and what its stage watches is what it reads."""

from __future__ import annotations

import numpy as np
import pytest
from ruamel.yaml import YAML
from tests.conftest import ROOT
from tests.studies.recurrence.conftest import make_checkout

from reprise.studies.recurrence import memory
from reprise.studies.recurrence import sweep as swept
from reprise.studies.recurrence.networks import NETWORKS


@pytest.fixture(scope="module")
def columns(tmp_path_factory):
    return swept.sweep(make_checkout(tmp_path_factory.mktemp("sweep")))


def test_every_kind_task_lag_rate_and_seed_has_one_row(columns):
    keys = list(zip(*(columns[name].tolist() for name in ("task", "network", "lag", "rate", "seed")), strict=True))
    every = {
        ("number", name, lag, rate, seed)
        for name in NETWORKS
        for lag in (2, 4)
        for rate in (0.01, 0.03)
        for seed in range(3 if name != "open LSTM" and lag == 4 else 2)
    }
    every |= {("symbol", name, 4, rate, seed) for name in ("RNN", "LSTM") for rate in (0.01, 0.03) for seed in (0, 1)}
    every |= {("echo", "RNN", 1, 0.01, seed) for seed in (0, 1)}
    assert len(keys) == len(set(keys))
    assert set(keys) == every
    assert all(
        np.isfinite(columns[name]).all() for name in ("first_loss", "last_loss", "earlier_loss", "late_loss", "score")
    )


def test_a_row_is_what_training_that_family_gives(columns):
    losses, scores = memory.train(NETWORKS["GRU"], memory.number(4), np.repeat([0.01, 0.03], 3), 8, 8, 60, rng_seed=139)
    rows = (columns["task"] == "number") & (columns["network"] == "GRU") & (columns["lag"] == 4)
    np.testing.assert_array_equal(columns["rate"][rows], np.repeat([0.01, 0.03], 3))
    np.testing.assert_array_equal(columns["seed"][rows], [0, 1, 2, 0, 1, 2])
    np.testing.assert_array_equal(columns["score"][rows], scores)
    np.testing.assert_array_equal(columns["late_loss"][rows], losses[-6:].mean(axis=0))
    np.testing.assert_array_equal(columns["earlier_loss"][rows], losses[-12:-6].mean(axis=0))
    np.testing.assert_array_equal(columns["first_loss"][rows], losses[0])
    np.testing.assert_array_equal(columns["last_loss"][rows], losses[-1])


def test_the_stage_watches_what_the_sweep_reads():
    text = (ROOT / "pipelines/recurrence/dvc.yaml").read_text(encoding="utf-8")
    stages = YAML(typ="safe").load(text)["stages"]
    watched = next(each for each in stages["sweep"]["params"] if "pipelines/recurrence/params.yaml" in each)
    assert tuple(watched["pipelines/recurrence/params.yaml"]) == swept.READS
    assert stages["sweep"]["outs"] == ["data/sweeps/recurrence"]
    assert "data/sweeps/recurrence" in stages["evaluate"]["deps"]
    assert "src/reprise/studies/recurrence/memory.py" not in stages["evaluate"]["deps"]
