"""Claims 139 and 140: gradients that arrive, and what is held, on made-up scores."""

from __future__ import annotations

import numpy as np

from reprise.studies.recurrence import gates
from reprise.studies.recurrence.networks import NETWORKS
from reprise.studies.recurrence.recall import Recall
from reprise.studies.recurrence.settings import Config, Gains

GAINS = Gains(networks=6, hidden=8, steps=24, radii=[0.5, 1.0, 2.0])


def test_an_open_gate_lets_more_gradient_through_than_the_usual_start():
    reach = gates.measure_reach(GAINS)
    assert {name: values.shape for name, values in reach.items()} == dict.fromkeys(NETWORKS, (24, 6))
    assert (reach["open LSTM"][12] > reach["LSTM"][12]).all()


def test_gates_that_hold_no_more_than_a_plain_network_do_not_reproduce_the_claims():
    config = Config.model_validate(
        {
            "cases": 3,
            "gains": GAINS.model_dump(),
            "memory": {"seeds": 3, "lags": [2, 4], "rates": [0.1], "hidden": 4, "batch": 4, "updates": 20},
        }
    )
    scores = np.array([[0.5, 0.6, 0.7], [0.1, 0.2, 0.3]])
    same = Recall(dict.fromkeys(NETWORKS, scores), dict.fromkeys(("RNN", "open LSTM"), scores[1]))
    found = [f for f in gates.findings(config, gates.measure_reach(GAINS), same) if f.measures.startswith("Variance")]
    assert [f.verdict for f in found if f.kind == "claim"] == ["contradicted", "contradicted"]
    assert {f.effect.value for f in found} == {0.0}
    better = Recall(same.held | {"GRU": scores + 0.5}, same.latched)
    found = [f for f in gates.findings(config, gates.measure_reach(GAINS), better) if f.measures.startswith("Variance")]
    assert [(f.claim, f.verdict) for f in found if f.kind == "claim"] == [(139, "contradicted"), (140, "reproduced")]
