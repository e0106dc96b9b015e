"""Damaged archives, tables and JSON end in one line that names the file and what makes it again."""

from __future__ import annotations

import io
import json
import os
import struct
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reprise.files import parse_json, read_json, read_npz, read_table, write_npz, write_rows

ARRAYS = {"logits": np.arange(12.0).reshape(3, 4), "names": np.array(["a", "bc"]), "none": np.zeros((0, 5), np.uint8)}
AGAIN = "make it again with `dvc repro`"


def saved(folder: Path, **arrays: np.ndarray) -> Path:
    write_npz(folder / "data.npz", **(arrays or ARRAYS))
    return folder / "data.npz"


def refused(call) -> str:
    """The message of a ValueError, which is one printable line."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - what it says is what is tested
        call()
    assert str(caught.value).isprintable()
    return str(caught.value)


def all_arrays(path: Path) -> dict[str, np.ndarray]:
    with read_npz(path) as archive:
        return {name: archive[name] for name in archive.files}


def member(header: bytes, data: bytes, version: tuple[int, int] = (1, 0)) -> bytes:
    length = struct.pack("<H" if version == (1, 0) else "<I", len(header))
    return b"\x93NUMPY" + bytes(version) + length + header + data


def described(shape: str, kind: str = "<f8") -> bytes:
    return f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()


def archive(path: Path, content: bytes, kind: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", kind) as file:
        file.writestr("a.npy", content)
    return path


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = saved(tmp_path)
    found = all_arrays(path)
    assert list(found) == list(ARRAYS)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype
    with read_npz(path) as file:
        assert "logits" in file
        assert "absent" not in file
        assert len(file) == 3
        assert list(file) == list(ARRAYS)
        assert file.shape("logits") == (3, 4)
        message = refused(lambda: file["absent"])
        assert "no array absent (found: logits, names, none)" in message
        assert str(path) in message
    order = np.asfortranarray(ARRAYS["logits"])
    assert all_arrays(saved(tmp_path, a=order))["a"].flags.f_contiguous


def test_larger_headers_and_structured_types_are_read(tmp_path: Path) -> None:
    kind = np.dtype([(f"field {i}", "<f4") for i in range(200)])
    found = all_arrays(saved(tmp_path, a=np.ones(3, kind)))["a"]
    assert found.dtype == kind


@pytest.mark.parametrize("cut", [0, 1, 21, 100, -1, -22, -100])
def test_a_cut_archive_is_named(tmp_path: Path, cut: int) -> None:
    path = saved(tmp_path)
    path.write_bytes(path.read_bytes()[:cut])
    message = refused(lambda: all_arrays(path))
    assert message.startswith(f"{path}: ")
    assert message.endswith(AGAIN)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_one_spoilt_byte_is_named_or_changes_nothing(tmp_path_factory, data) -> None:
    path = saved(tmp_path_factory.mktemp("spoilt"))
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    try:
        found = all_arrays(path)
    except ValueError:
        message = refused(lambda: all_arrays(path))
        assert message.startswith(f"{path}: ")
        assert message.endswith(AGAIN)
        return
    for name, array in found.items():  # a date, an attribute or a name: every array has a sum
        assert any(np.array_equal(array, other) for other in ARRAYS.values()), name


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
@example(b"PK\x05\x06" + bytes(18))  # an archive of nothing
@example(b"\x93NUMPY\x01\x00" + bytes(10))
@example(b"\x80\x04N.")  # a pickle
def test_what_is_no_archive_is_named(tmp_path_factory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("foreign") / "data.npz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"data\.npz: ") as caught:
        _ = read_npz(path)["logits"]
    assert "allow_pickle" not in str(caught.value)


HOSTILE = {
    "three gigabytes claimed": member(described("(400000000,)"), bytes(100)),
    "claimed in many dimensions": member(described("(20000, 20000)"), bytes(8)),
    "less claimed than there is": member(described("(2,)"), bytes(100)),
    "a negative length": member(described("(-1, -2)"), bytes(16)),
    "numbers of no bytes": member(described("(1000000000000,)", "|V0"), b""),
    "pickled objects": member(described("(1,)", "|O"), b"\x80\x04N."),
    "another version": member(described("(1,)"), bytes(8), (9, 9)),
    "a header that is no text": member(b"\xff" * 64 + b"\n", bytes(8)),
    "a header that is nested": member(b"(" * 5000 + b"\n", bytes(8)),
    "a header without end": member(described("(1,)")[:-8], b"", (2, 0))[:20],
    "a header of ten thousand letters": member(described("(1,)") + b" " * 20_000 + b"\n", bytes(8), (2, 0)),
    "a shape of strings": member(described("('a',)"), bytes(8)),
    "a type that is none": member(described("(1,)", "<q99"), bytes(8)),
    "no array": b"not an array",
    "nothing": b"",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_an_archive_that_claims_what_it_does_not_hold_is_refused_before_memory_is_asked_for(
    tmp_path: Path, name: str
) -> None:
    path = archive(tmp_path / "data.npz", HOSTILE[name])
    tracemalloc.start()
    message = refused(lambda: all_arrays(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000
    assert message.startswith(f"{path}: a cannot be read (")
    assert message.endswith(AGAIN)
    assert "allow_pickle" not in message
    assert "literal_eval" not in message


def test_three_megabytes_that_unpack_to_three_gigabytes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file, file.open("a.npy", "w", force_zip64=True) as stream:
        stream.write(member(described("(400000000,)"), b""))
        for _ in range(40):
            stream.write(bytes(1_000_000))
    assert path.stat().st_size < 100_000
    assert "compressed" in refused(lambda: all_arrays(path))


def test_a_directory_that_claims_more_than_the_file_has_is_refused(tmp_path: Path) -> None:
    content = bytearray(saved(tmp_path, a=np.zeros(4)).read_bytes())
    place = content.index(b"PK\x01\x02")
    struct.pack_into("<II", content, place + 20, 3_000_000_000, 3_000_000_000)
    size = content.index(b"(4,)")
    content[size : size + 13] = b"(374999984,) "[:13]
    (tmp_path / "data.npz").write_bytes(content)
    tracemalloc.start()
    message = refused(lambda: all_arrays(tmp_path / "data.npz"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000
    assert "a cannot be read" in message


def test_names_inside_are_printable_in_messages(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a\x1b[2J.npz", "w") as file:
        file.writestr("x\x1b]0;y\x07.npy", b"")
    message = refused(lambda: read_npz(tmp_path / "a\x1b[2J.npz")["logits"])
    assert r"a\x1b[2J.npz" in message
    assert r"x\x1b]0;y" in message


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe{\x00}\x00",
        b"\xef\xbb\xbf{}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"1" * 5000,
        b"\x00",
        b"{}x",
    ],
)
def test_what_is_no_json_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "evidence.json"
    path.write_bytes(content)
    message = refused(lambda: read_json(path))
    assert message.startswith(f"{path}: not valid JSON (")
    assert message.endswith(AGAIN)
    assert refused(lambda: parse_json(content, "HEAD:reports")).startswith("HEAD:reports: not valid JSON")


@given(st.binary(max_size=40))
def test_any_bytes_are_json_or_are_named(content: bytes) -> None:
    try:
        expected = json.loads(content.decode())
    except ValueError:
        assert "here: not valid JSON" in refused(lambda: parse_json(content, "here"))
    else:
        assert repr(parse_json(content, "here")) == repr(expected)


def written(folder: Path, *rows: tuple) -> Path:
    path = folder / "history.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        write_rows(stream, rows)
    return path


@given(st.lists(st.tuples(*[st.text(st.characters(codec="utf-8", exclude_characters="\x00"))] * 3), max_size=5))
def test_a_table_is_read_as_it_was_written(tmp_path_factory, rows) -> None:
    path = written(tmp_path_factory.mktemp("table"), ("seed", "epoch", "note"), *rows)
    assert [tuple(row.values()) for row in read_table(path, "seed", "epoch")] == rows


def test_every_cut_of_a_table_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, ("seed", "epoch", "loss"), (0, 0, 0.125), (0, 1, "0,5"), (1, 0, 0.25))
    content = path.read_bytes()
    for cut in range(len(content)):
        path.write_bytes(content[:cut])
        if cut and content[cut - 1 : cut] == b"\n":
            continue  # whole rows: as many as were written is another file's business
        message = refused(lambda: read_table(path, "seed", "epoch", "loss"))
        assert message.startswith(f"{path}: not the table that was written (")
        assert message.endswith(AGAIN)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "its last line is cut"),
        (b"\n", "no column seed, epoch"),
        (b"seed\n0\n", "no column epoch"),
        (b"seed,epoch\n0\n", "line 2: 1 fields, expected 2"),
        (b"seed,epoch\n0,1\n0,1,2\n", "line 3: 3 fields, expected 2"),
        (b"seed,epoch,seed\n0,1,2\n", "a column stands twice"),
        (b'seed,epoch\n"0,1\n', "unexpected end"),
        (b"seed,epoch\n\xff,1\n", "utf-8"),
    ],
)
def test_what_is_no_table_is_named_with_its_line(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "history.csv"
    path.write_bytes(content)
    assert said in refused(lambda: read_table(path, "seed", "epoch"))


def test_what_is_missing_says_what_makes_it(tmp_path: Path) -> None:
    for read in (read_npz, read_table):
        with pytest.raises(FileNotFoundError, match="data is missing; `dvc repro` makes it"):
            read(tmp_path / "data")


def test_a_pipe_is_no_archive(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "data.npz")
    with pytest.raises(FileNotFoundError):
        read_npz(tmp_path / "data.npz")


def test_streams_are_closed(tmp_path: Path) -> None:
    path = saved(tmp_path)
    with read_npz(path) as file:
        assert file["logits"].shape == (3, 4)
    assert "logits cannot be read" in refused(lambda: file["logits"])
    assert io.BytesIO(path.read_bytes()).read(2) == b"PK"
