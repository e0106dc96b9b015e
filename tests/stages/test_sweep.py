"""The stage that trains a family of networks: what it writes, from which parameters, what it leaves when it fails."""

from __future__ import annotations

import json
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from reprise.files import write_text
from reprise.stages import sweep as stage
from reprise.sweeps import read_sweep
from reprise.workspace import Workspace

PARAMS = """cases: 3
gains: {networks: 10, hidden: 12, steps: 30, radii: [0.5, 1, 2, 4], otherwise: {radii: [1.1], hidden: 6, inputs: 5}}
memory: {seeds: 2, shown: 2, lags: [2, 4], rates: [0.03], hidden: 8, batch: 8, updates: 20}
"""


@pytest.fixture
def workspace(tmp_path):
    write_text(tmp_path / "params.yaml", "scale: small\n")
    write_text(tmp_path / "pipelines/recurrence/params.yaml", PARAMS)
    return Workspace("recurrence", tmp_path)


@pytest.fixture
def tiny(monkeypatch):
    """A study whose sweep is a function of the test's."""

    def use(sweep, **more):
        monkeypatch.setattr(stage, "import_part", lambda study, part: SimpleNamespace(sweep=sweep, **more))

    return use


def one_network(workspace):
    return {"score": np.array([0.5])}


def test_the_record_holds_the_parameters_that_the_study_reads(workspace, tiny):
    tiny(one_network, READS=("memory",))
    stage.sweep(workspace)
    assert read_sweep(workspace).settings == {"memory": workspace.config.memory.model_dump(mode="json")}
    tiny(one_network)
    stage.sweep(workspace)
    assert read_sweep(workspace).settings == workspace.config.model_dump(mode="json")


def test_what_an_earlier_sweep_left_is_gone(workspace, tiny):
    write_text(workspace.sweep / "old.csv", "x\n")
    tiny(one_network)
    stage.sweep(workspace)
    assert sorted(path.name for path in workspace.sweep.iterdir()) == ["sweep.json", "table.csv"]


@pytest.mark.parametrize("columns", [{}, {"a": np.zeros(2), "b": np.zeros(3)}])
def test_a_failed_sweep_leaves_nothing(workspace, tiny, columns):
    tiny(one_network)
    stage.sweep(workspace)
    tiny(lambda _: columns)
    with pytest.raises(ValueError, match="columns of one length"):
        stage.sweep(workspace)
    assert not workspace.sweep.exists()


def run(workspace, *arguments):
    command = [sys.executable, "-m", "reprise.stages.sweep", *arguments]
    return subprocess.run(command, cwd=workspace.root, capture_output=True, text=True, check=False)


def test_the_command_writes_the_same_bytes_twice(workspace):
    names = ("table.csv", "sweep.json")
    first = run(workspace, "recurrence")
    assert (first.returncode, first.stderr) == (0, "")
    bytes_ = [(workspace.sweep / name).read_bytes() for name in names]
    assert run(workspace, "recurrence").returncode == 0
    assert [(workspace.sweep / name).read_bytes() for name in names] == bytes_
    record = json.loads(bytes_[1])
    assert record["rows"] == (4 * 2 + 2) * 2 + 2
    assert bytes_[0].count(b"\n") == record["rows"] + 1


@pytest.mark.parametrize(
    ("study", "message"),
    [
        ("recurence", "pipelines/recurence/params.yaml: no study 'recurence' (did you mean 'recurrence'?)"),
        ("mixtures", "study mixtures has no sweep: src/reprise/studies/mixtures/sweep.py does not exist"),
    ],
)
def test_a_study_without_a_sweep_ends_in_one_line(workspace, study, message):
    done = run(workspace, study)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert message.split(": ", 1)[-1] in done.stderr
