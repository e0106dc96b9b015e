"""The table and diagrams from a saved .npz, and what bad files are told."""

from __future__ import annotations

import json
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest

from reprise.calibration import softmax
from reprise.calibration.own_data import as_text, report
from reprise.calibration.predictions import load_predictions
from reprise.calibration.report import METHODS, evaluate_methods

METHOD_NAMES = ["uncalibrated", *METHODS]


def save(path: Path, **arrays: np.ndarray) -> Path:
    np.savez(path, **arrays)
    return path


@pytest.fixture
def predictions(draw, tmp_path: Path) -> Path:
    logits, labels = draw(3000, 5)
    val_logits, val_labels = draw(2000, 5, seed=1)
    arrays = {"logits": logits, "labels": labels, "val_logits": val_logits, "val_labels": val_labels}
    return save(tmp_path / "predictions.npz", **arrays)


def test_measures_all_seven_methods_on_examples_they_have_not_seen(predictions: Path, tmp_path: Path) -> None:
    result = report(predictions, 15, tmp_path / "out")
    rows = {row["method"]: row for row in result["rows"]}
    assert list(rows) == METHOD_NAMES
    assert (result["fitted"], result["measured"], result["classes"]) == (2000, 3000, 5)
    assert rows["temperature"]["changed"] == 0
    assert rows["temperature"]["error"] == rows["uncalibrated"]["error"]
    for name in METHODS:
        assert rows[name]["ece"] < rows["uncalibrated"]["ece"]
        assert rows[name]["nll"] < rows["uncalibrated"]["nll"]
        assert rows[name]["seconds"] > 0
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    svg, png = (Path(name) for name in result["figures"])
    assert "<svg" in svg.read_text(encoding="utf-8")
    assert png.read_bytes().startswith(b"\x89PNG")
    text = as_text(result)
    assert all(name in text for name in METHOD_NAMES)
    assert "fitted on val_logits" in text


