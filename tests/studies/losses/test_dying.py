"""Claim 145: which units are dead, which come back, and how that is counted."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.evaluation import declarations
from reprise.studies.losses.dying import HALF, LEAKY, Revival, findings, metrics, revive
from reprise.studies.losses.settings import Config

CONFIG = Config(repetitions=10, points=20, outliers=0.1, units=30, steps=1500)


@pytest.fixture(scope="module")
def revival():
    return revive(CONFIG)


def test_dead_units_keep_every_bit_and_the_loss_they_had(revival):
    assert revival.moved["ReLU"].tolist() == [0] * 30
    assert (revival.losses["ReLU"] == revival.losses["ReLU"][0]).all()


def test_leaky_units_start_beside_them_and_come_back(revival):
    start = {name: losses[0] for name, losses in revival.losses.items()}
    assert start[LEAKY].min() > 0
    assert revival.losses[LEAKY].shape == (1501, 30)
    assert revival.recovered >= 27
    assert revival.moved[HALF].min() > 0


def test_a_unit_counts_as_recovered_below_a_tenth_of_its_loss():
    losses = np.array([[1.0, 1.0, 1.0], [0.0999, 0.1, 2.0]])
    made_up = Revival({LEAKY: losses}, {"ReLU": np.zeros(3), HALF: np.ones(3)})
    assert made_up.recovered == 1
    config = Config(repetitions=10, points=20, outliers=0.1, units=10, steps=100)
    assert metrics(config, made_up)["leaky_recovery"].value == 0.1


@pytest.mark.parametrize("of", ["ReLU", HALF])
def test_one_bit_of_movement_contradicts_the_claim(of):
    still = {"ReLU": np.zeros(30), HALF: np.zeros(30)}
    made_up = Revival({LEAKY: np.ones((2, 30))}, still | {of: np.full(30, 5e-324)})
    dead, half, leaky, _ = findings(declarations("losses")[145], CONFIG, made_up)
    assert (dead.verdict, half.verdict) == tuple(
        "contradicted" if name == of else "reproduced" for name in ("ReLU", HALF)
    )
    assert leaky.verdict == "contradicted"


def test_units_that_are_negative_for_some_examples_go_on(revival):
    dead, half, *_ = findings(declarations("losses")[145], CONFIG, revival)
    assert (dead.verdict, half.verdict) == ("reproduced", "contradicted")
