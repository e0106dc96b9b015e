"""COCO's JSON in and out; every fault of a file is told at once."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from reprise.data import coco_fields, detection_report
from reprise.data.coco import AnnotationError, Truth, read_detections, read_truth, write_detections, write_truth
from reprise.data.coco_runs import mask_of, polygon_counts
from reprise.metrics.detection import Objects
from reprise.metrics.runs import Runs


def annotation(**more):
    return {"id": 1, "image_id": 7, "category_id": 3, "bbox": [1, 2, 3, 4], "area": 9.5, "iscrowd": 0} | more


def document(*annotations, **more):
    images = [{"id": 7, "file_name": "a.png", "height": 6, "width": 8}, {"id": 9, "height": 5, "width": 5}]
    return {
        "images": images,
        "categories": [{"id": 3, "name": "disc"}],
        "annotations": list(annotations) or [annotation()],
    } | more


@pytest.fixture
def written(tmp_path):
    def write(value, name="truth.json"):
        path = tmp_path / name
        path.write_text(json.dumps(value), encoding="utf-8")
        return path

    return write


def test_annotations_are_read(written):
    found = read_truth(written(document()))
    assert found.images == {7: (6, 8), 9: (5, 5)}
    assert found.files == {7: "a.png", 9: ""}
    assert found.categories == {3: "disc"}
    assert found.objects.boxes.tolist() == [[1, 2, 3, 4]]
    assert found.objects.area.tolist() == [9.5]
    assert found.remarks == ()


def test_an_area_that_is_not_given_is_the_boxs_or_the_masks(written):
    plain = annotation(segmentation=[[1, 1, 4, 1, 4, 3, 1, 3]])
    del plain["area"]
    path = written(document(plain))
    assert read_truth(path).objects.areas().tolist() == [12]
    assert read_truth(path, masks=True).objects.areas().tolist() == [6]


def test_masks_are_read_from_polygons_and_both_kinds_of_runs(written):
    size = {"size": [6, 8]}
    same = [
        annotation(id=1, segmentation=[[1, 1, 4, 1, 4, 3, 1, 3]]),
        annotation(id=2, segmentation=size | {"counts": [7, 2, 4, 2, 4, 2, 27]}),
        annotation(id=3, segmentation=size | {"counts": _string([7, 2, 4, 2, 4, 2, 27])}),
        annotation(id=4, segmentation=[[1, 1, 2, 1, 2, 3, 1, 3], [2, 1, 4, 1, 4, 3, 2, 3]]),
    ]
    runs = read_truth(written(document(*same)), masks=True).objects.masks
    first = [slice(runs.first[i], runs.first[i + 1]) for i in range(4)]
    starts = [runs.starts[part].tolist() for part in first]
    assert starts == [[7, 13, 19]] * 4
    assert runs.area.tolist() == [6] * 4


def _string(counts):
    from reprise.data.coco_runs import encode_string

    return encode_string(np.array(counts))


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({"image_id": 8}, r"annotations\[0\] \(id 1\): image_id: found 8, expected the id of a picture of the file"),
        ({"image_id": "7"}, "image_id: found '7'"),
        ({"category_id": 4}, "category_id: found 4, expected the id of a class"),
        ({"category_id": True}, "category_id: found True"),
        ({"bbox": [5, 5, -1, 4]}, r"bbox: found \[5, 5, -1, 4\], expected \[x, y, width, height\]"),
        ({"bbox": [5, 5, 4]}, "bbox: found"),
        ({"bbox": [5, 5, float("nan"), 4]}, "bbox: found"),
        ({"bbox": "1234"}, "bbox: found"),
        ({"bbox": [[1, 2, 3, 4]] * 4}, "bbox: found"),
        ({"area": -1}, "area: found -1, expected a number from 0 on"),
        ({"area": "9"}, "area: found '9'"),
        ({"id": "x\u001b[31m"}, r"id: found 'x\\x1b\[31m', expected a whole number"),
    ],
)
def test_a_fault_is_named_by_row_field_and_what_was_found(written, fault, message):
    with pytest.raises(AnnotationError, match=message):
        read_truth(written(document(annotation(**fault))))


def test_all_faults_are_told_at_once(written):
    rows = [
        annotation(id=1, image_id=8),
        annotation(id=1),
        annotation(id=3, bbox=[0, 0, -2, 1]),
        annotation(id=4, area=-1),
    ]
    del rows[3]["category_id"]
    with pytest.raises(AnnotationError, match=r"truth\.json: 5 faults:") as caught:
        read_truth(written(document(*rows)))
    assert len(caught.value.faults) == 5
    assert "annotations[3] (id 4): no category_id" in caught.value.faults


def test_many_faults_are_counted(written):
    rows = [annotation(id=i, image_id=1) for i in range(50)]
    with pytest.raises(AnnotationError, match=r"50 faults:\n(  .*\n){20}  \.\.\. and 30 more$"):
        read_truth(written(document(*rows)))


@pytest.mark.parametrize(
    ("segmentation", "message"),
    [
        (None, "found None, expected polygons or runs"),
        ([], r"found \[\]"),
        ([[1, 2, 3, 4]], "expected polygons"),
        ({"size": [8, 6], "counts": "0"}, r"size \[8, 6\], its picture has \[6, 8\]"),
        ({"size": [6, 8], "counts": [40]}, "do not fill a picture of 6 x 8"),
        ({"size": [6, 8], "counts": [50, -2]}, "do not fill"),
        ({"size": [6, 8], "counts": [4.5]}, "expected a string or whole numbers"),
        ({"size": [6, 8], "counts": "é"}, "a letter that stands in no mask"),
        ({"size": [6, 8], "counts": "X"}, "its last number is cut"),
    ],
)
def test_a_mask_that_fits_no_picture_is_told_by_its_row(written, segmentation, message):
    good = annotation(id=1, segmentation={"size": [6, 8], "counts": [48]})
    with pytest.raises(AnnotationError, match=rf"annotations\[1\] \(id 2\): segmentation: .*{message}"):
        read_truth(written(document(good, annotation(id=2, segmentation=segmentation))), masks=True)


def test_boxes_that_nothing_can_find_are_remarked_on(written):
    rows = [
        annotation(id=1, bbox=[1, 1, 0, 5]),
        annotation(id=2, bbox=[8, 1, 4, 4]),
        annotation(id=3, bbox=[7, 1, 4, 4]),
    ]
    found = read_truth(written(document(*rows)))
    assert found.remarks == ("1 box without area, which nothing overlaps", "1 box outside their picture")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "expected an object with images, categories, annotations, as COCO has it; a bare list"),
        ({"images": []}, "expected a list of categories"),
        ({"images": [3], "categories": [], "annotations": []}, "expected a list of images"),
        (3, "expected an object"),
    ],
)
def test_what_is_no_file_of_annotations_is_refused(written, value, message):
    with pytest.raises(ValueError, match=message):
        read_truth(written(value))


def test_detections_are_read_and_their_faults_told(written):
    truth = read_truth(written(document()))
    good = {"image_id": 9, "category_id": 3, "bbox": [0.5, 1, 2, 0], "score": 1}
    found = read_detections(written([good], "found.json"), truth)
    assert found.boxes.tolist() == [[0.5, 1, 2, 0]]
    assert found.scores.tolist() == [1.0]
    assert len(read_detections(written([], "found.json"), truth)) == 0
    bad = [
        good | {"image_id": 1},
        good | {"score": None},
        {"bbox": [1, 2, 3, 4]},
        good | {"score": 10**30, "bbox": [1, 2]},
    ]
    with pytest.raises(AnnotationError, match=r"found\.json: 6 faults"):
        read_detections(written(bad, "found.json"), truth)
    with pytest.raises(ValueError, match="looks like annotations: give them first"):
        read_detections(written(document(), "found.json"), truth)


def test_what_is_written_is_read_again(tmp_path):
    rng = np.random.default_rng(0)
    masks = rng.random((5, 6, 8)) < 0.3
    boxes, areas, crowd = rng.uniform(0, 4, (5, 4)), rng.uniform(0, 9, 5), np.arange(5) == 2
    objects = Objects(
        np.array([7, 7, 9, 7, 9]), np.full(5, 3), boxes, np.zeros(0), areas, crowd, Runs.from_masks(masks)
    )
    truth = Truth({7: (6, 8), 9: (6, 8)}, {7: "a.png", 9: "b.png"}, {3: "disc"}, objects)
    write_truth(tmp_path / "truth.json", truth)
    again = read_truth(tmp_path / "truth.json", masks=True)
    assert (again.images, again.files, again.categories) == (truth.images, truth.files, truth.categories)
    for name in ("image", "category", "boxes", "area", "crowd"):
        np.testing.assert_array_equal(getattr(again.objects, name), getattr(objects, name))
    for name in ("starts", "stops", "first"):
        np.testing.assert_array_equal(getattr(again.objects.masks, name), getattr(objects.masks, name))
    found = Objects(objects.image, objects.category, boxes, rng.random(5), masks=objects.masks)
    write_detections(tmp_path / "found.json", found, truth.images)
    for masked in (False, True):
        back = read_detections(tmp_path / "found.json", again, masked)
        np.testing.assert_array_equal(back.scores, found.scores)
        np.testing.assert_array_equal(
            back.masks.area if masked else back.boxes, objects.masks.area if masked else boxes
        )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x1f\x8b\x08\x00", "is compressed; unpack it with gunzip"),
        (b"", "not valid JSON"),
        (b'{"a": 1}\n{"a": 1}\n', "not valid JSON"),
        ("[]".encode("utf-16"), "not valid JSON"),
    ],
)
def test_what_is_no_json_is_told_so_and_nobody_is_sent_to_the_pipeline(written, tmp_path, content, message):
    truth = read_truth(written(document()))
    (tmp_path / "found.json").write_bytes(content)
    with pytest.raises(ValueError, match=rf"found\.json: {message}") as caught:
        read_detections(tmp_path / "found.json", truth)
    assert "dvc" not in str(caught.value)


def test_a_byte_order_mark_is_no_fault(written, tmp_path):
    path = written(document())
    (tmp_path / "marked.json").write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_truth(tmp_path / "marked.json").objects.boxes.tolist() == [[1, 2, 3, 4]]


@pytest.mark.parametrize(
    ("found", "hint"),
    [
        (document(), "this looks like annotations: give them first"),
        ({"detections": [], "info": {}}, "not an object with 'detections'"),
        ({}, "not an object with no lists"),
    ],
)
def test_a_list_within_an_object_is_named(written, found, hint):
    truth = read_truth(written(document()))
    with pytest.raises(ValueError, match=f"expected a list of detections.*{hint}"):
        read_detections(written(found, "found.json"), truth)


@pytest.mark.parametrize("value", [2, -1, "1", None, 1.0, [1]])
def test_a_crowd_is_one_or_none(written, value):
    with pytest.raises(AnnotationError, match=r"annotations\[0\] \(id 1\): iscrowd: found .*, expected 0 or 1"):
        read_truth(written(document(annotation(iscrowd=value))))


@pytest.mark.parametrize(("value", "crowd"), [(0, False), (1, True), (True, True), (False, False)])
def test_a_crowd_is_read(written, value, crowd):
    assert read_truth(written(document(annotation(iscrowd=value)))).objects.crowd.tolist() == [crowd]


BOUND = """
import json, resource, sys
from reprise.data.detection_report import report
taken = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (taken + (300 << 20),) * 2)
try:
    found = report(*sys.argv[1:], True)
