"""Kills at random instants, a full disk, eight runs at once: the short form of `make torture`, on small stages."""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

import psutil
import pytest
from scripts import smoke
from tests.conftest import mounted, read_only
from tests.repro.conftest import Toy

KILLS = int(os.environ.get("REPRISE_KILLS", "5"))


def pipeline(toy: Toy) -> None:
    """Three chains that meet: seven stages."""
    chains = [toy.stage(f"{name}1", 0.2) + toy.stage(f"{name}2", 0.2, f"{name}1") for name in "abc"]
    toy.write(*chains, toy.stage("end", 0.1, "a2", "b2", "c2"))


def ends(folder: Path) -> dict[str, bytes]:
    """Lock and outputs; what stages noted of their times is none."""
    return {path.name: path.read_bytes() for path in folder.glob("*.txt") if path.name != "times.txt"} | {
        "dvc.lock": (folder / "dvc.lock").read_bytes()
    }


def left(folder: Path) -> list[str]:
    """Locks that are held, temporary files, and what lies in TMPDIR, which is the folder's parent."""
    own = [path for path in folder.parent.iterdir() if not (path / ".dvc").is_dir()]
    return smoke.locks(folder) + sorted({*smoke.temporary(folder), *map(str, own)})


def below(process: subprocess.Popen[str]) -> list[psutil.Process]:
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def test_killed_at_random_instants_it_ends_with_the_bytes_of_an_undisturbed_run(toy, record_property):
    pipeline(toy)
    assert toy.start(jobs=2).wait(300) == 0
    whole = ends(toy.folder)
    for path in [*toy.folder.glob("*.txt"), toy.folder / "dvc.lock"]:
        path.unlink()
    subprocess.run(["rm", "-rf", str(toy.folder / ".dvc" / "cache")], check=True)
    rng, kills = random.Random(os.urandom(8)), 0
    while kills < KILLS:
        run = toy.start(jobs=2)
        try:
            run.wait(rng.uniform(0.2, 12.0))
            for path in [*toy.folder.glob("*.txt"), toy.folder / "dvc.lock"]:  # it ended before: once more
                path.unlink(missing_ok=True)
            subprocess.run(["rm", "-rf", str(toy.folder / ".dvc" / "cache")], check=True)
            continue
        except subprocess.TimeoutExpired:
            everybody = below(run)
        who = rng.choice(["all", "the scheduler", "one of them"])
        for each in everybody if who == "all" else rng.sample(everybody, min(1, len(everybody))):
            if who != "the scheduler" and each.is_running():
                each.kill()
        if who != "one of them" or not everybody:
            run.kill()
        run.communicate(timeout=300)
        kills += 1
    last = toy.start(jobs=2)
    said = last.communicate(timeout=300)[1]
    assert last.returncode == 0, said
    assert "Traceback" not in said, said
    assert ends(toy.folder) == whole
    assert left(toy.folder) == []
    record_property("inputs", kills)


def test_eight_at_once_share_the_work_and_none_fails(toy, record_property):
    pipeline(toy)
    runs = [toy.start() for _ in range(8)]
    said = [run.communicate(timeout=500)[1] for run in runs]
    assert [run.returncode for run in runs] == [0] * 8, "\n".join(said)
    assert (toy.folder / "times.txt").read_text().count("\n") == 7  # each stage once
    assert any(" waits for process " in text or "waits for DVC's lock: process " in text for text in said)
    assert left(toy.folder) == []
    record_property("inputs", 8)


def test_a_full_disk_is_told_and_with_room_again_it_ends_as_if_nothing_had_been(toy, tmp_path, record_property):
    toy.write(
        toy.stage("first", cmd="head -c 300000 /dev/zero > first.txt"),
        toy.stage("second", cmd="cat first.txt first.txt > second.txt").replace(
            "    outs:", "    deps:\n      - first.txt\n    outs:"
        ),
    )
    disk = tmp_path / "disk"
    disk.mkdir()
    with mounted(disk, "-t", "tmpfs", "-o", "size=800k", "tmpfs"):
        subprocess.run(["cp", "-r", f"{toy.folder}/.", str(disk)], check=True)
        os.chdir(disk)
        try:
            small = toy.start(jobs=2)
            said = small.communicate(timeout=300)[1]
            assert small.returncode == 1, said
            assert "Traceback" not in said
            assert "No space left on device" in said
            subprocess.run(["mount", "-o", "remount,size=8m", str(disk)], check=True)
            again = toy.start(jobs=2)
            said = again.communicate(timeout=300)[1]
            assert again.returncode == 0, said
            assert (disk / "second.txt").read_bytes() == bytes(600000)
            assert "FAILED" not in said
            assert left(disk) == []
        finally:
            os.chdir(toy.folder)
        assert toy.start(jobs=2).wait(300) == 0
        assert ends(disk) == ends(toy.folder)
    record_property("inputs", 1)


@pytest.mark.parametrize("name", [".dvc/cache", "made"])
def test_a_read_only_folder_is_told_by_name_and_nothing_is_left(toy, name, record_property):
    toy.write(toy.stage("first"), toy.stage("made/second", 0.1, "first"))
    for folder in (".dvc/cache", "made"):
        (toy.folder / folder).mkdir(exist_ok=True)
    with read_only(toy.folder / name):
        run = toy.start(jobs=2)
        said = run.communicate(timeout=300)[1]
        assert run.returncode == 1
        assert name in said
        assert "Traceback" not in said or name == "made"  # step.py's own
        assert "ead-only" in said or "ermission denied" in said
        assert left(toy.folder) == []
    assert toy.start(jobs=2).wait(300) == 0
    assert (toy.folder / "made/second.txt").read_text() == "made/second.txtfirst.txt"
    record_property("inputs", 1)
