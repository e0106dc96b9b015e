"""Outputs are whole or absent, and the same twice."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprise import files
from reprise.files import check_writable, read_json, read_npz, replacing, shown, write_json, write_npz, write_rows


def test_an_error_while_writing_leaves_the_old_file_and_no_temporary_one(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"x": 1})

    def fail():
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        fail()
    assert read_json(path) == {"x": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_a_link_stays_and_the_file_it_leads_to_is_replaced(tmp_path):
    (tmp_path / "there").mkdir()
    for name in ("old.json", "new.json"):
        (tmp_path / name).symlink_to(f"there/{name}")
    (tmp_path / "there/old.json").write_text("0")
    for name in ("old.json", "new.json"):
        write_json(tmp_path / name, 1)
        assert (tmp_path / name).is_symlink()
        assert read_json(tmp_path / "there" / name) == 1


def test_folders_and_pipes_are_refused_and_stay(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "link", "folder"):
        with pytest.raises(ValueError, match=rf"{name} is a folder, a device or a pipe"):
            write_json(tmp_path / name, 1)
    assert (tmp_path / "pipe").is_fifo()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "link", "pipe"]


def test_errors_name_the_path_that_was_asked_for(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("x")
    with pytest.raises(NotADirectoryError) as caught:
        write_json(tmp_path / "file/a.json", 1)
    assert caught.value.filename == str(tmp_path / "file/a.json")

    def refused(source, target):
        raise PermissionError(1, "Operation not permitted", source, None, target)

    monkeypatch.setattr(os, "replace", refused)
    with pytest.raises(PermissionError) as caught:
        write_json(tmp_path / "a.json", 1)
    assert str(caught.value) == f"[Errno 1] Operation not permitted: '{tmp_path / 'a.json'}'"


def test_the_same_arrays_give_the_same_bytes_at_any_time(tmp_path):
    arrays = {"a": np.arange(5), "b": np.eye(2)}
    write_npz(tmp_path / "1.npz", **arrays)
    time.sleep(2.1)  # zip dates have a resolution of two seconds
    write_npz(tmp_path / "2.npz", **arrays)
    assert (tmp_path / "1.npz").read_bytes() == (tmp_path / "2.npz").read_bytes()


def test_archives_with_pickled_objects_are_refused(tmp_path):
    np.savez(tmp_path / "evil.npz", a=np.array([{"x": 1}], dtype=object))
    with read_npz(tmp_path / "evil.npz") as archive, pytest.raises(ValueError, match="pickle"):
        _ = archive["a"]


def test_nan_is_not_json(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "x.json", float("nan"))
    assert not list(tmp_path.iterdir())


def test_broken_json_is_named(tmp_path):
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(ValueError, match=r"x\.json"):
        read_json(tmp_path / "x.json")


def test_the_bytes_of_an_archive_do_not_depend_on_python(tmp_path):
    """Pinned: 3.11.2 and 3.11.7 gave ``np.savez`` different bytes."""
    write_npz(tmp_path / "1.npz", a=np.arange(6, dtype="<i8").reshape(2, 3), **{"b/c": np.float64(0.5)})
    assert hashlib.md5((tmp_path / "1.npz").read_bytes()).hexdigest() == "4fe0d4e35d0ba3796ceacc9a0c515a4f"


def test_objects_are_not_written_and_nothing_is_left(tmp_path):
    with pytest.raises(ValueError, match="Object arrays"):
        write_npz(tmp_path / "1.npz", a=np.array([{}], dtype=object))
    assert not list(tmp_path.iterdir())


def test_large_arrays_come_back_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "LARGE", 100)
    arrays = {"large": np.arange(1000.0)[::2], "small": np.ones(3)}
    write_npz(tmp_path / "1.npz", **arrays)
    with read_npz(tmp_path / "1.npz") as archive:
        assert all(np.array_equal(archive[name], array) for name, array in arrays.items())


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o444, 0o755])
def test_the_permissions_of_a_file_that_is_replaced_are_kept(tmp_path, mode):
    path = tmp_path / "a.json"
    write_json(path, 1)
    umask = os.umask(0o022)
    os.umask(umask)  # there is no other way to ask
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask
    path.chmod(mode)
    (tmp_path / "link.json").symlink_to("a.json")
    for name in ("a.json", "link.json"):
        write_json(tmp_path / name, 2)
        assert stat.S_IMODE(path.stat().st_mode) == mode


def test_nobody_reads_what_is_still_being_written(tmp_path):
    with replacing(tmp_path / "a.json") as temporary:
        assert stat.S_IMODE(temporary.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "name", ["a" * 251 + ".csv", "a" * 240 + ".csv", "a" * 255, "x." + "s" * 253, "é" * 125 + ".csv"]
)
def test_every_legal_name_can_be_written(tmp_path, name):
    write_json(tmp_path / name, 1)
    assert read_json(tmp_path / name) == 1
    assert os.listdir(tmp_path) == [name]


def test_the_temporary_name_keeps_the_suffix_by_which_writers_choose_a_format(tmp_path):
    with replacing(tmp_path / "a.PNG") as temporary:
        assert temporary.suffix == ".PNG"
        assert temporary.name.startswith(".")


KILLED = """
import os, sys
from reprise.files import replacing
with replacing(sys.argv[1]) as temporary:
    temporary.write_text("half")
    os.kill(os.getpid(), 9)
