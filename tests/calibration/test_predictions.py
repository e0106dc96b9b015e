"""Which kind of predictions a file holds, and that every kind can be calibrated, saved and applied."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
import tracemalloc
import warnings
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from reprise.calibration import TemperatureScaling, softmax
from reprise.calibration.own_data import ALONE, as_text, report
from reprise.calibration.report import METHODS
from reprise.calibration.saved import apply, read_fitted


@pytest.fixture
def answers():
    """answers(n, k, temperature): logits (n, k) and labels (n, k) drawn from sigmoid(logits / temperature)."""

    def make(n: int, k: int, temperature: float = 2.5, seed: int = 0):
        rng = np.random.default_rng(seed)
        z = rng.normal(0, 1.5, (n, k)) - np.linspace(0, 2, k)
        return temperature * z, (rng.random((n, k)) < expit(z)).astype(int)

    return make


def save(path: Path, **arrays: np.ndarray) -> Path:
    np.savez(path, **arrays)
    return path


def rows(result):
    return {row["method"]: row for row in result["rows"]}


def test_one_logit_is_two_classes(answers, tmp_path):
    z, y = answers(4000, 1)
    z, y = z[:, 0], y[:, 0]
    one = report(save(tmp_path / "one.npz", logits=z, labels=y))
    two = report(save(tmp_path / "two.npz", logits=np.stack([0 * z, z], axis=1), labels=y))
    column = report(save(tmp_path / "column.npz", logits=z[:, None], labels=y[:, None]))
    assert (one["kind"], two["kind"], column["kind"]) == ("binary", "classes", "binary")
    for name, row in rows(one).items():
        assert row["ece"] == rows(two)[name]["ece"] == rows(column)[name]["ece"]
    assert rows(one)["temperature"]["ece_low"] == 0 < rows(one)["uncalibrated"]["ece_low"]
    assert "two classes, one logit" in as_text(one)


def test_several_labels_share_a_temperature_and_are_calibrated_one_by_one(answers, tmp_path):
    z, y = answers(4000, 4)
    result = report(save(tmp_path / "p.npz", logits=z, labels=y), out=tmp_path / "d", save=tmp_path / "f.json")
    found = rows(result)
    assert result["kind"] == "labels"
    assert set(found) == {"uncalibrated", *METHODS} - {"vector", "matrix"}
    before = found.pop("uncalibrated")
    for row in found.values():
        assert row["ece_low"] < before["ece_low"]
        assert max(row["labels"]) < max(before["labels"])
        assert row["nll"] < before["nll"]
    held = json.loads((tmp_path / "f.json").read_text())["methods"]
    assert held["temperature"][0]["temperature"] == pytest.approx(2.5, rel=0.1)
    assert (len(held["temperature"]), len(held["Platt"])) == (1, 4)
    assert "4 labels, any number of them true" in as_text(result)
    assert found["temperature"]["note"].startswith("T = 2.")
    table = [line for line in as_text(result).splitlines()[2:] if not line.startswith("wrote")]
    assert max(map(len, table)) <= 80
    assert (tmp_path / "d" / "reliability.svg").is_file()


def test_measures_of_several_labels_are_those_of_all_answers(answers, tmp_path):
    z, y = answers(500, 3)
    result = report(save(tmp_path / "p.npz", logits=z, labels=y, val_logits=z, val_labels=y))
    row, p = rows(result)["uncalibrated"], expit(z)
    assert row["brier"] == pytest.approx(np.mean((p - y) ** 2))
    assert row["nll"] == pytest.approx(-np.mean(np.where(y, np.log(p), np.log1p(-p))))
    assert row["error"] == pytest.approx(np.mean((p > 0.5) != y))
    pooled = np.minimum(np.ceil(p * 15).astype(int), 15) - 1
    assert row["ece"] == pytest.approx(sum(abs((y - p)[pooled == b].sum()) for b in range(15)) / p.size)
    own = [sum(abs((y - p)[pooled[:, j] == b, j].sum()) for b in range(15)) / len(p) for j in range(3)]
    assert row["labels"] == pytest.approx(own)


def test_one_answer_a_row_must_be_said_to_be_one_of_several(tmp_path):
    y = np.eye(3, dtype=int)[np.arange(60) % 3]
    path = save(tmp_path / "p.npz", logits=np.random.default_rng(0).normal(0, 1, (60, 3)), labels=y)
    with pytest.raises(ValueError, match=r"p\.npz: labels: each row holds one 1: .* take the argmax; .* --multilabel"):
        report(path)
    assert report(path, multilabel=True)["kind"] == "labels"


def test_probabilities_are_told_and_taken_where_that_is_said(draw, answers, tmp_path):
    logits, labels = draw(3000, 4)
    z, y = answers(3000, 3)
    for k, (given, p, truth) in enumerate(
        [(logits, softmax(logits), labels), (z[:, 0], expit(z[:, 0]), y[:, 0]), (z, expit(z), y)]
    ):
        right = report(save(tmp_path / f"{k}.npz", logits=given, labels=truth))
        wrong = report(save(tmp_path / f"{k}p.npz", logits=p, labels=truth))
        said = report(tmp_path / f"{k}p.npz", probabilities=True, save=tmp_path / f"{k}.json")
        assert right["warnings"] == said["warnings"] == []
        (warning,) = wrong["warnings"]
        assert "look like probabilities" in warning
        assert warning.endswith("or say --probabilities")
        for name in ("uncalibrated", "temperature", "Platt"):
            assert rows(said)[name]["ece"] == pytest.approx(rows(right)[name]["ece"], abs=2e-4)
        done = apply(tmp_path / f"{k}.json", save(tmp_path / f"{k}new.npz", logits=p), "uncalibrated")
        assert np.allclose(done.probabilities, p, atol=1e-9)
    sure = np.array([[1.0, 0.0]] * 30 + [[0.25, 0.75]] * 30)
    assert report(save(tmp_path / "s.npz", logits=sure, labels=[0, 1] * 30), probabilities=True)["classes"] == 2
    with pytest.raises(ValueError, match=r"logits: row 0, column 0 .* look like logits"):
        report(save(tmp_path / "l.npz", logits=np.array([[-3.0, 5]] * 4), labels=[0, 1] * 2), probabilities=True)
    with pytest.raises(ValueError, match=r"logits: row 1, column 0 is 1\.5, expected a probability"):
        report(save(tmp_path / "l.npz", logits=[0.2, 1.5], labels=[0, 1]), probabilities=True)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", ["classes", "two classes", "binary", "labels", "masked"])
def test_what_is_saved_gives_the_same_bits(draw, answers, tmp_path, kind, dtype):
    if kind in ("classes", "two classes", "masked"):
        logits, labels = draw(600, 2 if kind == "two classes" else 4)
        if kind == "masked":
            logits[np.arange(0, 600, 3), (labels[::3] + 1) % 4] = -1e9
    else:
        logits, labels = answers(600, 1 if kind == "binary" else 3)
        logits, labels = (logits[:, 0], labels[:, 0]) if kind == "binary" else (logits, labels)
    logits = logits.astype(dtype)
    path = save(tmp_path / "p.npz", logits=logits, labels=labels, val_logits=logits, val_labels=labels)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        report(path, save=tmp_path / "f.json")
    names = list(read_fitted(tmp_path / "f.json")[3])
    assert set(names) == {"uncalibrated", *METHODS} - ({"vector", "matrix"} if kind == "labels" else set())
    for name in names[1:]:
        done = apply(tmp_path / "f.json", path, name, tmp_path / "out.npz")
        if kind in ("classes", "two classes", "masked"):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)
                expected = METHODS[name]().fit(logits, labels).transform(logits)
            np.testing.assert_array_equal(done.probabilities, expected)
        assert done.probabilities.dtype == dtype
        np.testing.assert_array_equal(np.load(tmp_path / "out.npz")["probabilities"], done.probabilities)
        assert done.measured.low <= done.measured.value <= done.measured.high
    shape = {"binary": (600,), "labels": (600, 3)}.get(kind, logits.shape)
    assert done.probabilities.shape == shape


def test_the_temperature_is_there_to_be_read(draw, tmp_path):
    logits, labels = draw(3000, 5)
    report(
        save(tmp_path / "p.npz", logits=logits, labels=labels, val_logits=logits, val_labels=labels),
        save=tmp_path / "f.json",
    )
    held = json.loads((tmp_path / "f.json").read_text())
    assert held["methods"]["temperature"]["temperature"] == TemperatureScaling().fit(logits, labels).temperature
    assert (held["kind"], held["classes"], held["examples"]) == ("classes", 5, 3000)


@pytest.fixture
def fitted(draw, tmp_path):
    logits, labels = draw(400, 3)
    report(save(tmp_path / "p.npz", logits=logits, labels=labels), save=tmp_path / "f.json")
    return tmp_path / "f.json"


BROKEN = {
    "no temperature": (lambda c: c["methods"]["temperature"].pop("temperature"), "temperature is missing"),
    "zero": (lambda c: c["methods"]["temperature"].update(temperature=0), "expected a number above 0"),
    "words": (lambda c: c["methods"]["temperature"].update(temperature="2"), "expected a finite number"),
    "endless": (lambda c: c["methods"]["temperature"].update(temperature=10**400), "expected a finite number"),
    "truth": (lambda c: c["methods"]["temperature"].update(temperature=True), "expected a finite number"),
    "fewer columns": (lambda c: c["methods"]["Platt"]["columns"].pop(), "expected a list of 3 mappings"),
    "other shape": (lambda c: c["methods"]["matrix"]["weights"].pop(), r"weights: shape \(2, 3\), expected \(3, 3\)"),
    "ragged": (lambda c: c["methods"]["matrix"]["weights"][0].pop(), "weights: expected numbers"),
    "falling": (lambda c: c["methods"]["isotonic"]["columns"][0]["at"].reverse(), "expected finite numbers that rise"),
    "no steps": (lambda c: c["methods"]["isotonic"]["columns"][0].update(at=[]), "columns: shape"),
    "bins": (lambda c: c["methods"]["histogram"].update(values=[[], [], []]), "values: shape"),
    "kind": (lambda c: c.update(kind="pictures"), "kind is 'pictures'"),
    "classes": (lambda c: c.update(classes=4), "expected"),
    "many classes": (lambda c: c.update(classes=10**9), "classes is 1000000000"),
    "format": (lambda c: c.update(format=2), "not what `reprise calibration --save` writes"),
    "method": (lambda c: c["methods"].update(magic={}), "methods must be some of"),
    "a list": (lambda c: c["methods"].update(temperature=[1]), "temperature: expected a mapping"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_was_changed_is_told_by_field(fitted, name):
    change, message = BROKEN[name]
    content = copy.deepcopy(json.loads(fitted.read_text()))
    change(content)
    fitted.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=message) as caught:
        apply(fitted, fitted.with_name("p.npz"))
    assert str(caught.value).startswith(str(fitted))


def test_new_logits_that_do_not_fit_are_told(fitted, answers, tmp_path):
    four = save(tmp_path / "four.npz", logits=np.zeros((2, 4)))
    with pytest.raises(ValueError, match=r"four\.npz: logits: 4 classes, but .*f\.json was fitted on 3"):
        apply(fitted, four)
    with pytest.raises(ValueError, match="no method 'temprature'"):
        apply(fitted, four, "temprature")
    with pytest.raises(FileNotFoundError, match="--save"):
        apply(tmp_path / "absent.json", four)
    with pytest.raises(ValueError, match=r"array logits is missing .found: other"):
        apply(fitted, save(tmp_path / "other.npz", other=np.zeros(2)))
    z, y = answers(50, 3)
    y[3, 1] = 7
    with pytest.raises(ValueError, match=r"p2\.npz: labels: row 3, column 1 is 7, expected 0 or 1"):
        report(save(tmp_path / "p2.npz", logits=z, labels=y))
    y[3, 1] = 1
    with pytest.raises(ValueError, match="of the kind labels, val_logits of classes"):
        report(save(tmp_path / "p3.npz", logits=z, labels=y, val_logits=z, val_labels=y[:, 0]))


def test_the_commands_save_and_apply(draw, tmp_path):
    def reprise(*arguments, code=0):
        command = [sys.executable, "-m", "reprise.cli", "calibration", *arguments]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == code, done.stderr
        return done

    logits, labels = draw(900, 3)
    save(tmp_path / "p.npz", logits=logits, labels=labels)
    save(tmp_path / "shares.npz", logits=softmax(logits))
    assert "wrote f.json" in reprise("p.npz", "--save", "f.json").stdout
    assert json.loads(reprise("--json", "p.npz").stdout)["saved"] is None
    said = reprise("apply", "f.json", "p.npz", "--out", "q.npz").stdout.splitlines()
    assert said[0] == "900 rows calibrated by temperature, written to q.npz"
    assert said[1].startswith("ECE ")
    done = reprise("apply", "f.json", "shares.npz", "--method", "Platt")
    assert done.stderr.startswith("warning: logits: every row is non-negative and sums to 1")
    assert done.stderr.endswith("or fit on probabilities: `reprise calibration FILE --probabilities --save f.json`\n")
    (line,) = reprise("apply", "p.npz", "f.json", code=1).stderr.splitlines()
    assert line.startswith("reprise: p.npz: not valid JSON")


def test_an_array_of_probabilities_is_told_what_to_be_called_and_which_option_takes_it(fitted, draw, tmp_path):
    logits, labels = draw(60, 3)
    shares = softmax(logits)
    path = save(tmp_path / "p.npz", probabilities=shares, labels=labels)
    with pytest.raises(ValueError, match=r"save them under the name logits and say --probabilities$"):
        report(path)
    with pytest.raises(ValueError, match=r"under the name logits and apply what was fitted with --probabilities$"):
        apply(fitted, path)
    path = save(tmp_path / "v.npz", logits=shares, labels=labels, val_probs=shares, val_labels=labels)
    with pytest.raises(ValueError, match=r"under the name val_logits and say --probabilities$"):
        report(path, probabilities=True)
    with pytest.raises(ValueError, match=r"logits is missing .found: other, labels.$"):
        report(save(tmp_path / "o.npz", other=shares, labels=labels))


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_a_warning_goes_to_standard_error_and_not_among_the_results(draw, tmp_path, more):
    logits, labels = draw(300, 3)
    save(tmp_path / "p.npz", logits=softmax(logits), labels=labels)
    command = [sys.executable, "-m", "reprise.cli", "calibration", "p.npz", *more]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stderr.startswith("warning: logits: every row is non-negative and sums to 1")
    assert "warning:" not in done.stdout


def test_an_array_that_expands_to_far_more_than_it_takes_is_refused_before_it_does(tmp_path):
    np.savez_compressed(tmp_path / "p.npz", logits=np.zeros((20_000, 1000), np.float32), labels=np.zeros(20_000, int))
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"p\.npz: logits cannot be read \(its .* bytes expand to 80,000,\d+; bey"):
        report(tmp_path / "p.npz")
    assert tracemalloc.get_traced_memory()[1] < 16 << 20
    tracemalloc.stop()


def test_compressed_logits_are_read(answers, tmp_path):
    z, y = answers(200, 3)
    np.savez_compressed(tmp_path / "p.npz", logits=z, labels=y.argmax(axis=1))
    assert report(tmp_path / "p.npz")["classes"] == 3


@pytest.mark.parametrize(("labelled", "alone"), [(False, 3), (True, 4)])
def test_methods_that_fit_each_class_by_itself_are_left_out_of_very_many_and_said_to_be(tmp_path, labelled, alone):
    rng = np.random.default_rng(0)
    k = ALONE + 1
    labels = rng.integers(0, 2, (4, k)) if labelled else np.arange(4)
    path = save(tmp_path / "p.npz", logits=rng.normal(size=(4, k)).astype(np.float32), labels=labels)
    result = report(path, save=tmp_path / "fitted.json")
    left = [row["note"] for row in result["rows"] if row["note"].startswith("left out: it fits each of 20,001 ")]
    assert len(left) == alone
    assert rows(result)["temperature"]["ece"] is not None
    assert "isotonic: left out" in as_text(result)
    assert result["rows"][0]["method"] == "uncalibrated"


def test_a_damaged_file_of_what_was_fitted_says_what_writes_it(tmp_path):
    (tmp_path / "fitted.json").write_text("{")
    with pytest.raises(ValueError, match=r"fitted\.json: not valid JSON .*`reprise calibration FILE --save") as caught:
        read_fitted(tmp_path / "fitted.json")
    assert "dvc" not in str(caught.value)
