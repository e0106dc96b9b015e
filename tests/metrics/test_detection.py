"""Average precision by COCO's rules against pycocotools where it is installed, and against counting by hand."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reprise.metrics.detection import Objects, detection_scores
from reprise.metrics.runs import Runs

NAMES = ["AP", "AP50", "AP75", "AP small", "AP medium", "AP large"]
NAMES += ["AR1", "AR10", "AR100", "AR small", "AR medium", "AR large"]


def objects(image=(), category=None, boxes=(), scores=(), **more):
    image = np.asarray(image, int)
    category = np.ones(len(image), int) if category is None else np.asarray(category, int)
    return Objects(image, category, np.asarray(boxes, float).reshape(-1, 4), np.asarray(scores, float), **more)


def pycocotools_table(truth, detected, kind="bbox", shape=(60, 80)):
    """The twelve numbers that pycocotools prints."""
    coco, evaluation, mask = (
        pytest.importorskip(f"pycocotools.{name}", reason="pycocotools is not installed")
        for name in ("coco", "cocoeval", "mask")
    )

    def rows(these, first=1):
        area = these.areas()
        for i in range(len(these)):
            row = {"id": i + first, "image_id": int(these.image[i]), "category_id": int(these.category[i])}
            row |= {"bbox": these.boxes[i].tolist(), "area": float(area[i])}
            row["iscrowd"] = int(these.crowd[i]) if these.crowd is not None else 0
            if these.masks is not None:
                picture = np.zeros(shape[0] * shape[1], np.uint8)
                for run in range(these.masks.first[i], these.masks.first[i + 1]):
                    picture[these.masks.starts[run] : these.masks.stops[run]] = 1
                row["segmentation"] = mask.encode(np.asfortranarray(picture.reshape(shape[::-1]).T))
            yield row

    with contextlib.redirect_stdout(io.StringIO()):
        dataset = coco.COCO()
        images = sorted({*truth.image.tolist(), *detected.image.tolist()})
        dataset.dataset = {
            "images": [{"id": i, "height": shape[0], "width": shape[1]} for i in images],
            "categories": [{"id": int(k)} for k in np.unique(truth.category)],
            "annotations": list(rows(truth)),
        }
        dataset.createIndex()
        results = coco.COCO()
        results.dataset = dataset.dataset | {
            "annotations": [
                row | {"score": float(score)} for row, score in zip(rows(detected), detected.scores, strict=True)
            ]
        }
        results.createIndex()
        run = evaluation.COCOeval(dataset, results, kind)
        run.evaluate()
        run.accumulate()
        run.summarize()
    return np.where(run.stats == -1, np.nan, run.stats)


def scene(seed, images=12, classes=3, most=9, size=(60, 80), scale=1.0):
    """Crowds, sizes of three octaves, equal scores, doubled detections, classes without objects, empty pictures."""
    rng = np.random.default_rng(seed)

    def boxes(count):
        corner = rng.uniform(0, [size[1] - 8, size[0] - 8], (count, 2))
        return np.concatenate([corner, np.exp(rng.uniform(1, np.log(size[0]), (count, 2)))], 1).round(1) * scale

    counts = rng.integers(0, most, images)
    image = np.repeat(np.arange(images) * 7 + 3, counts)
    truth = boxes(len(image))
    crowd = rng.random(len(image)) < 0.15
    category = rng.integers(1, classes + 1, len(image))
    near = np.repeat(np.arange(len(image)), rng.integers(0, 4, len(image)))
    found = truth[near] + (rng.normal(0, 0.12, (len(near), 4)) * np.tile(truth[near][:, 2:], 2)).round(1)
    found[:, 2:] = np.maximum(found[:, 2:], 0.5)
    wrong = rng.integers(0, len(image) + 20, len(image) + 20)
    stray = boxes(len(wrong))
    detected = np.concatenate([found, stray])
    of = np.concatenate([image[near], rng.choice(np.arange(images) * 7 + 3, len(wrong))])
    kinds = np.concatenate([category[near], rng.integers(1, classes + 2, len(wrong))])
    order = rng.permutation(len(of))
    scores = rng.integers(0, 12, len(of)) / 12
    return (
        objects(image, category, truth, area=truth[:, 2] * truth[:, 3] * rng.uniform(0.5, 1, len(image)), crowd=crowd),
        objects(of[order], kinds[order], detected[order], scores),
    )


@pytest.mark.parametrize("seed", range(12))
def test_boxes_score_as_in_pycocotools(seed):
    truth, detected = scene(seed, scale=1.0 if seed % 2 else 3.0)
    found = detection_scores(truth, detected).table()
    assert list(found) == NAMES
    np.testing.assert_allclose(list(found.values()), pycocotools_table(truth, detected), atol=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_more_than_a_hundred_detections_of_a_picture_score_as_in_pycocotools(seed):
    truth, detected = scene(seed, images=2, classes=1, most=80)
    many = objects(
        np.tile(detected.image, 4), np.tile(detected.category, 4), np.tile(detected.boxes, (4, 1)) + 1,
        np.tile(detected.scores, 4),
    )  # fmt: skip
    assert len(many) > 250
    found = detection_scores(truth, many).table()
    np.testing.assert_allclose(list(found.values()), pycocotools_table(truth, many), atol=1e-9)


def drawn(these, shape=(60, 80), seed=0):
    """The same objects with masks: discs in their boxes, some with a hole."""
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    masks = []
    for i, (left, top, width, height) in enumerate(these.boxes):
        far = np.hypot((x - left - width / 2) / max(width, 1), (y - top - height / 2) / max(height, 1))
        masks.append((far < 0.5) & ((far > 0.2) | (i % 3 > 0)))
    runs = Runs.from_masks(masks)
    crowd = these.crowd
    return Objects(these.image, these.category, these.boxes, these.scores, None, crowd, runs)


@pytest.mark.parametrize("seed", range(6))
def test_masks_score_as_in_pycocotools(seed):
    truth, detected = (drawn(each) for each in scene(seed))
    found = detection_scores(truth, detected).table()
    np.testing.assert_allclose(list(found.values()), pycocotools_table(truth, detected, "segm"), atol=1e-9)


SQUARE = (10, 10, 20, 20)
DEGENERATE = {
    "nothing there, nothing found": (objects(), objects()),
    "nothing there": (objects(), objects([1], [1], [SQUARE], [0.5])),
    "nothing found": (objects([1], None, [SQUARE]), objects()),
    "only a crowd": (objects([1], None, [SQUARE], crowd=[True]), objects([1], None, [SQUARE], [0.9])),
    "a box without area": (objects([1], None, [(5, 5, 0, 9)]), objects([1], None, [(5, 5, 0, 9)], [0.9])),
    "the same box twice": (objects([1, 1], None, [SQUARE] * 2), objects([1, 1], None, [SQUARE] * 2, [0.9, 0.9])),
    "exactly half": (objects([1], None, [(0, 0, 10, 10)]), objects([1], None, [(0, 0, 10, 5)], [0.5])),
    "an unknown class": (objects([1], [1], [SQUARE]), objects([1, 1], [1, 2], [SQUARE] * 2, [0.5, 0.9])),
    "another picture": (objects([1], None, [SQUARE]), objects([2], None, [SQUARE], [0.5])),
    "an area at a limit": (objects([1], None, [(0, 0, 32, 32)]), objects([1], None, [(0, 0, 32, 32)], [0.5])),
}


@pytest.mark.parametrize("case", DEGENERATE)
def test_degenerate_cases_score_as_in_pycocotools(case):
    truth, detected = DEGENERATE[case]
    found = list(detection_scores(truth, detected).table().values())
    np.testing.assert_allclose(found, pycocotools_table(truth, detected), atol=1e-12)


def test_perfect_detections_score_1_and_none_0():
    truth = objects([1, 1, 2], [1, 2, 1], [SQUARE, (50, 50, 9, 9), SQUARE])
    perfect = objects(truth.image, truth.category, truth.boxes, [0.2, 0.9, 0.5])
    assert detection_scores(truth, perfect).average_precision() == pytest.approx(1, abs=1e-12)
    assert detection_scores(truth, objects()).average_precision() == 0


def test_average_precision_by_hand():
    """Two objects; right, wrong, right: precision 1 up to recall 1/2 (51 of 101 recalls), 2/3 beyond (50)."""
    truth = objects([1, 1], None, [SQUARE, (50, 50, 20, 20)])
    found = objects([1] * 3, None, [SQUARE, (80, 0, 9, 9), (50, 50, 20, 20)], [0.9, 0.8, 0.7])
    scores = detection_scores(truth, found)
    assert scores.average_precision(0.5) == pytest.approx((51 + 50 * 2 / 3) / 101)
    assert scores.average_recall(1) == 0.5
    assert scores.average_recall(10) == 1


def test_a_second_detection_of_an_object_is_wrong_unless_it_is_a_crowd():
    twice = objects([1, 1], None, [SQUARE, (11, 10, 20, 20)], [0.9, 0.8])
    beside = objects([1, 1], None, [SQUARE, (60, 60, 9, 9)])
    single = detection_scores(objects([1, 1], None, [SQUARE, (60, 60, 9, 9)]), twice).average_precision(0.5)
    crowd = detection_scores(
        objects([1, 1], None, beside.boxes, crowd=np.array([True, False])),
        objects([1] * 3, None, [*twice.boxes, beside.boxes[1]], [0.9, 0.8, 0.1]),
    )
    assert single == pytest.approx(51 / 101)  # half of the objects, at once
    assert crowd.average_precision(0.5) == pytest.approx(1)  # what lies in the crowd is neither right nor wrong


@given(st.integers(0, 10_000))
@settings(max_examples=25)
def test_the_order_of_the_file_does_not_matter_where_scores_differ(seed):
    truth, detected = scene(seed, images=5)
    rng = np.random.default_rng(seed)
    scores = rng.permutation(len(detected)) / max(len(detected), 1)
    order = rng.permutation(len(detected))
    one = objects(detected.image, detected.category, detected.boxes, scores)
    other = objects(detected.image[order], detected.category[order], detected.boxes[order], scores[order])
    np.testing.assert_array_equal(detection_scores(truth, one).precision, detection_scores(truth, other).precision)


@given(st.integers(0, 10_000))
@settings(max_examples=25)
def test_a_wrong_detection_below_all_others_never_raises_precision(seed):
    truth, detected = scene(seed, images=5)
    before = detection_scores(truth, detected).precision
    worse = objects(
        np.append(detected.image, 3), np.append(detected.category, 1), np.vstack([detected.boxes, (900, 900, 9, 9)]),
        np.append(detected.scores, -1),
    )  # fmt: skip
    after = detection_scores(truth, worse).precision
    assert np.nan_to_num(after - before).max(initial=0) <= 1e-12


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"boxes": [[0, 0, np.nan, 1]]}, "finite"),
        ({"boxes": [[0, 0, 1, 1], [0, 0, 1, 1]]}, "one length"),
        ({"scores": [np.inf]}, "finite"),
    ],
)
def test_what_is_no_set_of_boxes_is_refused(more, message):
    with pytest.raises(ValueError, match=message):
        objects(**({"image": [1], "boxes": [SQUARE], "scores": [0.5]} | more))


def test_detections_without_scores_are_refused():
    with pytest.raises(ValueError, match="1 boxes and 0 scores"):
        detection_scores(objects([1], None, [SQUARE]), objects([1], None, [SQUARE]))
