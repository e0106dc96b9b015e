"""Several stages at a time: as DVC alone would do it, only sooner; what fails says why; locks are waited for."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from reprise.repro.command import repro
from reprise.repro.slots import gpus


@pytest.fixture
def fan(toy):
    """A first stage, two that read from it, one in another file that reads from both, and a last one."""
    toy.write(
        toy.stage("first"),
        "  fan:\n    matrix:\n      cell: [a, b]\n    cmd: python step.py fan-${item.cell}.txt 1 first.txt\n"
        "    deps:\n      - first.txt\n    outs:\n      - fan-${item.cell}.txt\n",
        toy.stage("last", 0, "join"),
    )
    toy.write(
        "  join:\n    wdir: ../..\n    cmd: python step.py join.txt 0 fan-a.txt fan-b.txt\n"
        "    deps:\n      - fan-a.txt\n      - fan-b.txt\n    outs:\n      - join.txt\n",
        file="pipelines/more/dvc.yaml",
    )
    return toy


def locks(folder: Path) -> dict[str, object]:
    names = ("dvc.lock", "pipelines/more/dvc.lock")
    return {name: YAML(typ="safe").load((folder / name).read_text()) for name in names}


def test_it_ends_as_dvc_alone_does_and_really_runs_side_by_side(fan, tmp_path, capfd):
    alone = tmp_path / "alone"
    shutil.copytree(fan.folder, alone)
    assert repro([], jobs=2) == 0
    subprocess.run(["dvc", "repro", "--quiet"], cwd=alone, check=True)
    assert locks(fan.folder) == locks(alone)  # one dvc.lock, written by several processes: no entry is lost
    assert len(locks(fan.folder)["dvc.lock"]["stages"]) == 4
    times = fan.spans()
    a, b = times["fan-a.txt"], times["fan-b.txt"]
    assert max(a[0], b[0]) < min(a[1], b[1])
    assert times["first.txt"][1] <= min(a[0], b[0])
    assert times["join.txt"][0] >= max(a[1], b[1])
    status = subprocess.run(["dvc", "status"], capture_output=True, text=True, check=True)
    assert "up to date" in status.stdout
    printed = capfd.readouterr().err
    assert printed.startswith("5 stages to do, 2 at a time, about ")
    assert printed.count("start: ") == printed.count("done: ") == 5
    assert "done: more:join, " in printed
    assert "5 of 5 stages done, " in printed
    (fan.folder / "times.txt").unlink()
    assert repro([], jobs=2) == 0
    assert capfd.readouterr().err == "all 5 stages are up to date\n"
    (fan.folder / "fan-b.txt").write_text("damaged")
    assert repro(["more"], jobs=1) == 0
    assert fan.spans() == {}
    _, told, end = capfd.readouterr().err.splitlines()  # what reads from it is unchanged: not a word
    assert told.startswith("done: fan@b, from DVC's run cache (1 of 2, about ")
    assert end.startswith("2 of 2 stages done (0 ran), ")


def test_what_reads_from_a_failed_stage_never_starts_and_the_rest_still_runs(fan, capfd):
    (fan.folder / "fail").write_text("fan-a.txt")
    assert repro([], jobs=1) == 1
    done = set(fan.spans())
    assert done == {"first.txt", "fan-b.txt"}
    assert not (fan.folder / "join.txt").exists()
    printed = capfd.readouterr().err
    assert "not run, for they read from what failed: last, more:join\n" in printed
    assert ", 1 failed: fan@a" in printed
    (fan.folder / "fail").unlink()
    assert repro([], jobs=2) == 0
    assert set(fan.spans()) - done == {"fan-a.txt", "join.txt", "last.txt"}


def test_a_failed_stage_says_why_and_where_all_of_it_is(toy, capfd):
    toy.write(toy.stage("first"), toy.stage("silent", cmd="exit 7"), toy.stage("killed", cmd="kill -9 $$"))
    (toy.folder / "fail").write_text("first.txt")
    assert repro(["first", "silent", "killed"], jobs=2) == 1
    printed = capfd.readouterr().err
    assert "FAILED: first after " in printed
    assert "; it said last; all of it: data/logs/first.log\n" in printed
    assert "  | working on first.txt\n  | there is no such thing as first.txt\n  | ERROR: " in printed
    assert "failed to run: python step.py first.txt 0.0, exited with 3\n" in printed
    assert "failed to run: exit 7, exited with 7\n" in printed
    assert "exited with -9 (killed from outside; perhaps memory ran out)\n" in printed
    whole = (toy.folder / "data" / "logs" / "first.log").read_text()
    assert whole.startswith("Running stage 'first':")
    assert "there is no such thing as first.txt" in whole


def test_a_reason_is_shown_where_no_log_can_be_written(toy, capfd):
    toy.write(toy.stage("first", cmd=r"printf 'one\rtwo\033[2J\nthree' && false"))
    (toy.folder / "data").write_text("a file, no folder")
    assert repro([], jobs=1) == 1
    printed = capfd.readouterr().err
    assert "it said last\n" in printed
    assert "  | two\\x1b[2J\n  | three" in printed


def test_what_dvc_cannot_do_is_named_too(toy, capfd):
    toy.write(toy.stage("first"))
    (toy.folder / ".dvc" / "cache").mkdir(exist_ok=True)
    (toy.folder / ".dvc" / "cache" / "files").write_text("no folder: nothing can be put here")
    assert repro([], jobs=1) == 1
    printed = capfd.readouterr().err
    assert "FAILED: first after " in printed
    assert "ERROR: failed to reproduce 'first': " in printed
    assert ".dvc/cache/files" in printed


def test_one_slot_begins_with_what_gives_verdicts_and_then_takes_the_longest_way(toy, capfd):
    verdicts = ("reproduced", "inconclusive")
    declared = {str(i): {"kind": "measured", "verdict": verdict} for i, verdict in enumerate(verdicts)}
    (toy.folder / "found.json").write_text(json.dumps({"declared": declared}))
    note = "python step.py {0}.txt 0 && mkdir -p data/evidence/{0} && cp found.json data/evidence/{0}/evidence.json"
    study = "  {0}:\n    cmd: " + note + "\n    meta:\n      seconds: {1}\n    outs:\n      - data/evidence/{0}\n"
    toy.write(
        toy.stage("begins", more="meta: {seconds: 1}"),
        toy.stage("ends", 0, "begins", more="meta: {seconds: 30}"),
        study.format("slow_study", 25),
        study.format("quick_study", 3),
        "  cells:\n    matrix:\n      cell: [a, b]\n    cmd: python step.py cell-${item.cell}.txt 0\n"
        "    meta:\n      seconds: {a: 3, b: 28}\n    outs:\n      - cell-${item.cell}.txt\n",
    )
    assert repro([], jobs=1) == 0
    order = ["quick_study", "begins", "ends", "cell-b", "slow_study", "cell-a"]
    assert [name.removesuffix(".txt") for name in toy.spans()] == order
    printed = capfd.readouterr().err
    assert "done: quick_study, " in printed
    assert " s, 1 reproduced, 1 inconclusive (1 of 6, about " in printed
    assert "; verdicts: 1 reproduced, 1 inconclusive\n" in printed  # two studies answer the same two claims
    assert repro([], jobs=1) == 0
    assert capfd.readouterr().err == "all 6 stages are up to date; verdicts: 1 reproduced, 1 inconclusive\n"


def test_an_unknown_target_names_the_nearest_stage_and_runs_nothing(fan):
    with pytest.raises(ValueError, match=r"no stage 'jion' \(did you mean 'join'\?\)"):
        repro(["first", "jion"], jobs=2)
    assert fan.spans() == {}


def test_a_target_brings_what_it_reads_from_and_is_taken_from_where_one_is(fan, monkeypatch):
    monkeypatch.chdir(fan.folder / "pipelines" / "more")
    assert repro(["../../dvc.yaml:fan@a"], jobs=1) == 0
    assert set(fan.spans()) == {"first.txt", "fan-a.txt"}
    assert (fan.folder / "data" / "logs").is_dir()
    assert repro([], jobs=2) == 0  # ./dvc.yaml, as for DVC
    assert set(fan.spans()) == {"first.txt", "fan-a.txt", "fan-b.txt", "join.txt"}


def test_a_folder_without_dvc_is_a_plain_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="DVC repository"):
        repro([], jobs=2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stages: [", r"unable to read: 'dvc.yaml', YAML file structure is corrupted"),
        ("stages:\n  a:\n    cmmd: x\n", r"dvc.yaml' validation failed: .*extra keys not allowed.*cmmd"),
        ("stages:\n  a:\n    cmd: x\n    meta: {seconds: soon}\n", r"dvc.yaml: stage a: meta.seconds: found 'soon'"),
    ],
)
def test_a_wrong_dvc_yaml_is_a_plain_error_in_one_line(toy, text, message):
    (toy.folder / "dvc.yaml").write_text(text)
    with pytest.raises(ValueError, match=message) as found:
        repro([], jobs=1)
    assert "\n" not in str(found.value)


def test_a_lock_file_that_a_full_disk_emptied_is_named_with_what_puts_it_back(toy):
    toy.write(toy.stage("first"))
    (toy.folder / "dvc.lock").touch()
    with pytest.raises(ValueError, match=r"dvc\.lock' validation failed.*`git checkout -- \./dvc\.lock` puts back"):
        repro([], jobs=1)


def test_stages_have_this_interpreter_first_its_paths_and_a_file_for_progress(toy, monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["/somewhere", os.environ.get("PYTHONPATH", "")]))
    (toy.folder / "first.py").write_text(
        "import os, sys\nfrom reprise.progress import VARIABLE, report_text\n"
        "report_text('x')\np = os.environ[VARIABLE]\n"
        "told = [sys.executable, os.environ['PYTHONPATH'], p, os.path.getsize(p) > 3]\n"
        "print(*told, sep='|', file=open('first.txt', 'w'))\n"
    )
    toy.write(toy.stage("first", cmd="python first.py"))
    assert repro(["first"], jobs=1) == 0
    executable, path, progress, written = (toy.folder / "first.txt").read_text().strip().split("|")
    assert Path(executable).parent == Path(sys.executable).parent
    assert path == os.environ["PYTHONPATH"]
    assert written == "True"
    assert not Path(progress).parent.exists()


def test_every_job_gets_a_gpu_of_its_own_in_turn(toy, tmp_path, monkeypatch):
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'GPU 0: one (UUID: x)'\necho 'GPU 1: two (UUID: y)'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert gpus() == ["0", "1"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert gpus() == []
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    assert gpus() == ["3", "5"]
    cmd = "echo $CUDA_VISIBLE_DEVICES > {}.txt && sleep 0.5"
    toy.write(*(toy.stage(name, cmd=cmd.format(name)) for name in "ab"))
    assert repro([], jobs=2) == 0
    assert sorted((toy.folder / f"{name}.txt").read_text().strip() for name in "ab") == ["3", "5"]


def test_two_at_once_neither_fails_and_each_stage_runs_once(toy):
    slow = "until test -e go; do sleep 0.1; done; python step.py first.txt 0"
    toy.write(toy.stage("first", cmd=slow), toy.stage("second", 0.5, "first"))
    one = toy.start()
    assert "1 at a time" in one.stderr.readline()
    assert one.stderr.readline() == "start: first\n"
    other, others = toy.start(), ""
    while "first waits for process " not in others:
        assert other.poll() is None, others
        others += other.stderr.readline()
    (toy.folder / "go").touch()
    said, others = one.communicate()[1], others + other.communicate()[1]
    assert (one.returncode, other.returncode) == (0, 0), f"{said}\n{others}"
    assert [*toy.spans()] == ["first.txt", "second.txt"]
    assert (toy.folder / "times.txt").read_text().count("\n") == 2
    assert "first waits for process " in others
    assert " (reprise repro first)" in others
    assert "FAILED" not in said + others


def test_dvcs_lock_in_another_process_is_waited_for_and_its_holder_named(toy):
    toy.write(toy.stage("first"))
    (toy.folder / ".dvc" / "tmp").mkdir(exist_ok=True)
    with (toy.folder / ".dvc" / "tmp" / "lock").open("w") as stream:  # as zc.lockfile does it, for DVC
        fcntl.flock(stream, fcntl.LOCK_EX)
        stream.write(f" {os.getpid()}\n")
        stream.flush()
        run = toy.start()
        assert f"waits for DVC's lock: process {os.getpid()} (" in run.stderr.readline()
        assert toy.spans() == {}
        fcntl.flock(stream, fcntl.LOCK_UN)
    assert run.wait() == 0
    assert set(toy.spans()) == {"first.txt"}


def test_an_rwlock_entry_of_a_living_process_is_waited_for_and_of_a_dead_one_is_not(toy):
    toy.write(toy.stage("first"))
    (toy.folder / ".dvc" / "tmp").mkdir(exist_ok=True)
    rwlock = toy.folder / ".dvc" / "tmp" / "rwlock"
    holder = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", "dvc", "add", "first.txt"])
    time.sleep(0.1)
    entry = {"pid": holder.pid, "cmd": "dvc add first.txt"}
    rwlock.write_text(json.dumps({"write": {str(toy.folder / "first.txt"): entry}}))
    run = toy.start()
    line = run.stderr.readline()
    while "waits for" not in line:
        assert run.poll() is None
        line = run.stderr.readline()
    assert line == f"first waits for process {holder.pid} (dvc add first.txt)\n"
    assert toy.spans() == {}
    holder.kill()  # and not waited for: a zombie, which DVC takes for alive
    rest = run.communicate()[1]
    holder.wait()
    assert run.returncode == 0, rest
    assert "is gone; its lock is removed" in rest
    assert set(toy.spans()) == {"first.txt"}


def test_an_rwlock_that_a_full_disk_cut_short_is_mended_before_and_while_stages_run(toy, capfd):
    (toy.folder / "broken").write_text('{"write": {"/x')
    (toy.folder / ".dvc" / "tmp").mkdir(exist_ok=True)
    (toy.folder / ".dvc" / "tmp" / "rwlock").touch()
    breaks = "test -e once || cp broken .dvc/tmp/rwlock; touch once; python step.py first.txt 0.5"
    toy.write(toy.stage("first", cmd=breaks), toy.stage("second"))
    assert repro([], jobs=2) == 0
    printed = capfd.readouterr().err
    assert ".dvc/tmp/rwlock was empty (a full disk leaves it so) and belonged to no living process: removed" in printed
    assert ".dvc/tmp/rwlock was broken (a full disk leaves it so)" in printed
    assert "FAILED" not in printed
    assert {"first.txt", "second.txt"} <= set(toy.spans())
    assert (toy.folder / "first.txt").exists()
    status = subprocess.run(["dvc", "status"], capture_output=True, text=True, check=True)
    assert "up to date" in status.stdout
