"""Tables of many networks: what is written is read again, and what is damaged is told by name."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprise.files import write_json, write_text
from reprise.sweeps import Sweep, read_sweep, write_sweep
from reprise.workspace import Workspace

COLUMNS = {
    "network": np.array(["plain", "with, comma", 'and "quotes"']),
    "seed": np.arange(3),
    "loss": np.array([0.1, np.nan, 1e-30]),
}
PARAMS = """cases: 3
gains: {networks: 10, hidden: 12, steps: 30, radii: [0.5, 1, 2, 4], otherwise: {radii: [1.1], hidden: 6, inputs: 5}}
memory: {seeds: 2, shown: 2, lags: [2, 4], rates: [0.03], hidden: 8, batch: 8, updates: 60}
"""


@pytest.fixture
def workspace(tmp_path):
    write_text(tmp_path / "params.yaml", "scale: small\n")
    write_text(tmp_path / "pipelines/recurrence/params.yaml", PARAMS)
    return Workspace("recurrence", tmp_path)


@pytest.fixture
def written(workspace):
    """With a table of three networks."""
    settings = workspace.config.model_dump(mode="json")
    write_sweep(workspace.sweep, COLUMNS, {"memory": settings["memory"]})
    return workspace


def test_what_is_written_is_read_again(written):
    sweep = read_sweep(written)
    assert list(sweep.columns) == list(COLUMNS)
    assert sweep.columns["network"].tolist() == COLUMNS["network"].tolist()
    np.testing.assert_array_equal(sweep.columns["seed"], [0.0, 1.0, 2.0])
    np.testing.assert_array_equal(sweep.columns["loss"], COLUMNS["loss"])
    assert sweep.columns["seed"].dtype == sweep.columns["loss"].dtype == np.float64
    assert sweep.settings["memory"]["updates"] == 60
    assert len(sweep) == 3


def test_numbers_have_nine_digits_and_whole_ones_all_of_theirs(tmp_path):
    write_sweep(tmp_path, {"third": np.array([1 / 3, 2e10 / 3]), "whole": np.array([2**40 + 1, -1])}, {})
    text = (tmp_path / "table.csv").read_text(encoding="utf-8")
    assert text == "third,whole\n0.333333333,1099511627777\n6.66666667e+09,-1\n"


def test_the_same_columns_give_the_same_bytes(written, tmp_path):
    write_sweep(tmp_path / "again", COLUMNS, read_sweep(written).settings)
    for name in ("table.csv", "sweep.json"):
        assert (tmp_path / "again" / name).read_bytes() == (written.sweep / name).read_bytes()


@given(
    st.lists(st.floats(width=32), min_size=1, max_size=5),
    st.lists(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"])).filter(str.isprintable), min_size=5),
)
def test_any_float32_and_any_printable_text_survive(tmp_path_factory, numbers, words):
    root = tmp_path_factory.mktemp("sweep")
    write_text(root / "params.yaml", "scale: small\n")
    write_text(root / "pipelines/recurrence/params.yaml", PARAMS)
    workspace = Workspace("recurrence", root)
    texts = np.array(words[: len(numbers)])
    write_sweep(workspace.sweep, {"x": np.array(numbers, dtype=np.float32), "word": texts}, {})
    sweep = read_sweep(workspace)
    np.testing.assert_array_equal(sweep.columns["x"].astype(np.float32), np.array(numbers, dtype=np.float32))
    assert sweep.columns["word"].tolist() == texts.tolist()


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({}, "columns of one length"),
        ({"a": np.zeros(0)}, "columns of one length"),
        ({"a": np.zeros(2), "b": np.zeros(3)}, r"columns of one length.*'a': \(2,\), 'b': \(3,\)"),
        ({"a": np.zeros((2, 2))}, "columns of one length"),
        ({"a": np.array([None, 1])}, "column a: expected numbers or printable text, found object"),
        ({"a": np.array([1j])}, "column a: expected numbers or printable text, found complex"),
        ({"a": np.array(["\x1b[31m"])}, "column a: expected numbers or printable text"),
        ({"a": np.array(["two\nlines"])}, "column a: expected numbers or printable text"),
    ],
)
def test_what_is_no_table_is_refused_and_nothing_is_written(tmp_path, columns, message):
    with pytest.raises(ValueError, match=message):
        write_sweep(tmp_path / "out", columns, {})
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["table.csv", "sweep.json"])
def test_a_missing_file_is_named(written, name):
    (written.sweep / name).unlink()
    with pytest.raises(FileNotFoundError, match=rf"data/sweeps/recurrence/{name} is missing; `dvc repro` makes it"):
        read_sweep(written)


TABLE = "network,seed,loss\nplain,0,0.1\nother,1,nan\nthird,2,1e-30\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"table\.csv: columns \[\], sweep\.json has \['network', 'seed', 'loss'\]"),
        (TABLE.replace("seed,loss", "loss,seed"), r"table\.csv: columns \['network', 'loss', 'seed'\]"),
        (TABLE.replace("third,2,1e-30\n", ""), r"table\.csv: 2 rows, sweep\.json has 3"),
        (TABLE + "fourth,3,0.5\n", r"table\.csv: 4 rows, sweep\.json has 3"),
        (TABLE.replace("1e-30\n", ""), r"table\.csv, line 4: loss: found '', expected a number"),
        (TABLE.replace(",1e-30\n", ""), r"table\.csv, line 4: 2 fields, expected 3"),
        (TABLE.replace("0.1", "0.1,7"), r"table\.csv, line 2: 4 fields, expected 3"),
        (TABLE.replace("0.1", "0,1"), r"table\.csv, line 2: 4 fields, expected 3"),
        (TABLE.replace("nan", "\x1b[31m"), r"table\.csv, line 3: loss: found '\\x1b\[31m', expected a number"),
        (TABLE.replace("plain", '"plain'), r"table\.csv: not a table \(unexpected end of data\)"),
        (TABLE.replace("other", "\n"), r"table\.csv, line 3: 0 fields, expected 3"),
    ],
)
def test_a_damaged_table_is_told_by_file_line_and_column(written, text, message):
    (written.sweep / "table.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=message) as raised:
        read_sweep(written)
    assert str(raised.value).endswith("make it again with `dvc repro`")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", ["table.csv", "sweep.json"])
def test_bytes_that_are_no_text_are_told(written, name):
    (written.sweep / name).write_bytes(b"\xff\xfe\x00" * 9)
    with pytest.raises(ValueError, match=rf"recurrence/{name}: .*make it again with `dvc repro`"):
        read_sweep(written)


def test_a_column_that_an_older_sweep_did_not_write_is_named(written):
    assert len(read_sweep(written, "loss", "seed")) == 3
    with pytest.raises(ValueError, match=r"table\.csv: no rate, lag; make it again"):
        read_sweep(written, "loss", "rate", "lag")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ([], "expected a mapping, found list"),
        ({"rows": "3"}, "rows: expected int, found '3'"),
        ({"settings": None}, "settings: expected dict, found None"),
        ({"columns": {}}, "columns: expected list"),
        ({"text": 1}, "text: expected list"),
    ],
)
def test_a_damaged_record_is_told_by_key(written, change, message):
    path = written.sweep / "sweep.json"
    write_json(path, json.loads(path.read_text(encoding="utf-8")) | change if change else change)
    with pytest.raises(ValueError, match=rf"sweep\.json: {message}.*make it again"):
        read_sweep(written)


def test_a_sweep_with_other_settings_is_refused_and_one_of_what_it_does_not_read_is_not(written):
    path = written.root / "pipelines/recurrence/params.yaml"
    write_text(path, PARAMS.replace("cases: 3", "cases: 4"))
    assert len(read_sweep(Workspace("recurrence", written.root))) == 3
    write_text(path, PARAMS.replace("updates: 60", "updates: 80"))
    with pytest.raises(
        ValueError, match=r"sweeps/recurrence: swept with another memory than .*recurrence/params\.yaml"
    ):
        read_sweep(Workspace("recurrence", written.root))


def test_rows_are_chosen_by_number_and_by_text_in_their_order():
    columns = {"kind": np.array(["a", "b", "a", "a"]), "lag": np.array([8.0, 8, 24, 8]), "x": np.arange(4.0)}
    sweep = Sweep(columns, {"seeds": 2})
    assert sweep.where(kind="a", lag=8).columns["x"].tolist() == [0.0, 3.0]
    assert sweep.where(kind="a", lag=8).settings == {"seeds": 2}
    with pytest.raises(ValueError, match="no network with kind = b, lag = 24"):
        sweep.where(kind="b", lag=24)
    with pytest.raises(KeyError, match="rate"):
        sweep.where(rate=1)
