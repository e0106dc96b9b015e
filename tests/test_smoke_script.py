"""What a run left is found, or `make torture` and `make nodes` could not fail."""

from __future__ import annotations

import importlib
import json
import sys

import pytest
from scripts import smoke
from tests.conftest import ROOT
from tests.test_files import killed_while_writing

OURS = f".reprise-{'0' * 32}.tmp"


@pytest.fixture
def clone(tmp_path):
    clone = tmp_path / "clone"
    (clone / "reports").mkdir(parents=True)
    smoke.scratch(clone).mkdir()
    return clone


@pytest.mark.parametrize(
    "name", [f"data/checkpoints/s/v/0/{OURS}.ckpt", f"reports/{OURS}.json", f".dvc/{OURS}", ".dvc/tmp/rwlock.new"]
)
def test_a_temporary_file_anywhere_is_left_over(clone, name):
    (clone / name).parent.mkdir(parents=True, exist_ok=True)
    (clone / name).write_text("half")
    (clone / "reports" / "ledger.json").write_text("whole")
    assert smoke.left_over(clone) == [str(clone / name)]


def test_what_a_killed_writer_really_leaves_is_left_over(clone):
    (name,) = killed_while_writing(clone / "reports" / "a.json")
    assert smoke.left_over(clone) == [str(clone / "reports" / name)]


def test_whatever_lies_in_the_runs_own_tmpdir_is_left_over_until_it_is_forgotten(clone):
    assert smoke.environment(clone)["TMPDIR"] == str(smoke.scratch(clone))
    for name in ("reprise-run-abc.lock", "pymp-xyz", "torchinductor_me"):  # the last is a cache of torch's
        (smoke.scratch(clone) / name).touch()
    assert [path.rpartition("/")[2] for path in smoke.left_over(clone)] == ["pymp-xyz", "reprise-run-abc.lock"]
    smoke.forget(clone)
    assert smoke.left_over(clone) == []


def test_a_lock_is_one_where_somebody_holds_it(clone):
    rwlock = clone / ".dvc" / "tmp" / "rwlock"
    rwlock.parent.mkdir(parents=True)
    assert smoke.locks(clone) == []
    rwlock.write_text("{}")
    assert smoke.locks(clone) == []
    rwlock.write_text(json.dumps({"write": {}, "read": {"a": [{"pid": 1, "cmd": "dvc"}]}}))
    assert smoke.locks(clone) == [rwlock.read_text()]


RUN = """
import os, sys, time
from pathlib import Path
open("reports/.reprise-" + "0" * 32 + ".tmp.json", "w") if len(sys.argv) > 1 and Path("killed").exists() else None
Path("killed").touch()
time.sleep(0.5)
Path("reports/ledger.json").write_text("whole")
"""


@pytest.mark.parametrize(("more", "kept", "left"), [([], 3, 0), (["leaves something"], 0, 1)])
def test_kills_are_counted_with_what_they_left(monkeypatch, capsys, more, kept, left):
    monkeypatch.syspath_prepend(ROOT / "scripts")
    torture = importlib.import_module("torture")

    def make_clone(folder, studies):
        (folder / "reports").mkdir(parents=True)
        torture.smoke.scratch(folder).mkdir()
        return folder

    monkeypatch.setattr(torture.smoke, "make_clone", make_clone)
    monkeypatch.setattr(torture.smoke, "repro_command", lambda *_: [sys.executable, "-c", RUN, *more])
    monkeypatch.setattr(torture.random.Random, "uniform", lambda *_: 0.1)
    row = torture.pipeline(3, "few", 0)
    assert (row.tried, row.what, row.kept, row.wrong) == (3, "kills", kept, left)
    said = capsys.readouterr().out
    assert said.startswith("3 kills dealt, 1 runs that ended, ")
    assert said.endswith(f" s, locks left: 0, temporary files left: {left}, files that differ: 0\n")
