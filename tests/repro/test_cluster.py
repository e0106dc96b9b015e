"""Stages on other machines: two nodes with checkouts of their own and a folder as DVC's remote, all on this machine."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

pytest.importorskip("distributed", reason="reprise[cluster] is not installed")

from distributed import LocalCluster

from reprise.repro.command import repro
from reprise.repro.own import local, slurm

REPRO = "import sys; from reprise.repro.command import repro; sys.exit(repro(sys.argv[2:], 1, scheduler=sys.argv[1]))"
# step.py OUT SOURCE...: notes when and by whom, waits while a file `wait` holds its name, fails where `fail` does
STEP = """
import os, sys, time
from pathlib import Path

notes = Path(os.environ["NOTES"])
out, *sources = sys.argv[1:]
with (notes / "began").open("a") as stream:
    stream.write(f"{out} {os.getpid()} {os.getcwd()}\\n")
Path(out).write_text("half")
while out in (notes / "wait").read_text().split():
    time.sleep(0.05)
if out in (notes / "fail").read_text().split():
    sys.exit(f"there is no such thing as {out}")
Path(out).write_text(out + "".join(Path(source).read_text() for source in sources))
"""
STAGES = """
stages:
  first:
    cmd: python step.py first.txt
    deps: [step.py]
    outs: [first.txt]
  many:
    matrix: {cell: [b, a]}
    cmd: python step.py many-${item.cell}.txt first.txt
    deps: [step.py, first.txt]
    outs: ["many-${item.cell}.txt"]
  grows:
    cmd: test -e grown.txt || python step.py grown.txt many-a.txt
    deps: [step.py, many-a.txt]
    outs:
      - grown.txt: {persist: true}
  official:
    cmd: python step.py official.txt unknown.bin
    deps: [step.py, unknown.bin]
    outs: [official.txt]
  unnamed:
    cmd: python step.py unnamed.txt first.txt many-a.txt
    deps: [step.py, many-b.txt]
    meta: {here: true}
    outs: [unnamed.txt]
  last:
    cmd: python step.py last.txt grown.txt many-b.txt official.txt
    deps: [step.py, grown.txt, many-b.txt, official.txt, unnamed.txt]
    outs:
      - last.txt: {cache: false}
"""


class Farm:
    """A checkout with a remote, and what its stages noted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.notes = folder.parent / "notes"
        self.processes: list[subprocess.Popen[str]] = []

    def start(self, scheduler: str, *targets: str) -> subprocess.Popen[str]:
        """A run in a process group of its own, as a terminal has it."""
        command = [sys.executable, "-c", REPRO, scheduler, *targets]
        process = subprocess.Popen(command, cwd=self.folder, stderr=subprocess.PIPE, text=True, process_group=0)
        self.processes.append(process)
        return process

    def began(self) -> list[list[str]]:
        """Output, process and folder of each start of a command."""
        path = self.notes / "began"
        return [line.split() for line in path.read_text().splitlines()] if path.exists() else []

    def until(self, out: str, times: int = 1) -> list[list[str]]:
        """Waits until a stage has begun so often."""
        deadline = time.monotonic() + 120
        while len(rows := [row for row in self.began() if row[0] == out]) < times:
            assert time.monotonic() < deadline, "it never began"
            time.sleep(0.05)
        return rows

    def results(self) -> dict[str, bytes]:
        """Locks and outputs."""
        return {path.name: path.read_bytes() for path in self.folder.iterdir() if path.suffix in (".txt", ".lock")}


