"""Claims 139 and 140: gradients that arrive, and what is held, on made-up scores."""

from __future__ import annotations

import numpy as np

from reprise.evaluation import declarations
from reprise.studies.recurrence import gates
from reprise.studies.recurrence.networks import NETWORKS
from reprise.studies.recurrence.recall import Recall
from reprise.studies.recurrence.settings import Config, Gains

DECLARED = declarations("recurrence")
SEEDS = 12
GAINS = Gains(networks=6, hidden=8, steps=24, radii=[0.5, 1.0, 2.0])


def test_an_open_gate_lets_more_gradient_through_than_the_usual_start():
    reach = gates.measure_reach(GAINS)
    assert {name: values.shape for name, values in reach.items()} == dict.fromkeys(NETWORKS, (24, 6))
    assert (reach["open LSTM"][12] > reach["LSTM"][12]).all()


def found(**held):
    """Findings where so many of twelve seeds of each network hold the number."""
    config = Config.model_validate(
        {
            "cases": 3,
            "gains": GAINS.model_dump(),
            "memory": {
                "seeds": SEEDS,
                "shown": 2,
                "lags": [2, 4],
                "rates": [0.1],
                "hidden": 4,
                "batch": 4,
                "updates": 20,
            },
        }
    )
    counts = {"RNN": 3, "LSTM": 3, "open LSTM": 3, "GRU": 3} | held
    scores = {name: [np.ones(2), np.where(np.arange(SEEDS) < n, 0.9, 0.0)] for name, n in counts.items()}
    recall = Recall(scores, dict.fromkeys(("RNN", "LSTM"), np.array([0.25, 0.3])))
    return gates.findings(DECLARED, config, gates.measure_reach(GAINS), recall)


def verdicts(findings, kind="primary"):
    return {f.claim: f.verdict for f in findings if f.kind == kind and f.measures.startswith("Share of seeds")}


def test_networks_that_hold_decide_by_how_many_of_them_do():
    assert verdicts(found(LSTM=0, GRU=12)) == {139: "contradicted", 140: "reproduced"}
    assert verdicts(found(LSTM=12, GRU=0)) == {139: "reproduced", 140: "contradicted"}
    assert verdicts(found(LSTM=6, GRU=7)) == {139: "inconclusive", 140: "inconclusive"}


def test_an_lstm_that_holds_with_an_open_gate_alone_does_not_decide():
    shown = found(LSTM=0, **{"open LSTM": 12})
    assert verdicts(shown)[139] == "contradicted"
    (opened,) = [f for f in shown if f.measures == "The same share, open LSTM"]
    assert (opened.kind, opened.variant, opened.effect.value) == ("context", "corrected", 1.0)


def test_one_unlucky_seed_moves_the_share_by_one_twelfth_however_bad_it_is():
    for bad in (0.4, -1e6):
        scores = np.append(np.ones(SEEDS - 1), bad)
        effect = Recall({"GRU": [scores]}, {}).share("GRU")
        assert effect.value == 11 / 12
        assert effect.seeds == SEEDS
        assert DECLARED[140].expect.judge(effect) == "reproduced"


def test_better_than_a_plain_network_is_said_beside_the_verdict():
    assert verdicts(found(LSTM=0, RNN=9, GRU=12), "secondary") == {139: "contradicted", 140: "inconclusive"}
    assert verdicts(found(LSTM=12, RNN=0, GRU=0), "secondary") == {139: "reproduced", 140: "contradicted"}
