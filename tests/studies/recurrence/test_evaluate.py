"""The recurrent study: exact claims decide at any size, what was trained is read, the same bytes again."""

from __future__ import annotations

import pytest
from tests.studies import made_up

from reprise.config import ConfigError
from reprise.evaluation import evaluate_study
from reprise.files import write_text

STUDY = "recurrence"


def test_claims_are_decided_at_any_size_but_for_trained_ones(evidence):
    verdicts = {claim: made_up.measured(evidence, claim) for claim in range(133, 141)}
    assert verdicts[133] == verdicts[134] == verdicts[139] == []  # built
    assert verdicts[135] == verdicts[137] == verdicts[138] == ["reproduced"]
    assert verdicts[136] == ["inconclusive"]
    assert verdicts[140] == ["inconclusive"]  # of three seeds, where twelve are planned
    (note,) = [f.undecided for f in evidence.findings if f.kind == "primary" and f.claim == 140]
    assert "3 seeds, planned are 12" in note


def test_our_code_agrees_with_every_oracle(evidence):
    oracles = [f for f in evidence.findings if f.kind == "oracle"]
    assert {f.claim for f in oracles} == {133, 134, 139, 140}
    assert {f.verdict for f in oracles} == {"reproduced"}


def test_every_network_that_remembers_is_counted(evidence):
    kinds, lags, judged, latching, rates = 4, 2, 3, 2, 2
    assert evidence.cost["networks"] == (judged * 3 + (kinds * lags - judged + latching) * 2) * rates
    (table,) = evidence.tables
    assert [row[0] for row in table.rows] == ["RNN", "LSTM", "open LSTM", "GRU"]
    assert table.columns == ("network", "2 steps", "4 steps")


def test_evidence_carries_the_settings(evidence):
    assert evidence.settings["memory"]["updates"] == 60


def test_a_second_run_writes_the_same_bytes(evidence, run, folder, tmp_path):
    run(tmp_path)
    first, second = (
        sorted(path for part in ("evidence", "sweeps") for path in (root / "data" / part).rglob("*.*"))
        for root in (folder, tmp_path)
    )
    assert [path.name for path in first] == [path.name for path in second]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert len(first) == 5 + 2


def test_without_its_sweep_evaluation_says_what_is_missing(checkout):
    with pytest.raises(FileNotFoundError, match=r"data/sweeps/recurrence/table\.csv is missing; `dvc repro`"):
        evaluate_study(checkout)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("lags: [2, 4]", "lags: [4, 2]", "memory.lags"),
        ("radii: [0.5, 1, 2, 4]", "radii: [0.5, 1, 4]", "gains.radii"),
        ("updates: 60", "updates: 6", "memory.updates"),
    ],
)
def test_bad_settings_are_refused_by_name(checkout, old, new, key):
    path = checkout.root / "pipelines/recurrence/params.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    write_text(path, text.replace(old, new))
    with pytest.raises(ConfigError, match=rf"recurrence/params\.yaml: {key}: found"):
        _ = checkout.config