@pytest.fixture
def farm(empty, tmp_path, monkeypatch) -> Iterator[Farm]:
    folder = tmp_path / "farm"
    shutil.copytree(empty, folder)
    made = Farm(folder)
    made.notes.mkdir()
    for name in ("wait", "fail"):
        (made.notes / name).touch()
    monkeypatch.setenv("NOTES", str(made.notes))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.chdir(folder)
    (folder / "step.py").write_text(STEP)
    (folder / "dvc.yaml").write_text(STAGES)
    (folder / "unknown.bin").write_text("as it came")
    (folder / ".dvc" / "config").write_text("[core]\n    analytics = false\n")
    (folder / ".dvc" / "config.local").write_text(
        f"[core]\n    remote = store\n['remote \"store\"']\n    url = {tmp_path}/store\n"
    )
    subprocess.run(["git", "init", "--quiet"], check=True)
    (folder / ".gitignore").write_text("unknown.bin\n/data/\n")
    yield made
    for process in made.processes:
        if process.poll() is None:
            process.kill()
            process.communicate()


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_two_nodes_end_as_a_serial_run_and_what_they_made_is_found_again_by_another_checkout(farm, tmp_path, capfd):
    serial = tmp_path / "serial"
    shutil.copytree(farm.folder, serial)
    assert repro([], 1, scheduler="local:2") == 0
    said = capfd.readouterr().err
    assert re.search(r"^dashboard: http://127\.0\.0\.1:\d+/status$", said, re.MULTILINE)
    assert "7 stages to do, 2 at a time" in said
    assert "7 of 7 stages done" in said
    where = {row[0]: row[2] for row in farm.began()}
    here = {out for out, folder in where.items() if Path(folder) == farm.folder}
    # git does not know what the first reads, the second reads more than it names, DVC does not keep the third
    assert here == {"official.txt", "unnamed.txt", "last.txt"}
    assert not any(Path(folder).is_relative_to(farm.folder) for out, folder in where.items() if out not in here)
    assert "working" not in (farm.folder / "data" / "logs" / "first.log").read_text()
    assert "python step.py first.txt" in (farm.folder / "data" / "logs" / "first.log").read_text()
    found = farm.results()
    os.chdir(serial)
    begun = len(farm.began())
    shutil.rmtree(serial / ".dvc" / "cache", ignore_errors=True)
    assert repro([], 1) == 0
    assert len(farm.began()) == 2 * begun  # all of it ran again
    assert Farm(serial).results() == found
    os.chdir(farm.folder)
    capfd.readouterr()
    assert repro([], 1, scheduler="local:1") == 0
    assert "all 7 stages are up to date" in capfd.readouterr().err

    fresh = tmp_path / "fresh"
    fresh.mkdir()
    for name in ("step.py", "dvc.yaml", "unknown.bin", ".gitignore", ".git", ".dvc"):
        copy = shutil.copytree if (farm.folder / name).is_dir() else shutil.copy
        copy(farm.folder / name, fresh / name)
    shutil.rmtree(fresh / ".dvc" / "cache")
    shutil.rmtree(fresh / ".dvc" / "tmp")
    os.chdir(fresh)
    begun = len(farm.began())
    assert repro(["many"], 1, scheduler="local:1") == 0
    assert "done: many@a, from DVC's run cache" in capfd.readouterr().err
    assert len(farm.began()) == begun
    assert (fresh / "many-a.txt").read_bytes() == found["many-a.txt"]


def test_a_killed_node_leaves_no_command_and_another_one_starts_it_from_the_beginning(farm):
    (farm.notes / "wait").write_text("first.txt")
    run = farm.start("local:2", "many")
    ((_, pid, folder),) = farm.until("first.txt")
    command = psutil.Process(int(pid))
    node = next(each for each in command.parents() if "spawn_main" in " ".join(each.cmdline()))
    node.kill()
    _, (_, _, other) = farm.until("first.txt", 2)
    assert other != folder
    deadline = time.monotonic() + 10
    while alive(command.pid):
        assert time.monotonic() < deadline, "its command goes on"
        time.sleep(0.05)
    (farm.notes / "wait").write_text("")
    said = run.communicate(timeout=300)[1]
    assert run.returncode == 0, said
    assert " is gone: " in said
    assert (farm.folder / "many-a.txt").read_text() == "many-a.txtfirst.txt"


def test_a_second_run_of_a_checkout_waits_for_the_first_and_finds_what_it_made(farm):
    (farm.notes / "wait").write_text("first.txt")
    first = farm.start("local:1", "first")
    farm.until("first.txt")
    second = farm.start("local:1", "first")
    said = (
        f"process {first.pid} (reprise repro --scheduler local:1 first) runs this checkout's stages on nodes: waiting"
    )
    assert said in second.stderr.readline()
    (farm.notes / "wait").write_text("")
    assert "1 of 1 stages done" in first.communicate(timeout=120)[1]
    assert "the stage is up to date" in second.communicate(timeout=120)[1]
    assert (first.returncode, second.returncode) == (0, 0)
    assert len(farm.began()) == 1


@pytest.mark.parametrize("frozen", [False, True])
def test_ctrl_c_in_a_terminal_ends_all_nodes_without_a_word_of_theirs_frozen_ones_too(farm, frozen):
    (farm.notes / "wait").write_text("first.txt")
    run = farm.start("local:2", "first")
    ((_, pid, _),) = farm.until("first.txt")
    below = psutil.Process(run.pid).children(recursive=True)
    node = next(each for each in psutil.Process(int(pid)).parents() if "spawn_main" in " ".join(each.cmdline()))
    if frozen:
        node.suspend()
    start = time.monotonic()
    os.killpg(run.pid, signal.SIGINT)
    said = run.communicate(timeout=60)[1]
    assert run.returncode == 130, said
    assert time.monotonic() - start < 30
    assert "Traceback" not in said
    assert "Dask" not in said
    assert bool(re.search(r"node tls://127\.0\.0\.1:\d+ does not answer and is left", said)) == frozen, said
    deadline = time.monotonic() + 10
    while left := [each for each in below if alive(each.pid)]:
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


