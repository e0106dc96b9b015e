"""Outputs are whole or absent, and the same twice."""

from __future__ import annotations

import hashlib
import os
import time

import numpy as np
import pytest

from reprise import files
from reprise.files import read_json, read_npz, replacing, write_json, write_npz


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
