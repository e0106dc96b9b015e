"""``reprise detection-scores``: COCO's table, as pycocotools prints it."""

from __future__ import annotations

import contextlib
import io
import json

import pytest
from typer.testing import CliRunner

from reprise.cli import app
from reprise.data.detection_report import report

IMAGES = [{"id": i, "height": 100, "width": 100} for i in range(3)]
CATEGORIES = [{"id": 1, "name": "disc"}, {"id": 2, "name": "bar"}, {"id": 5, "name": "never\u001b[31m"}]


def square(image, category, x, side=20, **more):
    corners = [x, 10, x + side, 10, x + side, 10 + side, x, 10 + side]
    return {"image_id": image, "category_id": category, "bbox": [x, 10, side, side], "segmentation": [corners]} | more


TRUTH = [square(0, 1, 5), square(0, 2, 50), square(1, 1, 9, 40), square(2, 1, 9)]
FOUND = [square(0, 1, 6), square(0, 2, 58), square(1, 1, 9, 40), square(1, 1, 40), square(2, 2, 9)]


@pytest.fixture
def files(tmp_path):
    truth = [row | {"id": i + 1, "area": row["bbox"][2] ** 2, "iscrowd": 0} for i, row in enumerate(TRUTH)]
    found = [row | {"score": 0.9 - i / 10} for i, row in enumerate(FOUND)]
    paths = tmp_path / "truth.json", tmp_path / "found.json"
    document = {"images": IMAGES, "categories": CATEGORIES, "annotations": truth}
    for path, value in zip(paths, (document, found), strict=True):
        path.write_text(json.dumps(value), encoding="utf-8")
    return paths


@pytest.mark.parametrize("masks", [False, True])
def test_the_table_is_that_of_pycocotools_letter_by_letter(files, masks):
    coco, cocoeval = (pytest.importorskip(f"pycocotools.{name}") for name in ("coco", "cocoeval"))
    with contextlib.redirect_stdout(io.StringIO()):
        known = coco.COCO(str(files[0]))
        found = json.loads(files[1].read_text())
        if masks:  # their reader takes runs of detections, no polygons
            found = [row | {"segmentation": known.annToRLE({"image_id": row["image_id"], **row})} for row in found]
        run = cocoeval.COCOeval(known, known.loadRes(found), "segm" if masks else "bbox")
        run.evaluate()
        run.accumulate()
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        run.summarize()
    assert report(*files, masks).text() == printed.getvalue().rstrip("\n")


def test_the_command_prints_the_table_and_classes_and_json(files):
    paths = [str(path) for path in files]
    table = CliRunner().invoke(app, ["detection-scores", *paths, "--per-class"])
    assert table.exit_code == 0
    lines = table.output.splitlines()
    assert len(lines) == 12 + 1 + 3
    assert lines[0].startswith(" Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 0.")
    assert lines[-1].split() == [r"never\x1b[31m", "AP", "=", "-1.000"]
    found = json.loads(CliRunner().invoke(app, ["detection-scores", *paths, "--json"]).output)
    assert found["pictures"] == 3
    assert found["detections"] == 5
    assert found["AP by class"][r"never\x1b[31m"] is None
    assert 0 < found["scores"]["AP"] < found["scores"]["AP50"] < 1


def test_faults_are_told_and_nothing_is_scored(files):
    rows = json.loads(files[1].read_text())
    files[1].write_text(json.dumps([rows[0] | {"image_id": 77}, rows[1] | {"category_id": 9}]))
    with pytest.raises(
        ValueError, match=r"found\.json: 2 faults:\n  detections\[0\]: image_id: found 77.*\n  detections\[1\]"
    ):
        report(*files)
