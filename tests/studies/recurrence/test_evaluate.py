"""The recurrent study: exact claims decide at any size, what was trained is read, the same bytes again."""

from __future__ import annotations

import pytest

from reprise.claims.evidence import read_evidence
from reprise.claims.ledger import judge
from reprise.config import ConfigError
from reprise.evaluation import evaluate_study
from reprise.files import write_text
from reprise.workspace import Workspace

STUDY = "recurrence"


@pytest.fixture(scope="module")
def findings(evidence, folder):
    """As they were written."""
    return read_evidence(Workspace(STUDY, folder).evidence)["findings"]


def test_exact_claims_are_reproduced(findings):
    verdicts = {claim: judge([f for f in findings if f["claim"] == claim])[0] for claim in range(133, 139)}
    assert verdicts == dict.fromkeys(range(133, 139), "reproduced")
    parity = [f for f in findings if "PyTorch" in f["measures"]]
    assert len(parity) == 5
    assert all(f["verdict"] == "reproduced" for f in parity)
    ratio = next(f["effect"]["value"] for f in findings if f["measures"].startswith("Parameters of a GRU"))
    assert ratio == 0.75


def test_every_network_that_remembers_is_counted(evidence):
    kinds, lags, rates, seeds, latching = 4, 2, 2, 2, 2
    assert evidence.cost["networks"] == (kinds * lags + latching) * rates * seeds
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
