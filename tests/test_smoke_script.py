"""What a run left is found, or `make torture` and `make nodes` could not fail."""

from __future__ import annotations

import json

import pytest
from scripts import smoke
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
    for name in ("reprise-run-abc.lock", "pymp-xyz"):
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
