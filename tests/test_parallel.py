"""Several stages at a time: as DVC alone would do it, only sooner; what reads from a failed stage never starts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from reprise.parallel import gpus, matching, repro, with_ancestors

STEP = """
import sys, time
from pathlib import Path

out, seconds, *sources = sys.argv[1:]
start = time.time()
time.sleep(float(seconds))
if Path("fail").exists() and Path("fail").read_text() == out:
    sys.exit(3)
Path(out).write_text(out + "".join(Path(source).read_text() for source in sources))
with open("times.txt", "a") as stream:
    stream.write(f"{out} {start} {time.time()}\\n")
"""

PIPELINE = """
stages:
  first:
    cmd: python step.py first.txt 0
    deps:
      - step.py
    outs:
      - first.txt
  fan:
    matrix:
      cell: [a, b, c, d]
    cmd: python step.py fan-${item.cell}.txt 1.5 first.txt
    deps:
      - first.txt
    outs:
      - fan-${item.cell}.txt
  last:
    cmd: python step.py last.txt 0 join.txt
    deps:
      - join.txt
    outs:
      - last.txt
"""

JOIN = """
stages:
  join:
    wdir: ..
    cmd: python step.py join.txt 0 fan-a.txt fan-b.txt
    deps:
      - fan-a.txt
      - fan-b.txt
    outs:
      - join.txt
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A first stage, four that read from it, one in another file that reads from two of those, and a last one."""
    folder = tmp_path_factory.mktemp("toy")
    (folder / "step.py").write_text(STEP)
    (folder / "dvc.yaml").write_text(PIPELINE)
    (folder / "more").mkdir()
    (folder / "more" / "dvc.yaml").write_text(JOIN)
    subprocess.run(["dvc", "init", "--quiet", "--no-scm"], cwd=folder, check=True)
    return folder


@pytest.fixture
def toy(template, tmp_path, monkeypatch):
    folder = tmp_path / "toy"
    shutil.copytree(template, folder)
    monkeypatch.chdir(folder)
    return folder


def locks(folder: Path) -> dict[str, object]:
    return {name: YAML(typ="safe").load((folder / name).read_text()) for name in ("dvc.lock", "more/dvc.lock")}


def spans(folder: Path) -> dict[str, tuple[float, float]]:
    rows = [line.split() for line in (folder / "times.txt").read_text().splitlines()]
    return {name: (float(start), float(end)) for name, start, end in rows}


def test_it_ends_as_dvc_alone_does_and_really_runs_side_by_side(toy, tmp_path):
    alone = tmp_path / "alone"
    shutil.copytree(toy, alone)
    assert repro([], jobs=4) == 0
    subprocess.run(["dvc", "repro", "--quiet"], cwd=alone, check=True)
    assert locks(toy) == locks(alone)  # one dvc.lock, written by several processes: no entry is lost
    assert len(locks(toy)["dvc.lock"]["stages"]) == 6
    times = spans(toy)
    fan = [span for name, span in times.items() if name.startswith("fan")]
    together = max(sum(start <= moment < end for start, end in fan) for moment, _ in fan)
    assert together >= 2
    assert all(times["first.txt"][1] <= start for start, _ in fan)
    assert times["join.txt"][0] >= max(times["fan-a.txt"][1], times["fan-b.txt"][1])
    status = subprocess.run(["dvc", "status"], cwd=toy, capture_output=True, text=True, check=True)
    assert "up to date" in status.stdout
    (toy / "times.txt").unlink()
    assert repro([], jobs=4) == 0
    assert not (toy / "times.txt").exists()  # nothing ran again


def test_what_reads_from_a_failed_stage_never_starts_and_the_rest_still_runs(toy, capfd):
    (toy / "fail").write_text("fan-b.txt")
    assert repro([], jobs=2) != 0
    done = set(spans(toy))
    assert done == {"first.txt", *(f"fan-{cell}.txt" for cell in "acd")}
    assert not (toy / "join.txt").exists()
    errors = capfd.readouterr().err
    assert "FAILED: fan@b" in errors
    assert "not run, for they read from what failed: last, more/dvc.yaml:join" in errors
    (toy / "fail").unlink()
    assert repro([], jobs=2) == 0
    assert set(spans(toy)) - done == {"fan-b.txt", "join.txt", "last.txt"}


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_target_brings_what_it_reads_from_and_nothing_else(toy, jobs):
    assert repro(["join"], jobs) == 0
    assert set(spans(toy)) == {"first.txt", "fan-a.txt", "fan-b.txt", "join.txt"}


def test_an_unknown_target_names_the_nearest_stage(toy):
    for jobs in (1, 2):
        with pytest.raises(ValueError, match=r"no stage 'jion' \(did you mean 'join'\?\)"):
            repro(["jion"], jobs)
    assert not (toy / "times.txt").exists()


def test_a_folder_without_dvc_is_a_plain_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="DVC repository"):
        repro([], jobs=2)


def test_one_job_is_dvc_itself_with_its_exit_code(toy):
    (toy / "fail").write_text("first.txt")
    assert repro(["first"], jobs=1) != 0
    (toy / "fail").unlink()
    assert repro(["first"], jobs=1) == 0
    assert set(spans(toy)) == {"first.txt"}


def test_dvc_is_found_beside_this_interpreter(toy, monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert repro(["first"], jobs=1) == 0


GRAPH = {"dvc.yaml:last": ["p/x/dvc.yaml:fit@a"], "p/x/dvc.yaml:fit@a": [], "p/x/dvc.yaml:fit@b": [], "plain": []}


@pytest.mark.parametrize(
    ("target", "stages"),
    [
        ("fit@a", ["p/x/dvc.yaml:fit@a"]),
        ("fit", ["p/x/dvc.yaml:fit@a", "p/x/dvc.yaml:fit@b"]),
        ("p/x/dvc.yaml:fit", ["p/x/dvc.yaml:fit@a", "p/x/dvc.yaml:fit@b"]),
        ("p/x/dvc.yaml", ["p/x/dvc.yaml:fit@a", "p/x/dvc.yaml:fit@b"]),
        ("p/x/dvc.yaml:fit@b", ["p/x/dvc.yaml:fit@b"]),
        ("plain", ["plain"]),
    ],
)
def test_a_target_is_an_address_a_name_a_matrix_or_a_file(target, stages):
    assert matching(GRAPH, target) == stages


def test_ancestors_are_followed_through_every_level():
    graph = {"d": ["b", "c"], "c": ["a"], "b": ["a"], "a": [], "e": ["a"]}
    assert with_ancestors(graph, ["d"]) == {"a", "b", "c", "d"}
    assert with_ancestors(graph, []) == set()


def test_every_job_gets_a_gpu_of_its_own_in_turn(tmp_path, monkeypatch):
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'GPU 0: one (UUID: x)'\necho 'GPU 1: two (UUID: y)'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert gpus() == ["0", "1"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    assert gpus() == ["3", "5"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert gpus() == []
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    (tmp_path / "dvc").write_text('#!/bin/sh\necho "$CUDA_VISIBLE_DEVICES" >> seen.txt\nsleep 1\n')
    (tmp_path / "dvc").chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("reprise.parallel.stage_graph", lambda: {"a": [], "b": []})
    assert repro([], jobs=2) == 0
    assert sorted((tmp_path / "seen.txt").read_text().split()) == ["3", "5"]
