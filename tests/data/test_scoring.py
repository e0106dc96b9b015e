"""``reprise scores`` gives what scikit-learn counts on all pixels, and names every file that does not fit."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from PIL import Image
from sklearn import metrics as sklearn
from typer.testing import CliRunner

from reprise.cli import app
from reprise.data.many import UnreadableImagesError
from reprise.data.scoring import score_folders
from reprise.metrics.boundary import boundary_counts, boundary_iou


def folders(root, count=4, classes=5, seed=0):
    rng = np.random.default_rng(seed)
    pairs = []
    for name in ("truth", "predicted"):
        (root / name / "below").mkdir(parents=True)
    for number in range(count):
        truth = np.kron(rng.integers(0, classes, (4 + number, 5)), np.ones((4, 4), int)).astype(np.uint8)
        said = np.where(rng.random(truth.shape) < 0.2 * number, rng.integers(0, classes, truth.shape), truth)
        truth = np.where(rng.random(truth.shape) < 0.1, 255, truth).astype(np.uint8)
        said = np.where(truth == 255, 255, said).astype(np.uint8)
        Image.fromarray(truth).save(root / "truth" / "below" / f"p{number}.png")
        Image.fromarray(said).save(root / "predicted" / "below" / f"p{number}.tif")
        pairs.append((truth, said))
    return root / "truth", root / "predicted", pairs


def test_numbers_are_those_of_all_pixels_at_once(tmp_path):
    truth, predicted, pairs = folders(tmp_path)
    found = score_folders(truth, predicted)
    true, said = (np.concatenate([pair[side].ravel() for pair in pairs]) for side in (0, 1))
    known = true != 255
    np.testing.assert_array_equal(found.matrix, sklearn.confusion_matrix(true[known], said[known]))
    rows = found.rows
    assert [row[0] for row in rows] == [0, 1, 2, 3, 4, "mean"]
    assert [row[3] for row in rows[:-1]] == pytest.approx(
        list(sklearn.jaccard_score(true[known], said[known], average=None))
    )
    assert [row[4] for row in rows[:-1]] == pytest.approx(
        list(sklearn.f1_score(true[known], said[known], average=None))
    )
    assert [row[2] for row in rows[:-1]] == pytest.approx(
        list(sklearn.recall_score(true[known], said[known], average=None))
    )
    edges = boundary_iou(sum(boundary_counts(*pair, 5) for pair in pairs))
    assert [row[5] for row in rows[:-1]] == pytest.approx(list(edges))
    assert rows[-1][3] == pytest.approx(found.summary["mean_iu"])
    assert found.ignored == int((~known).sum())
    assert found.pictures[0][0] == "below/p3.png"
    assert found.pictures[-1] == ("below/p0.png", 1.0)


def test_the_command_prints_the_table_and_writes_csv_and_sheet(tmp_path):
    truth, predicted, _ = folders(tmp_path)
    words = ["scores", str(truth), str(predicted), "--out", str(tmp_path / "s.csv"), "--worst", str(tmp_path / "w.png")]
    printed = CliRunner().invoke(app, words)
    assert printed.exit_code == 0, printed.output
    assert "mean IU" in printed.output
    with (tmp_path / "s.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == ["class", "pixels", "accuracy", "iu", "dice", "boundary_iu"]
    assert len(rows) == 6
    sheet = np.asarray(Image.open(tmp_path / "w.png").convert("RGB"))
    assert sheet.shape == (4 * 28 + 10 + 28 + 24 + 20 + 16, 700, 3)  # four pictures of 16 to 28 rows, the worst first
    assert (sheet == (230, 60, 40)).all(axis=2).any()
    found = json.loads(CliRunner().invoke(app, [*words[:3], "--json"]).output)
    assert found["summary"]["mean_iu"] == pytest.approx(float(rows[-1]["iu"]))
    assert "scores" in CliRunner().invoke(app, ["--help"]).output


def test_a_class_that_is_only_predicted_has_an_iu_of_zero_and_no_accuracy(tmp_path):
    for name, label in (("truth", 0), ("predicted", 2)):
        (tmp_path / name).mkdir()
        Image.new("L", (4, 4), label).save(tmp_path / name / "a.png")
    rows = score_folders(tmp_path / "truth", tmp_path / "predicted").rows
    assert rows[1][0] == 2
    assert rows[1][2] is None
    assert rows[1][3] == 0


def test_names_sizes_and_labels_that_do_not_fit_are_all_told_and_nothing_is_written(tmp_path):
    truth, predicted, _ = folders(tmp_path)
    (predicted / "below/p0.tif").rename(predicted / "below/q\x1b.tif")
    Image.new("L", (3, 3)).save(predicted / "below/p1.tif")
    Image.new("RGB", (20, 24)).save(truth / "below/p2.png")
    with pytest.raises(UnreadableImagesError) as caught:
        score_folders(truth, predicted, out=tmp_path / "s.csv")
    names = ("p0.png: no prediction", "no truth in", "p1.tif: is 3 x 3, the truth 20 x 20", "p2.png: is in colour")
    for words in names:
        assert words in str(caught.value)
    assert "\x1b" not in str(caught.value)
    (predicted / "below/q\x1b.tif").rename(predicted / "below/p0.tif")
    with pytest.raises(UnreadableImagesError, match=r"p3.png: has label 4 .*expected 0 to 3, or 255"):
        score_folders(truth, predicted, classes=4, out=tmp_path / "s.csv")
    assert not (tmp_path / "s.csv").exists()


def test_an_ignored_label_where_the_truth_is_known_is_an_error(tmp_path):
    for name, label in (("truth", 0), ("predicted", 255)):
        (tmp_path / name).mkdir()
        Image.new("L", (4, 4), label).save(tmp_path / name / "a.png")
    with pytest.raises(ValueError, match="label 255 at 16 pixels whose truth is known"):
        score_folders(tmp_path / "truth", tmp_path / "predicted")
    with pytest.raises(ValueError, match="every pixel has the ignored label 0"):
        score_folders(tmp_path / "truth", tmp_path / "truth", ignore=0)


def test_folders_outputs_and_numbers_that_make_no_sense_are_refused(tmp_path):
    truth, predicted, _ = folders(tmp_path)
    (tmp_path / "empty").mkdir()
    for arguments, message in (
        ({"truth": tmp_path / "none", "predicted": predicted}, "not a folder"),
        ({"truth": tmp_path / "empty", "predicted": tmp_path / "empty"}, "holds no pictures"),
        ({"truth": truth, "predicted": predicted, "out": truth / "s.csv"}, "among the pictures"),
        ({"truth": truth, "predicted": predicted, "classes": 5, "ignore": 3}, "one of the 5 classes"),
    ):
        with pytest.raises((ValueError, OSError), match=message):
            score_folders(**arguments)


def test_the_picture_of_the_worst_is_a_png_and_named_so(tmp_path):
    truth, predicted, _ = folders(tmp_path)
    with pytest.raises(ValueError, match=r"w\.jpg: the picture of the worst is a PNG; name it \.png"):
        score_folders(truth, predicted, worst=tmp_path / "w.jpg")
    assert not (tmp_path / "w.jpg").exists()
