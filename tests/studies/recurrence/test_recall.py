"""Which networks count, on made-up tables."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.studies.recurrence import recall
from reprise.studies.recurrence.networks import LATCHING, NETWORKS
from reprise.sweeps import Sweep


def rows(losses, scores, seeds, **more) -> Sweep:
    columns = {"seed": np.array(seeds, float), "late_loss": np.array(losses, float), "score": np.array(scores, float)}
    columns["earlier_loss"] = 2 * columns["late_loss"]
    return Sweep(columns | {name: np.full(len(seeds), value) for name, value in more.items()}, {})


def test_each_seed_counts_at_its_own_lowest_loss():
    made = rows([3, 1, 2, 5], [0.3, 0.1, 0.2, 0.5], [0, 1, 0, 1])
    assert recall.best(made).tolist() == [0.2, 0.1]


def test_the_order_of_rows_does_not_matter():
    order = np.random.default_rng(0).permutation(12)
    losses, scores, seeds = np.arange(12) * 7 % 12, np.arange(12) / 12, np.arange(12) % 3
    mixed = rows(losses[order], scores[order], seeds[order])
    np.testing.assert_array_equal(recall.best(mixed), recall.best(rows(losses, scores, seeds)))


def test_a_network_that_diverged_is_not_the_one_that_counts():
    made = rows([np.nan, 2, np.inf], [0.9, 0.5, 0.8], [0, 0, 0])
    assert recall.best(made).tolist() == [0.5]


def every_task() -> Sweep:
    parts = [
        rows([lag], [score], [0], task="number", network=name, lag=float(lag))
        for place, name in enumerate(NETWORKS)
        for lag, score in ((2, place / 10), (4, place / 10 + 0.05))
    ]
    parts += [rows([1], [0.7], [0], task="symbol", network=name, lag=4.0) for name in LATCHING]
    names = parts[0].columns
    return Sweep({name: np.concatenate([part.columns[name] for part in parts]) for name in names}, {})


def test_scores_stand_under_their_network_and_lag():
    found = recall.recall(every_task(), [2, 4])
    assert list(found.held) == list(NETWORKS)
    np.testing.assert_allclose(found.held["GRU"], [[0.3], [0.35]])
    assert not found.holds("GRU").any()
    assert found.falling == dict.fromkeys(NETWORKS, 0.5)
    assert {name: values.tolist() for name, values in found.latched.items()} == {"RNN": [0.7], "LSTM": [0.7]}


def test_a_lag_that_was_not_swept_is_told():
    with pytest.raises(ValueError, match=r"no network with task = number, network = RNN, lag = 8"):
        recall.recall(every_task(), [2, 8])


def test_what_echoing_gained_is_last_minus_first():
    columns = {
        "task": np.array(["echo", "number"]),
        "first_loss": np.array([17.0, 1.0]),
        "last_loss": np.array([1.0, 9.0]),
        "score": np.array([0.9, 0.1]),
    }
    found = recall.echoed(Sweep(columns, {}))
    assert (found.fall.tolist(), found.accuracy.tolist()) == ([-16.0], [0.9])