except ValueError as error:
    print(error)
else:
    print(round(found.scores.table()["AP"], 9), len(found.by_class()))
"""


def compared(folder, polygons, size=(30, 40), classes=1):
    """What is said of a picture with one object of these polygons, detected as it is, within 300 MiB."""
    row = {"image_id": 1, "category_id": 1, "bbox": [0, 0, 9, 9], "segmentation": polygons}
    truth = {
        "images": [{"id": 1, "height": size[0], "width": size[1]}],
        "categories": [{"id": i, "name": f"class {i}"} for i in range(1, classes + 1)],
        "annotations": [row | {"id": 1}],
    }
    for name, value in (("truth.json", truth), ("found.json", [row | {"score": 0.5}])):
        (folder / name).write_text(json.dumps(value))
    command = [sys.executable, "-c", BOUND, folder / "truth.json", folder / "found.json"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_polygons_take_the_memory_of_their_picture_not_of_their_coordinates(tmp_path):
    assert compared(tmp_path, [[1, 1, 2e7, 1, 2e7, 2e7, 1, 2e7]]) == "1.0 1"
    assert compared(tmp_path, [[1, 1, 9, 1, 9, 9], [5, 5, 1e9, 5, 9, 1e9]]) == "1.0 1"
    assert "a corner at 1e+30, in a picture of 30 x 40" in compared(tmp_path, [[1, 1, 1e30, 1, 9, 9]])
    several = [[1, 1, 9, 1, 9, 9], [20, 20, 29, 20, 29, 29]]
    assert compared(tmp_path, several, (2**20 - 1, 2**20 - 1)) == "1.0 1"
    wide = [[x for _ in range(99) for x in (0, 0, 2**20, 1)]]
    assert "annotations[0] (id 1): segmentation: edges that pass 20" in compared(tmp_path, wide, (9, 2**20 - 1))


def test_classes_without_an_object_take_no_memory(tmp_path):
    assert compared(tmp_path, [[1, 1, 9, 1, 9, 9]], classes=50_000) == "1.0 50000"


def test_more_classes_with_objects_than_can_be_compared_are_refused(tmp_path, monkeypatch):
    compared(tmp_path, [[1, 1, 9, 1, 9, 9]])
    monkeypatch.setattr(detection_report, "CLASSES", 0)
    with pytest.raises(ValueError, match=r"truth\.json: objects of 1 classes; no more than 0 are compared"):
        detection_report.report(tmp_path / "truth.json", tmp_path / "found.json")


def test_many_wide_polygons_are_refused_before_they_take_more_than_the_file_explains(tmp_path, monkeypatch):
    monkeypatch.setattr(coco_fields, "RUNS", (100, 10))
    row = {"image_id": 1, "category_id": 1, "bbox": [0, 0, 9, 9], "segmentation": [[0, 0, 40, 0, 40, 20, 0, 20]]}
    truth = {
        "images": [{"id": 1, "height": 30, "width": 40}],
        "categories": [{"id": 1}],
        "annotations": [row | {"id": i} for i in range(3)],
    }
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    with pytest.raises(AnnotationError, match=r"annotations\[1\] \(id 1\): segmentation: up to here polygons have too"):
        read_truth(tmp_path / "truth.json", masks=True)


def test_the_union_of_polygons_is_that_of_their_masks():
    for seed in range(40):
        rng = np.random.default_rng(seed)
        size = tuple(rng.integers(1, 20, 2).tolist())
        polygons = rng.uniform(-4, 24, (int(rng.integers(2, 5)), 4, 2))
        expected = np.any([mask_of(polygon_counts(points, size), size) for points in polygons], axis=0)
        found = coco_fields._one_mask([points.ravel().tolist() for points in polygons], size)
        np.testing.assert_array_equal(mask_of(found, size), expected)