"""


def killed_while_writing(path: Path) -> list[str]:
    """Files beside ``path`` after a process was killed in the middle of writing it."""
    done = subprocess.run([sys.executable, "-c", KILLED, path], capture_output=True, text=True)
    assert done.returncode == -9, done.stderr
    return sorted(os.listdir(path.parent))


def test_what_a_killed_process_left_goes_when_something_is_written_there_again(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_swept", set())
    (left,) = killed_while_writing(tmp_path / "a.csv")
    assert files.TEMPORARY.fullmatch(left)
    write_json(tmp_path / "b.json", 1)
    assert os.listdir(tmp_path) == ["b.json"]


def test_what_another_process_or_thread_writes_stays_and_so_does_what_is_not_ours(tmp_path, monkeypatch):
    others = [
        ".reprise-notes",
        ".reprise-" + "0" * 32 + ".tmp.d",
        ".a.csv.abcd1234.csv",
        ".reprise-" + "G" * 32 + ".tmp",
    ]
    for name in others:
        (tmp_path / name).write_text("mine") if not name.endswith(".d") else (tmp_path / name).mkdir()
    program = """
import sys
from reprise.files import replacing
with replacing(sys.argv[1]) as temporary:
    temporary.write_text("half")
    print(temporary, flush=True)
    sys.stdin.read()
"""
    command = [sys.executable, "-c", program, tmp_path / "a.csv"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        temporary = Path(process.stdout.readline().strip())
        with replacing(tmp_path / "c.csv") as mine:
            monkeypatch.setattr(files, "_swept", set())
            thread = threading.Thread(target=write_json, args=(tmp_path / "b.json", 1))
            thread.start()
            thread.join()
            assert temporary.exists()
            assert mine.exists()
        process.communicate("")
    assert process.returncode == 0
    assert sorted(os.listdir(tmp_path)) == sorted([*others, "a.csv", "b.json", "c.csv"])
    assert (tmp_path / "a.csv").read_text() == "half"


def test_a_file_that_is_swept_before_it_is_locked_is_made_again(tmp_path, monkeypatch):
    locked = []
    lock = files._lock

    def late(handle):
        if not locked:  # another process comes in between
            os.unlink(next(tmp_path.glob(".reprise-*")))
        locked.append(handle)
        return lock(handle)

    monkeypatch.setattr(files, "_lock", late)
    write_json(tmp_path / "a.json", 1)
    assert len(locked) == 2
    assert os.listdir(tmp_path) == ["a.json"]


def test_a_disk_without_locks_is_written_to_and_nothing_there_is_removed(tmp_path, monkeypatch):
    def no_locks(*_):
        raise OSError(95, "Operation not supported")

    (left,) = killed_while_writing(tmp_path / "a.csv")
    monkeypatch.setattr(files, "_swept", set())
    monkeypatch.setattr(files.fcntl, "flock", no_locks)
    write_json(tmp_path / "a.json", 1)
    assert sorted(os.listdir(tmp_path)) == sorted([left, "a.json"])


def test_a_link_into_dvcs_cache_is_replaced_and_the_cache_is_not(tmp_path):
    cached = tmp_path / ".dvc/cache/files/md5/ab" / ("0" * 30)
    cached.parent.mkdir(parents=True)
    cached.write_text("1\n")
    cached.chmod(0o444)
    (tmp_path / "out.json").symlink_to(cached)
    write_json(tmp_path / "out.json", 2)
    assert cached.read_text() == "1\n"
    assert not (tmp_path / "out.json").is_symlink()
    assert read_json(tmp_path / "out.json") == 2
    assert (tmp_path / "out.json").stat().st_mode & 0o200


def test_whether_a_path_can_be_written_is_known_before_and_leaves_nothing(tmp_path):
    check_writable(tmp_path / "a.csv")
    assert os.listdir(tmp_path) == []
    (tmp_path / "b.csv").write_text("old")
    check_writable(tmp_path / "b.csv")
    assert (tmp_path / "b.csv").read_text() == "old"
    with pytest.raises(ValueError, match="is a folder"):
        check_writable(tmp_path)
    with pytest.raises(NotADirectoryError, match=r"b\.csv/c\.csv"):
        check_writable(tmp_path / "b.csv/c.csv")
    with pytest.raises(NotADirectoryError, match=r"b\.csv/c/d\.csv"):
        check_writable(tmp_path / "b.csv/c/d.csv")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("plain name.png", "plain name.png"),
        ("ünï/神経.png", "ünï/神経.png"),
        ("\x1b]0;t\x07", "\\x1b]0;t\\x07"),
        ("a\nb\r\tc\x7f\x9b", "a\\nb\\r\\tc\\x7f\\x9b"),
        ("\u202egnp\u2028", "\\u202egnp\\u2028"),
        (os.fsdecode(b"\xff\xfe.png"), "\\xff\\xfe.png"),
    ],
)
def test_names_are_shown_without_what_a_terminal_would_obey(name, said):
    assert shown(name) == said
    assert shown(Path(name)) == said if name else True


@given(st.text())
def test_whatever_is_shown_is_printable_text(name):
    assert shown(name).isprintable()
    shown(name).encode("utf-8")


@given(st.lists(st.lists(st.text(), min_size=2, max_size=3), max_size=5))
def test_rows_come_back_whatever_is_in_them(rows):
    stream = io.StringIO(newline="")
    write_rows(stream, rows)
    assert list(csv.reader(io.StringIO(stream.getvalue(), newline=""))) == rows
    assert stream.getvalue().endswith("\n") or not rows
