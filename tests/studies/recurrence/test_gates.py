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
GAINS = Gains(
    networks=6, hidden=8, steps=24, radii=[0.5, 1.0, 2.0], otherwise={"radii": [1.1], "hidden": 4, "inputs": 5}
)


def test_an_open_gate_lets_more_gradient_through_than_the_usual_start():
    reach = gates.measure_reach(GAINS)
    assert {name: values.shape for name, values in reach.items()} == dict.fromkeys(NETWORKS, (24, 6))
    assert (reach["open LSTM"][12] > reach["LSTM"][12]).all()


def found(falling=0.0, **held):
    """Findings where so many of twelve seeds of each network hold the number, and their losses still fall so much."""
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
    recall = Recall(scores, dict.fromkeys(("RNN", "LSTM"), np.array([0.25, 0.3])), dict.fromkeys(counts, falling))
    return gates.findings(DECLARED, config, gates.measure_reach(GAINS), recall)


def verdicts(findings, kind="primary"):
    return {f.claim: f.verdict for f in findings if f.kind == kind and f.measures.startswith("Share of seeds")}


def why_not(findings):
    (judged,) = [f for f in findings if (f.claim, f.kind) == (140, "primary")]
    return judged.undecided


def test_a_gru_that_holds_one_number_is_not_reproduced_and_one_that_does_not_is_contradicted():
    assert verdicts(found(GRU=12)) == {140: "inconclusive"}
    assert "this task and lag alone" in why_not(found(GRU=12))
    assert verdicts(found(GRU=0)) == {140: "contradicted"}
    assert verdicts(found(GRU=7)) == {140: "inconclusive"}
    assert why_not(found(GRU=7)) == why_not(found(GRU=0)) == ""


def test_a_gru_whose_training_was_cut_off_is_not_contradicted():
    assert verdicts(found(GRU=0, falling=0.05)) == {140: "inconclusive"}
    assert "still fell by 5 %" in why_not(found(GRU=0, falling=0.05))
    assert verdicts(found(GRU=0, falling=0.01)) == {140: "contradicted"}


def test_what_an_lstm_holds_is_shown_without_a_verdict():
    shown = [f for f in found(LSTM=0, **{"open LSTM": 12}) if f.claim == 139]
    assert {f.kind for f in shown} == {"oracle", "context"}
    (opened,) = [f for f in shown if f.measures == "The same share, open LSTM"]
    assert (opened.variant, opened.effect.value) == ("corrected", 1.0)


def test_one_unlucky_seed_moves_the_share_by_one_twelfth_however_bad_it_is():
    for bad in (0.4, -1e6):
        scores = np.append(np.ones(SEEDS - 1), bad)
        effect = Recall({"GRU": [scores]}, {}, {}).share("GRU")
        assert effect.value == 11 / 12
        assert effect.seeds == SEEDS
        assert DECLARED[140].expect.judge(effect) == "reproduced"


def test_better_than_a_plain_network_is_said_beside_the_verdict():
    assert verdicts(found(RNN=9, GRU=12), "secondary") == {140: "inconclusive"}
    assert verdicts(found(RNN=0, GRU=0), "secondary") == {140: "contradicted"}