def test_a_stage_too_large_for_a_node_runs_here_and_one_too_large_for_the_machine_fails(farm, capfd):
    total = psutil.virtual_memory().total
    (farm.folder / "dvc.yaml").write_text(
        "stages:\n"
        + "".join(
            f"  {name}:\n    cmd: python step.py {name}.txt\n    deps: [step.py]\n    outs: [{name}.txt]\n"
            f"    meta: {{resources: {{memory: {memory:.0f}}}}}\n"
            for name, memory in {"large": 0.7 * total, "huge": 1e15}.items()
        )
    )
    assert repro([], 1, scheduler="local:2") == 1
    said = capfd.readouterr().err
    share = f"the largest node has memory {round(total / 2e9, 3):g} GB"
    assert f"large asks for memory {round(0.7 * total / 1e9, 3):g} GB, and {share}" in said
    assert f"FAILED: huge asks for memory 1e+06 GB, and {share}" in said
    assert "state less under its meta.resources, or run it on a larger machine" in said
    assert [(row[0], Path(row[2])) for row in farm.began()] == [("large.txt", farm.folder)]
    assert (farm.folder / "large.txt").exists()


def test_a_stage_too_large_for_slurms_jobs_fails_and_runs_neither_where_they_are_submitted_nor_never(
    farm, capfd, tmp_path, monkeypatch
):
    jobs = tmp_path / "bin"
    jobs.mkdir()
    (jobs / "sbatch").write_text("#!/bin/sh\n")
    (jobs / "sbatch").chmod(0o755)
    monkeypatch.setenv("PATH", f"{jobs}:{os.environ['PATH']}")
    monkeypatch.setattr("reprise.repro.own.slurm", lambda count, shared: local(count, shared))
    total = psutil.virtual_memory().total
    (farm.folder / "dvc.yaml").write_text(
        "stages:\n"
        + "".join(
            f"  {name}:\n    cmd: python step.py {name}.txt\n    deps: [step.py]\n    outs: [{name}.txt]\n"
            f"    meta: {{resources: {{memory: {memory:.0f}}}}}\n"
            for name, memory in {"small": 1e6, "large": 0.7 * total}.items()
        )
    )
    assert repro([], 1, scheduler="slurm:2") == 1
    said = capfd.readouterr().err
    assert f"FAILED: large asks for memory {round(0.7 * total / 1e9, 3):g} GB, and the largest node has memory" in said
    assert "or ask for larger jobs in Dask's configuration (jobqueue.slurm.memory and job-extra-directives)" in said
    assert [row[0] for row in farm.began()] == ["small.txt"]


