"""What stages say of how far they are: written by a stage, read by whoever runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprise.progress import VARIABLE, report_epoch, report_state, report_text
from reprise.repro.display import LONGEST_TEXT, how_far
from reprise.repro.processes import LONGEST_REPORT, Reports


@pytest.fixture
def reports(tmp_path, monkeypatch) -> Reports:
    found = Reports(tmp_path)
    monkeypatch.setenv(VARIABLE, str(found.path))
    return found


def test_each_report_is_a_line_of_json_counted_from_one(reports):
    report_epoch(0, 3, 3, 20)
    report_text("bootstrap\nof 2,000")
    report_epoch(np.int64(2), 3, np.int32(19), 20)
    lines = reports.path.read_text().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"seed": 1, "seeds": 3, "epoch": 4, "epochs": 20},
        {"text": "bootstrap\nof 2,000"},
        {"seed": 3, "seeds": 3, "epoch": 20, "epochs": 20},
    ]


def test_only_what_is_new_is_read_and_a_line_only_when_it_is_whole(reports):
    report_text("one")
    report_text("two")
    assert [report["text"] for report in reports.new()] == ["one", "two"]
    assert reports.new() == []
    with reports.path.open("a") as stream:
        stream.write('{"text": "thr')
        stream.flush()
        assert reports.new() == []
        stream.write('ee"}\n')
    assert reports.new() == [{"text": "three"}]


@pytest.mark.parametrize("line", [b"", b"{", b"[1]", b"7", b"null", b"\xff\xfe", b"[" * 100_000, b'{"text": "a"'])
def test_lines_that_are_none_are_passed_over(reports, line):
    report_text("before")
    with reports.path.open("ab") as stream:
        stream.write(line + b"\n")
    report_text("after")
    assert [report["text"] for report in reports.new()] == ["before", "after"]


def test_of_a_flood_only_the_end_is_read(reports):
    reports.path.write_bytes(b'{"text": "x"}\n' * (LONGEST_REPORT // 7))
    report_text("last")
    found = reports.new()
    assert found[-1] == {"text": "last"}
    assert len(found) <= LONGEST_REPORT // 14 + 1
    assert reports.new() == []


def test_threads_and_processes_may_write_at_once(reports):
    code = "from reprise.progress import report_epoch\nfor i in range(300): report_epoch(0, 1, i, 300)"
    processes = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    threads = [
        threading.Thread(target=lambda: [report_epoch(0, 1, epoch, 300) for epoch in range(300)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for each in (*threads, *processes):
        each.join() if isinstance(each, threading.Thread) else each.wait()
    assert len(reports.new()) == 6 * 300


def test_nothing_that_goes_wrong_fails_a_stage(reports, monkeypatch):
    report_epoch("one", None, [], {})
    report_state(odd=object())
    report_text(type("Bad", (), {"__str__": lambda self: 1 / 0})())
    assert reports.new() == []
    reports.remove()
    report_text("to nobody")
    assert not reports.path.exists()  # not made again: there is nobody to remove it
    assert reports.new() == []
    for path in (reports.path.parent, "/dev/full", ""):
        monkeypatch.setenv(VARIABLE, str(path))
        report_text("lost")
    monkeypatch.delenv(VARIABLE)
    report_text("lost")


def test_it_imports_nothing_heavy():
    code = "import sys, reprise.progress; print(*(sys.modules.keys() & {'numpy', 'rich', 'torch', 'pydantic', 'dvc'}))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.split() == []


@pytest.mark.parametrize(
    ("report", "words", "share"),
    [
        ({"seed": 1, "seeds": 3, "epoch": 4, "epochs": 20}, "seed 1 of 3, epoch 4 of 20", 4 / 60),
        ({"seed": 3, "seeds": 3, "epoch": 20, "epochs": 20}, "seed 3 of 3, epoch 20 of 20", 1.0),
        ({"epoch": 1, "epochs": 4}, "epoch 1 of 4", 0.25),
        ({"seed": 2, "seeds": 4}, "seed 2 of 4", 0.5),
        ({"text": "reads"}, "reads", None),
        ({"text": "x" * 999}, "x" * LONGEST_TEXT, None),
    ],
)
def test_how_far_in_words_and_as_a_share(report, words, share):
    assert how_far(report) == (words, pytest.approx(share) if share is not None else None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(["seed", "seeds", "epoch", "epochs", "text", "other"]), JSON))
def test_whatever_a_stage_says_is_words_and_a_share_or_none(report):
    words, share = how_far(report)
    assert isinstance(words, str)
    assert share is None or 0 < share <= 1
    if any(isinstance(report.get(key), bool) for key in ("seed", "epoch")):
        assert "True" not in words


def test_the_file_is_private(reports):
    assert os.stat(reports.path).st_mode & 0o077 == 0
