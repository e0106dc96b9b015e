"""Who holds DVC's locks: what is left of dead processes goes, what belongs to a living one stays."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from reprise.repro.locks import BusyError, broken, last_holder, mend

SLEEPER = [sys.executable, "-c", "import sys, time; time.sleep(600)"]


@pytest.fixture
def folder(toy) -> Path:
    (toy.folder / ".dvc" / "tmp").mkdir(exist_ok=True)
    return toy.folder / ".dvc" / "tmp"


@pytest.fixture
def living(folder):
    """A living Python process in the repository, with `dvc repro x` among its arguments; it began before any file."""
    process = subprocess.Popen([*SLEEPER, "/bin/dvc", "repro", "x"], cwd=folder.parents[1])
    time.sleep(0.05)
    yield process
    process.kill()
    process.wait()


def hold(folder: Path, write: int | None = None, read: int | None = None, command: str = "dvc repro x") -> Path:
    path = folder / "rwlock"
    entries = {}
    if write is not None:
        entries["write"] = {"/data/out": {"pid": write, "cmd": command}}
    if read is not None:
        entries["read"] = {"/data/in": [{"pid": read, "cmd": command}]}
    path.write_text(json.dumps(entries))
    return path


def dead() -> int:
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def clear(folder: Path) -> list[str]:
    return mend(folder, folder.parents[1])


def test_a_dead_processs_lock_is_no_lock_and_a_living_ones_stays(folder, living):
    path = hold(folder, write=dead(), read=living.pid)
    lines = clear(folder)
    assert len(lines) == 1
    assert "is gone; its lock is removed" in lines[0]
    assert "dvc repro x" in lines[0]
    assert json.loads(path.read_text()) == {
        "write": {}, "read": {"/data/in": [{"pid": living.pid, "cmd": "dvc repro x"}]},
    }  # fmt: skip
    assert clear(folder) == []


def test_a_zombie_holds_nothing_though_its_number_exists(folder):
    process = subprocess.Popen(["true"])
    while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    path = hold(folder, write=process.pid)
    assert psutil.pid_exists(process.pid)  # what DVC goes by
    assert len(clear(folder)) == 1
    assert not path.exists()
    process.wait()


def test_a_number_that_another_program_has_now_holds_nothing(folder):
    other = subprocess.Popen(["sleep", "600"], cwd=folder)
    try:
        time.sleep(0.05)
        hold(folder, write=other.pid)
        assert len(clear(folder)) == 1
    finally:
        other.kill()
        other.wait()


def test_another_command_holds_nothing_where_it_is_younger_than_the_file_and_is_waited_for_where_it_is_older(
    folder, living
):
    path = hold(folder, write=living.pid, command="dvc push")
    assert clear(folder) == []
    os.utime(path, (time.time() - 3600, time.time() - 3600))
    assert len(clear(folder)) == 1


def test_a_clock_that_was_set_makes_no_holder_dead(folder, living):
    path = hold(folder, write=living.pid)
    os.utime(path, (0, 0))
    assert clear(folder) == []


def test_a_python_elsewhere_with_other_arguments_holds_nothing(folder, tmp_path):
    other = subprocess.Popen(SLEEPER, cwd=tmp_path)
    try:
        time.sleep(0.05)
        hold(folder, read=other.pid)
        assert len(clear(folder)) == 1
    finally:
        other.kill()
        other.wait()


def test_whoever_asks_holds_nothing(folder):
    hold(folder, write=os.getpid())
    assert len(clear(folder)) == 1


@pytest.mark.parametrize("pid", [-5, 2**31 - 1, 2**70])
def test_impossible_numbers_hold_nothing(folder, pid):
    hold(folder, write=pid)
    assert len(clear(folder)) == 1


BROKEN = [
    "", "  \n", "{", '{"write": {"/data/out": {"pid": 99', "[]", "7", '{"write": 3}', '{"other": {}}', "\xff\xfe\x00",
    '{"read": {"/data/in": {"pid": 1}}}', '{"write": {"/data/out": {"pid": "1", "cmd": "x"}}}', '{"write": null}',
    '{"write": {"/data/out": {"pid": 1, "cmd": "x", "more": 2}}}', "[" * 50_000,
]  # fmt: skip


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_one_without_a_living_owner_is_told_and_removed(folder, text):
    path = folder / "rwlock"
    path.write_bytes(text.encode("latin-1"))
    assert broken(folder)
    lines = clear(folder)
    assert len(lines) == 1
    assert lines[0].startswith(f".dvc/tmp/rwlock was {'broken' if text.strip() else 'empty'} (a full disk leaves")
    assert not path.exists()
    assert not broken(folder)


def test_a_broken_one_of_a_living_process_is_left_to_it(folder, living):
    path = folder / "rwlock"
    path.write_text('{"write": {"/data/out": {"pid": ' + f"{living.pid}")
    with pytest.raises(BusyError, match=f"is broken and may belong to process {living.pid} .*waiting for its end"):
        clear(folder)
    assert path.exists()
    living.kill()
    living.wait()
    assert len(clear(folder)) == 1


def test_an_empty_one_is_left_to_whoever_runs_dvc_here(folder, tmp_path):
    script = tmp_path / "dvc"
    script.write_text(f"#!{sys.executable}\nimport time\ntime.sleep(600)\n")
    script.chmod(0o755)
    other = subprocess.Popen([script, "repro"], cwd=folder)
    try:
        Path(folder / "rwlock").touch()
        time.sleep(0.2)
        with pytest.raises(BusyError, match=f"process {other.pid} "):
            clear(folder)
    finally:
        other.kill()
        other.wait()
    assert len(clear(folder)) == 1


def written(path):
    """What writing changes; reading changes the time of access."""
    found = os.stat(path)
    return found.st_ino, found.st_mode, found.st_size, found.st_mtime_ns


@pytest.mark.parametrize("text", ["{}", '{"read": {}}', '{"write": {}, "read": {}}', None])
def test_where_nobody_holds_anything_nothing_is_touched(folder, text):
    if text is not None:
        (folder / "rwlock").write_text(text)
        before = written(folder / "rwlock")
    assert clear(folder) == []
    assert not broken(folder)
    if text is not None:
        assert written(folder / "rwlock") == before


def test_dvcs_guard_of_the_file_is_respected(folder, monkeypatch):
    monkeypatch.setattr("dvc.lock.DEFAULT_TIMEOUT", 0.3)
    hold(folder, write=dead())
    with (folder / "rwlock.lock").open("w") as stream:
        stream.write(f" {os.getpid()}\n")
        stream.flush()
        fcntl.flock(stream, fcntl.LOCK_EX)
        with pytest.raises(BusyError, match=rf"rwlock\.lock is held by process {os.getpid()} "):
            clear(folder)
    assert len(clear(folder)) == 1


@pytest.mark.parametrize("text", ["", "x", "999999999999", "-3"])
def test_a_lock_that_names_nobody_alive_has_no_holder(folder, text):
    (folder / "lock").write_text(text)
    assert last_holder(folder / "lock") is None


def test_dvc_itself_reads_what_is_left(toy, folder, living):
    toy.write(toy.stage("a"))
    hold(folder, write=dead(), read=living.pid)
    assert len(clear(folder)) == 1
    subprocess.run(["dvc", "repro", "--quiet"], check=True)
    assert (toy.folder / "a.txt").exists()