def test_diagrams_are_byte_equal_from_run_to_run(predictions: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        report(predictions, 10, tmp_path / name)
    for kind in ("svg", "png"):
        assert (tmp_path / f"a/reliability.{kind}").read_bytes() == (tmp_path / f"b/reliability.{kind}").read_bytes()


def test_without_validation_data_one_half_is_fitted_and_the_other_measured(draw, tmp_path: Path) -> None:
    logits, labels = draw(401, 3)
    result = report(save(tmp_path / "p.npz", logits=logits, labels=labels))
    assert (result["fitted"], result["measured"]) == (200, 201)
    assert "random half" in result["split"]
    assert result["figures"] == []
    given = load_predictions(tmp_path / "p.npz")
    both = np.concatenate([given.fit[0], given.test[0]])
    assert np.array_equal(both[np.lexsort(both.T)], logits[np.lexsort(logits.T)])  # no row twice, none lost


def test_matrix_scaling_is_left_out_beyond_two_hundred_classes(draw, tmp_path: Path) -> None:
    logits, labels = draw(600, 201)
    result = report(save(tmp_path / "p.npz", logits=logits.astype(np.float32), labels=labels), out=tmp_path)
    row = result["rows"][-1]
    assert row["method"] == "matrix"
    assert row["ece"] is None
    assert "left out" in row["note"]
    assert "left out" in as_text(result)


def test_probabilities_in_place_of_logits_are_told_once(draw, tmp_path: Path) -> None:
    logits, labels = draw(600, 4)
    path = save(tmp_path / "p.npz", logits=softmax(logits), labels=labels)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        result = report(path)
    (warning,) = result["warnings"]
    assert warning.startswith("logits: every row is non-negative and sums to 1")
    assert not report(save(tmp_path / "l.npz", logits=logits, labels=labels))["warnings"]


def test_some_methods_can_be_chosen(draw) -> None:
    data = draw(300, 3)
    names = [row["method"] for row, _ in evaluate_methods(data, data, names=("temperature",))]
    assert names == ["uncalibrated", "temperature"]


def test_a_perfect_network_has_a_row_in_every_method(tmp_path: Path) -> None:
    logits = np.random.default_rng(0).standard_normal((200, 3))
    path = save(tmp_path / "p.npz", logits=logits, labels=logits.argmax(1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # what a fit has to say stands in its note, and not beside a line of code
        result = report(path)
    assert "no optimum" in next(row["note"] for row in result["rows"] if row["method"] == "temperature")
    json.dumps(result, allow_nan=False)


Z, Y = np.zeros((4, 3)), np.array([0, 1, 2, 0])
BAD = {
    "no labels": ({"logits": Z}, "labels is missing .found: logits"),
    "no logits": ({"labels": Y, "scores": Z}, "logits is missing .found: labels, scores"),
    "half a validation pair": ({"logits": Z, "labels": Y, "val_logits": Z}, "val_labels is missing"),
    "other classes": ({"logits": Z, "labels": Y, "val_logits": Z[:, :2], "val_labels": Y % 2}, "2 classes"),
    "NaN": ({"logits": Z * np.nan, "labels": Y}, "logits: row 0, column 0 is nan"),
    "NaN in validation": ({"logits": Z, "labels": Y, "val_logits": Z * np.nan, "val_labels": Y}, "val_logits: row 0"),
    "a label out of range": ({"logits": Z, "labels": Y + 1}, "labels: row 2 is 3"),
    "a validation label": ({"logits": Z, "labels": Y, "val_logits": Z, "val_labels": Y - 1}, "val_labels: row 0 is -1"),
    "images": ({"logits": np.zeros((4, 3, 2, 2)), "labels": Y}, "logits: shape"),
    "one row": ({"logits": Z[:1], "labels": Y[:1]}, "one row"),
    "objects": ({"logits": np.array([[1, None]]), "labels": Y[:1]}, "cannot be read"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_arrays_are_told_with_file_and_field(name: str, tmp_path: Path) -> None:
    arrays, message = BAD[name]
    path = save(tmp_path / "bad.npz", **arrays)
    with pytest.raises(ValueError, match=message) as caught:
        report(path)
    assert "bad.npz" in str(caught.value)


def test_what_is_no_archive_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such file"):
        report(tmp_path / "absent.npz")
    np.save(tmp_path / "one.npy", Z)
    for name, content in {
        "text.npz": b"logits,labels\n",
        "empty.npz": b"",
        "cut.npz": b"PK\x03\x04 and no more",
    }.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=r"not an \.npz"):
            report(tmp_path / name)
    with pytest.raises(ValueError, match="a single array"):
        report(tmp_path / "one.npy")


def npy(header: str) -> bytes:
    """A .npy file whose header says this and that holds nothing else."""
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode("latin-1")


HUGE = "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000, 1000000)}\n"


@pytest.mark.parametrize("header", [HUGE, "{'descr': (\n", "\xff(((\n", "{}\n", "{'descr': '<f8', 'shape': 1 1}\n"])
def test_a_header_that_lies_is_told(tmp_path: Path, header: str) -> None:
    with zipfile.ZipFile(tmp_path / "bad.npz", "w") as archive:
        archive.writestr("logits.npy", npy(header))
        archive.writestr("labels.npy", npy(header))
    (tmp_path / "bad.npy").write_bytes(npy(header))
    for name, message in (("bad.npz", "logits cannot be read"), ("bad.npy", r"not an \.npz archive")):
        with pytest.raises(ValueError, match=message) as caught:
            report(tmp_path / name)
        assert name in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("offset", "value"),
    [(6, b"\x01\x00"), (8, b"\x63\x00"), (30, b"\xff")],
    ids=["encrypted", "an unknown compression", "spoilt data"],
)
def test_an_archive_that_cannot_be_unpacked_is_told(tmp_path: Path, offset: int, value: bytes) -> None:
    path = tmp_path / "bad.npz"
    np.savez_compressed(path, logits=Z, labels=Y)
    content = bytearray(path.read_bytes())
    if offset == 30:  # behind the header, its name and its extra field
        start = 30 + int.from_bytes(content[26:28], "little") + int.from_bytes(content[28:30], "little")
        content[start : start + 1] = value
    else:
        central = content.index(b"PK\x01\x02") + offset + 2  # the same field stands two bytes later there
        content[offset : offset + 2] = content[central : central + 2] = value
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"bad\.npz: logits cannot be read \(\S"):
        report(path)


def test_a_pickle_is_never_executed(tmp_path: Path) -> None:
    import pickle

    class Trap:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "sprung",))

    (tmp_path / "trap.npz").write_bytes(pickle.dumps(Trap()))
    np.savez(tmp_path / "inside.npz", logits=np.array([Trap()], object), labels=np.zeros(1, int))
    for name in ("trap", "inside"):
        with pytest.raises(ValueError, match=rf"{name}\.npz: .*pickled objects, which are never loaded") as error:
            report(tmp_path / f"{name}.npz")
        assert "allow_pickle" not in str(error.value)  # NumPy's advice
    assert not (tmp_path / "sprung").exists()


def test_bins_are_checked_before_anything_is_fitted(predictions: Path) -> None:
    with pytest.raises(ValueError, match="bins"):
        report(predictions, 0)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"a,b\n1,2\n", r"a\.csv: not an \.npz archive \(it is something else\)"),
        ("a.pkl", b"\x80\x04N.", "it holds pickled objects, which are never loaded"),
        ("folder", None, "folder: a folder; expected an .npz"),
    ],
)
def test_what_is_no_archive_is_called_what_it_is(tmp_path: Path, name: str, content: bytes | None, message: str):
    path = tmp_path / name
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises((ValueError, OSError), match=message):
        report(path)


def test_of_many_arrays_a_few_are_named(tmp_path: Path) -> None:
    many = {f"a{i}": np.zeros(1) for i in range(300)} | {"\x1b[31m": np.zeros(1)}
    with pytest.raises(ValueError, match=r"array logits is missing \(found: a0, .*, a7 and 293 more\)"):
        report(save(tmp_path / "p.npz", **many))


def test_an_array_that_stands_twice_is_refused(draw, tmp_path: Path) -> None:
    logits, labels = draw(40, 3)
    path = save(tmp_path / "p.npz", logits=logits, labels=labels)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("logits.npy", archive.read("logits.npy"))
    with pytest.raises(ValueError, match="array logits stands 2 times"):
        report(path)


def test_a_folder_that_cannot_be_is_refused_before_the_work(draw, tmp_path: Path, monkeypatch) -> None:
    logits, labels = draw(40, 3)
    path = save(tmp_path / "p.npz", logits=logits, labels=labels)
    monkeypatch.setattr("reprise.calibration.own_data._measured", lambda *_: pytest.fail("it worked first"))
    with pytest.raises(NotADirectoryError):
        report(path, out=path)
