"""Claim 143: signs of gradients, and descent with positive against centred inputs."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.studies.losses import zigzag
from reprise.studies.losses.settings import Config

CONFIG = Config(repetitions=10, points=20, outliers=0.1, units=10, steps=100)


@pytest.fixture(scope="module")
def compared():
    return zigzag.compare(CONFIG)


def test_one_sign_means_all_up_or_all_down_and_a_zero_is_neither():
    gradients = np.array([[1, 2, 3], [-1, -2, -3], [1, -2, 3], [0, 1, 2], [0, 0, 0]])
    assert zigzag.one_sign(gradients).tolist() == [True, True, False, False, False]


def test_paths_start_at_zero_and_end_at_the_goal():
    for centred in (False, True):
        path = zigzag.path(3, centred, 0.8)
        assert path[0].tolist() == [0, 0]
        assert np.linalg.norm(path[-1] - zigzag.GOAL) <= 0.05


def test_with_positive_inputs_both_weights_move_the_same_way_in_every_step():
    moves = np.diff(zigzag.path(5, False, 0.8), axis=0)
    assert (np.sign(moves[:, 0]) == np.sign(moves[:, 1])).all()
    moves = np.diff(zigzag.path(5, True, 0.8), axis=0)
    assert (np.sign(moves[:, 0]) != np.sign(moves[:, 1])).any()


def test_each_kind_is_compared_at_its_own_best_rate_on_seeds_that_did_not_choose_it(compared):
    assert set(compared.rates) <= set(zigzag.LEARNING_RATES)
    assert compared.doublings.shape == compared.detours.shape == (10,)
    positive, centred = compared.rates
    longer, shorter = (len(zigzag.path(100, c, rate)) - 1 for c, rate in ((False, positive), (True, centred)))
    assert compared.doublings[0] == pytest.approx(np.log2(longer / shorter))
    tried = {rate: np.mean([len(zigzag.path(seed, True, rate)) for seed in range(20)]) for rate in (centred, 0.1, 6.4)}
    assert min(tried, key=tried.get) == centred


def test_positive_inputs_cost_steps_and_detours(compared):
    assert compared.doublings.mean() > 0.5
    assert compared.detours.mean() > 0
    assert zigzag.metrics(compared)["zigzag_doublings"].value == compared.doublings.mean()


def test_positive_inputs_give_one_sign_exactly_and_batches_do_not():
    single, centred, batch = zigzag.sign_findings()
    assert (single.effect.value, single.effect.low, single.effect.high) == (1, 1, 1)
    assert centred.effect.value < 0.01
    assert 0 < batch.effect.value < 1
