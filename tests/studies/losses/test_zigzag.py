"""Claim 143: signs of gradients, and descent with positive against centred inputs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reprise.evaluation import declarations
from reprise.studies.losses import lesson, zigzag
from reprise.studies.losses.settings import Config

CONFIG = Config(repetitions=10, points=20, outliers=0.1, units=10, steps=100)


@pytest.fixture(scope="module")
def compared():
    return zigzag.compare(CONFIG)


def test_one_sign_means_all_up_or_all_down_and_a_zero_is_neither():
    gradients = np.array([[1, 2, 3], [-1, -2, -3], [1, -2, 3], [0, 1, 2], [0, 0, 0]])
    assert zigzag.one_sign(gradients).tolist() == [True, True, False, False, False]


def test_paths_start_at_zero_and_end_at_their_goal():
    for kind in zigzag.KINDS:
        path = zigzag.path(3, kind, 0.8)
        assert path[0].tolist() == [0, 0]
        assert np.linalg.norm(path[-1] - zigzag.goal(3)) <= 0.05


def test_goals_lie_in_every_direction_equally_far():
    goals = np.array([zigzag.goal(seed) for seed in range(200)])
    np.testing.assert_allclose(np.linalg.norm(goals, axis=1), np.sqrt(2))
    assert ((goals > 0) @ [1, 2]).tolist().count(3) == pytest.approx(50, abs=20)  # of four quadrants


def test_a_run_that_never_arrives_took_forever():
    wanted = zigzag.goal(3)
    assert zigzag.steps(np.array([[0, 0], wanted]), wanted) == 1
    assert zigzag.steps(np.array([[0, 0], 1e7 * wanted]), wanted) == np.inf
    diverged = zigzag.path(3, "positive", 50)
    assert zigzag.steps(diverged, wanted) == np.inf


def test_with_positive_inputs_both_weights_move_the_same_way_in_every_step():
    moves = np.diff(zigzag.path(5, "positive", 0.8), axis=0)
    assert (np.sign(moves[:, 0]) == np.sign(moves[:, 1])).all()
    for kind in ("signed", "centred"):
        moves = np.diff(zigzag.path(5, kind, 0.8), axis=0)
        assert (np.sign(moves[:, 0]) != np.sign(moves[:, 1])).any()


def test_steps_are_compared_at_each_kinds_best_rate_on_seeds_that_did_not_choose_it(compared):
    assert set(compared.rates) <= set(zigzag.LEARNING_RATES)
    assert compared.doublings.shape == compared.detours.shape == (10,)
    assert np.isfinite(compared.doublings).all()
    longer, shorter = (
        len(zigzag.path(zigzag.JUDGED, c, r)) - 1 for c, r in zip(("positive", "centred"), compared.rates, strict=True)
    )
    assert compared.doublings[0] == pytest.approx(np.log2(longer / shorter))
    tried = {
        rate: np.mean([zigzag.steps(zigzag.path(seed, "centred", rate), zigzag.goal(seed)) for seed in range(20)])
        for rate in (compared.rates[1], 0.1, 6.4)
    }
    assert min(tried, key=tried.get) == compared.rates[1]


def test_paths_are_compared_at_one_rate(compared):
    longer, shorter = (
        lesson.detour(zigzag.path(zigzag.JUDGED + 9, kind, zigzag.COMMON_RATE)) for kind in ("positive", "centred")
    )
    assert compared.detours[9] == pytest.approx(longer - shorter)
    either = lesson.detour(zigzag.path(zigzag.JUDGED + 9, "signed", zigzag.COMMON_RATE))
    assert compared.signed[9] == pytest.approx(longer - either)
    assert zigzag.metrics(compared)["zigzag_longer"].value == compared.signed.mean() > 0


def test_paths_without_detour_contradict_the_claim(compared):
    declared = declarations("losses")[143]
    longer = replace(compared, signed=np.linspace(0.2, 1, 10))
    assert zigzag.findings(declared, longer)[0].verdict == "reproduced"
    straight = replace(compared, signed=-longer.signed)
    assert zigzag.findings(declared, straight)[0].verdict == "contradicted"


def test_positive_inputs_give_one_sign_exactly_and_batches_do_not():
    single, centred, batch = zigzag.sign_findings()
    assert (single.effect.value, single.effect.low, single.effect.high) == (1, 1, 1)
    assert centred.effect.value < 0.01
    assert 0 < batch.effect.value < 1