def test_a_late_node_is_used_a_failed_stage_ends_its_descendants_only_and_ctrl_c_all_of_it(farm, tmp_path):
    (farm.notes / "wait").write_text("many-a.txt many-b.txt")
    (farm.notes / "fail").write_text("many-b.txt")
    cluster = LocalCluster(n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0")
    try:
        run = farm.start(cluster.scheduler_address)
        farm.until("first.txt")
        deadline = time.monotonic() + 120
        while not {"many-a.txt", "many-b.txt"} & {row[0] for row in farm.began()}:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        cluster.scale(2)
        rows = [*farm.until("many-a.txt"), *farm.until("many-b.txt")]  # both at once: the late one runs one of them
        assert len({row[2] for row in rows}) == 2
        (farm.notes / "wait").write_text("grown.txt")
        pids = [int(row[1]) for row in farm.until("grown.txt")]
        line = next(line for line in run.stderr if line.startswith("FAILED"))
        assert line.startswith("FAILED: many@b after ")
        assert "data/logs/many.b.log" in line or "data/logs/many@b.log" in line
        start = time.monotonic()
        run.send_signal(signal.SIGINT)
        said = run.communicate(timeout=60)[1]
        assert run.returncode == 130
        assert time.monotonic() - start < 30
        assert "ending grows" in said
        assert "`reprise repro --scheduler tcp://" in said
        assert not any(map(alive, pids))
        assert not any("reprise.repro.worker" in " ".join(each.cmdline()) for each in _below())
        (farm.notes / "wait").write_text("")
        again = farm.start(cluster.scheduler_address)
        said = again.communicate(timeout=300)[1]
        assert again.returncode == 1
        assert "there is no such thing as many-b.txt" in said
        assert "not run, for they read from what failed: last" in said
        assert (farm.folder / "grown.txt").read_text() == "grown.txtmany-a.txtfirst.txt"
        assert not (farm.folder / "last.txt").exists()
    finally:
        cluster.close()


def _below() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def test_a_node_that_had_other_inputs_is_not_believed(farm):
    entry = {"cmd": "python step.py first.txt", "deps": [{"path": "step.py", "hash": "md5", "md5": "0" * 32}]}
    (farm.folder / "entry.json").write_text(json.dumps(entry))
    done = subprocess.run(
        [sys.executable, "-m", "reprise.repro.worker", "adopt", "first", "entry.json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "the node ran first on other inputs than those here: step.py" in done.stderr
    assert farm.results() == {}


def test_a_node_takes_nothing_half_written_for_what_a_stage_goes_on_from(farm):
    subprocess.run([sys.executable, "-m", "dvc", "repro", "--quiet", "many@a"], check=True)
    subprocess.run([sys.executable, "-m", "dvc", "push", "--quiet", "many@a"], check=True)
    (farm.folder / "grown.txt").write_text("half")  # as a command that was killed leaves it
    (farm.folder / "order.json").write_text(json.dumps({"locks": {}, "sources": ["many@a"], "entry": "entry.json"}))
    command = [sys.executable, "-m", "reprise.repro.worker", "compute", "grows", "order.json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (farm.folder / "grown.txt").read_text() == "grown.txtmany-a.txtfirst.txt"
    assert json.loads((farm.folder / "entry.json").read_text())["outs"][0]["path"] == "grown.txt"


@pytest.mark.parametrize(
    ("scheduler", "message"),
    [
        ("local:0", r"--scheduler: found 'local:0', expected ADDRESS"),
        ("slurm:2", r"--scheduler slurm: there is no sbatch here"),
        ("127.0.0.1:1", r"--scheduler 127.0.0.1:1: no Dask scheduler answers"),
    ],
)
def test_a_scheduler_that_is_none_is_a_plain_error(farm, scheduler, message, monkeypatch):
    monkeypatch.setattr("reprise.repro.cluster.PATIENCE", 1.0)
    with pytest.raises(ValueError, match=message):
        repro([], 1, scheduler=scheduler)


def test_without_a_remote_or_without_git_there_is_nothing_to_exchange_through(farm):
    (farm.folder / ".dvc" / "config.local").unlink()
    with pytest.raises(ValueError, match=r"no default DVC remote.*dvc remote add"):
        repro([], 1, scheduler="local:1")
    shutil.rmtree(farm.folder / ".git")
    with pytest.raises(ValueError, match="nodes get the files that git knows, and git says"):
        repro([], 1, scheduler="local:1")


def test_the_job_that_slurm_gets(monkeypatch, tmp_path):
    import dask

    pytest.importorskip("dask_jobqueue")
    set_ = {
        "queue": "gpus",
        "account": "lab",
        "walltime": "02:00:00",
        "memory": "16 GB",
        "job-cpu": 4,
        "job-extra-directives": ["--gres=gpu:1"],
    }
    monkeypatch.setenv("PATH", "/nowhere")  # no sbatch: the script is written, nothing is submitted
    monkeypatch.setattr("dask_jobqueue.SLURMCluster.scale", lambda self, jobs: None)
    with dask.config.set({f"jobqueue.slurm.{key}": value for key, value in set_.items()}):
        cluster, offers = slurm(3, tmp_path)
        try:
            script = cluster.job_script()
        finally:
            cluster.close()
    assert offers == [{"memory": 16e9, "GPU": 1}] * 3
    assert script.startswith("#!/usr/bin/env bash\n")
    for line in ("-J reprise", "-p gpus", "-A lab", "-t 02:00:00", "-n 1", "--cpus-per-task=4", "--mem=15G"):
        assert f"#SBATCH {line}\n" in script
    assert "#SBATCH --gres=gpu:1\n" in script
    command = script.strip().splitlines()[-1]
    assert command.startswith(f"{sys.executable} -m distributed.cli.dask_worker tls://")
    assert "--nthreads 1 " in command
    assert " --resources memory=16000000000,GPU=1 " in command
    keys = re.findall(r"--tls-\w+(?:-\w+)* (\S+)", command)
    assert len(keys) == 3
    assert all(Path(key).parent == tmp_path for key in keys)
