"""Rank correlations and their intervals; how many networks show that one is weak; networks at chance do not count."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.evaluation import declarations
from reprise.studies.confidence.correlation import correlation_findings, rank_correlation
from reprise.sweeps import Sweep

DECLARED = declarations("confidence")[35]


def judged(error, ece):
    return correlation_findings(DECLARED, Sweep({"error": np.array(error), "ece": np.array(ece)}, {}), {})[0]


def test_fifteen_networks_can_never_show_a_weak_correlation():
    for n, weak in ((15, False), (16, True)):
        x = np.arange(n)
        y = min(
            (np.random.default_rng(seed).permutation(n) for seed in range(3000)),
            key=lambda y: abs(np.corrcoef(x, y)[0, 1]),
        )
        assert abs(np.corrcoef(x, y)[0, 1]) < 0.01
        assert (rank_correlation(x, y).high < 0.5) == weak


def test_forty_networks_show_none_as_often_as_declared():
    rng = np.random.default_rng(0)
    found = [judged(rng.uniform(0.2, 0.7, 40), rng.uniform(0, 0.2, 40)).verdict for _ in range(500)]
    assert np.mean([verdict == "reproduced" for verdict in found]) == pytest.approx(DECLARED.power, abs=0.05)
    assert "contradicted" not in found


@pytest.mark.parametrize("sign", [1, -1])
def test_a_close_correlation_contradicts(sign):
    error = np.linspace(0.2, 0.7, 40)
    ece = 0.2 + sign * (0.2 * error + np.random.default_rng(1).uniform(0, 0.02, 40))
    assert judged(error, ece).verdict == "contradicted"


def test_networks_at_chance_are_left_out_and_counted():
    error, ece = np.linspace(0.3, 0.7, 12), np.random.default_rng(2).uniform(0, 0.2, 12)
    alone, more = judged(error, ece), judged([*error, 0.9, 0.85], [*ece, 5.0, 7.0])
    assert more.effect == alone.effect
    assert "left out: 2 below 0.2 test accuracy" in more.note


def test_rank_correlation_of_a_monotone_relation_and_of_too_few_pairs():
    assert rank_correlation([1, 2, 3, 4, 5], [1, 4, 9, 16, 25]).value == pytest.approx(1)
    for x, y in (([1, 2, 3], [3, 2, 1]), ([1, 1, 1, 1], [1, 2, 3, 4]), ([], [])):
        few = rank_correlation(x, y)
        assert (few.low, few.high) == (-1, 1)


def test_a_correlation_that_is_there_is_said_to_be_there_though_its_size_is_undecided():
    error = np.linspace(0.2, 0.7, 40)
    rng = np.random.default_rng(4)
    some, none, close = (error * share + 0.15 * rng.random(40) for share in (0.2, 0.0, 3.0))
    found = judged(error, some)
    assert found.effect.low > 0
    assert (found.verdict, "there is a correlation" in found.note) == ("inconclusive", True)
    assert "that it is large is undecided" in found.note
    assert "there is a correlation" not in judged(error, none).note
    assert "there is a correlation" not in judged(error, close).note  # the verdict says it
