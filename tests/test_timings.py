"""Wall times are noted whole by several stages at once, and read whatever became of the file."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprise import timings
from reprise.stages import running
from reprise.timings import last_timings

HEADER = "stage,seconds,peak_mib"
WRITER = """
import os, sys, time
from reprise.stages.running import stage

who, rounds, start = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
for number in range(rounds):
    os.makedirs(str(number), exist_ok=True)
    os.chdir(str(number))
    while time.time() < start + number * 0.05:  # all at the same moment, on a fresh checkout
        pass
    with stage("train", "study", who):
        pass
    os.chdir("..")
"""


def test_eight_stages_at_once_write_one_header_and_whole_lines(tmp_path):
    rounds = 30
    command = [sys.executable, "-c", WRITER]
    start = str(time.time() + 2)
    writers = [subprocess.Popen([*command, str(who), str(rounds), start], cwd=tmp_path) for who in range(8)]
    assert [writer.wait() for writer in writers] == [0] * 8
    for number in range(rounds):
        path = tmp_path / str(number) / timings.TIMINGS
        lines = path.read_text().splitlines()
        assert lines[0] == HEADER
        assert lines.count(HEADER) == 1
        assert sorted(line.split(",")[0] for line in lines[1:]) == [f"train study {who}" for who in range(8)]
        assert set(last_timings(path)) == {f"train study {who}" for who in range(8)}


@pytest.fixture
def noted(tmp_path, monkeypatch):
    """Notes a stage in an empty folder; the file."""
    monkeypatch.chdir(tmp_path)

    def note(*name: str):
        with running.stage(*name):
            pass
        return tmp_path / timings.TIMINGS

    return note


def test_reader_and_writer_mean_the_same_file(noted):
    assert running.TIMINGS == timings.TIMINGS
    found = last_timings(noted("train", 'odd "name", with comma'))
    assert set(found) == {'train odd "name", with comma'}
    assert all(value >= 0 for value in found['train odd "name", with comma'].values())


def test_a_line_that_was_cut_short_is_passed_over_and_the_next_is_whole(noted):
    path = noted("first")
    with path.open("a") as stream:
        stream.write("secon")
    assert set(last_timings(path)) == {"first"}
    noted("third")
    assert set(last_timings(path)) == {"first", "third"}


def test_a_time_that_cannot_be_noted_fails_no_stage(tmp_path, monkeypatch, noted):
    (tmp_path / "data").write_text("a file, no folder")
    with running.stage("first"):
        pass
    monkeypatch.setattr(running, "TIMINGS", running.Path("/dev/full"))
    with running.stage("second"):
        pass


@pytest.mark.parametrize(
    "line",
    [
        HEADER, "", ",", "train", "train,", "train,1", "train,1,", "train,x,1", "train,nan,1", "train,1,inf",
        "train,-1,1", ",1,1", 'train,"1,1', "train,1,1,1", "\xff\xfe,1,\x00", '"' * 9,
    ],
)  # fmt: skip
def test_damaged_lines_are_passed_over(tmp_path, line):
    path = tmp_path / "timings.csv"
    path.write_bytes(f"{HEADER}\r\na,1,2\r\n{line}\r\nb,3.5,4\r\n".encode("latin-1"))
    assert last_timings(path) == {"a": {"seconds": 1, "peak_mib": 2}, "b": {"seconds": 3.5, "peak_mib": 4}}


@given(st.binary())
def test_no_content_is_an_error(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("timings") / "timings.csv"
    path.write_bytes(content)
    assert isinstance(last_timings(path), dict)


def test_the_last_time_of_a_stage_counts_and_no_file_is_no_time(tmp_path):
    (tmp_path / "timings.csv").write_text(f"{HEADER}\na,1,2\nb,1,1\na,3,4\n")
    assert last_timings(tmp_path / "timings.csv")["a"] == {"seconds": 3, "peak_mib": 4}
    assert last_timings(tmp_path / "none.csv") == {}
    assert last_timings(tmp_path) == {}


def test_noting_imports_nothing_heavy():
    heavy = "{'scipy', 'rich', 'torch', 'pydantic', 'dvc', 'pandas'}"  # NumPy every stage imports anyway
    for module, named in (("reprise.stages.running", heavy), ("reprise.timings", heavy[:-1] + ", 'numpy'}")):
        code = f"import sys, {module}; print(*(sys.modules.keys() & {named}))"
        found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        assert found.split() == [], module
