"""Boxes against plain loops, against the area of rasterised ones, and against what torchvision's operators gave."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from reprise.layers import boxes as b

TORCHVISION = np.load(Path(__file__).with_name("torchvision.npz"))
SIDE = 24


def reference(name):
    return torch.from_numpy(TORCHVISION[name])


corner = st.integers(0, SIDE - 1)
box = st.tuples(corner, corner, st.integers(1, SIDE), st.integers(1, SIDE)).map(
    lambda v: (v[0], v[1], min(v[0] + v[2], SIDE), min(v[1] + v[3], SIDE))
)
some = st.lists(box, min_size=1, max_size=12)


def drawn(boxes):
    pictures = np.zeros((len(boxes), SIDE, SIDE), bool)
    for picture, (x1, y1, x2, y2) in zip(pictures, boxes, strict=True):
        picture[y1:y2, x1:x2] = True
    return pictures


@given(some, some)
def test_iou_is_that_of_the_pixels_which_boxes_cover(one, other):
    first, second = drawn(one)[:, None], drawn(other)[None]
    expected = (first & second).sum((2, 3)) / (first | second).sum((2, 3))
    found = b.iou(torch.tensor(one).double(), torch.tensor(other).double()).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-12)


@given(some, some)
def test_generalised_iou_takes_off_what_the_enclosing_box_holds_beside(one, other):
    found = b.generalised_iou(torch.tensor(one).double(), torch.tensor(other).double()).numpy()
    for i, p in enumerate(one):
        for j, q in enumerate(other):
            both = drawn([p, q])
            union, around = both.any(0), (max(p[2], q[2]) - min(p[0], q[0])) * (max(p[3], q[3]) - min(p[1], q[1]))
            expected = both.all(0).sum() / union.sum() - (around - union.sum()) / around
            assert found[i, j] == pytest.approx(expected, abs=1e-12)


def test_overlaps_and_codes_are_those_of_torchvision():
    boxes, others = reference("boxes"), reference("others")
    torch.testing.assert_close(b.iou(boxes, others), reference("iou"), rtol=1e-6, atol=1e-7)
    torch.testing.assert_close(b.generalised_iou(boxes, others), reference("giou"), rtol=1e-5, atol=1e-6)
    codes = b.encode(others, boxes[:40], (10, 10, 5, 5))
    torch.testing.assert_close(codes, reference("codes"), rtol=1e-5, atol=1e-5)
    decoded = b.decode(reference("codes") * 3, boxes[:40], (10, 10, 5, 5))
    torch.testing.assert_close(decoded, reference("decoded"), rtol=1e-5, atol=1e-3)


def test_boxes_without_area_overlap_nothing_and_give_no_nan():
    points = torch.tensor([[3.0, 3, 3, 3], [3, 3, 3, 8], [9, 9, 1, 1]])
    for found in (b.iou(points, points), b.generalised_iou(points, points)):
        assert torch.isfinite(found).all()
    assert (b.iou(points, points) == 0).all()


def test_empty_sets_of_boxes_have_empty_answers():
    none, one = torch.zeros(0, 4), torch.tensor([[0.0, 0, 1, 1]])
    assert b.iou(none, one).shape == (0, 1)
    assert b.iou(one, none).shape == (1, 0)
    assert b.nms(none, torch.zeros(0), 0.5).shape == (0,)


@given(some, some)
def test_decoding_undoes_coding(boxes, anchors):
    count = min(len(boxes), len(anchors))
    boxes, anchors = torch.tensor(boxes[:count]).double(), torch.tensor(anchors[:count]).double()
    found = b.decode(b.encode(boxes, anchors, (10, 10, 5, 5)), anchors, (10, 10, 5, 5))
    torch.testing.assert_close(found, boxes, rtol=0, atol=1e-9)


def test_a_wild_code_does_not_overflow():
    wild = b.decode(torch.full((1, 4), 1e4), torch.tensor([[0.0, 0, 16, 16]]))
    assert torch.isfinite(wild).all()
    assert (wild[:, 2] - wild[:, 0]).item() == pytest.approx(1000, rel=1e-3)


def test_clipped_boxes_lie_in_the_picture():
    found = b.clip(torch.tensor([[-3.0, -2, 50, 60], [5, 6, 7, 8]]), (30, 40))
    assert found.tolist() == [[0, 0, 40, 30], [5, 6, 7, 8]]


def test_anchors_stand_around_the_middle_of_every_cell():
    found = b.anchors((2, 3), 8, (4, 16), (0.25, 1.0))
    assert found.shape == (2 * 3 * 2 * 2, 4)
    middle = (found[:, :2] + found[:, 2:]) / 2
    assert middle[::4].tolist() == [[4, 4], [12, 4], [20, 4], [4, 12], [12, 12], [20, 12]]
    width, height = (found[:4, 2:] - found[:4, :2]).T.tolist()
    assert width == [8, 4, 32, 16]
    assert height == [2, 4, 8, 16]
    torch.testing.assert_close(b.area(found).sqrt(), torch.tensor([4.0, 4, 16, 16]).repeat(6))


def one_pass(boxes, scores, threshold, classes=None):
    """Suppression as it is told: in order of score, drop what overlaps one that stayed."""
    kept = []
    for i in sorted(range(len(boxes)), key=lambda i: (-scores[i], i)):
        rivals = [j for j in kept if classes is None or classes[i] == classes[j]]
        if all(b.iou(boxes[i : i + 1], boxes[j : j + 1]).item() <= threshold for j in rivals):
            kept.append(i)
    return sorted(kept)


@given(
    st.lists(st.tuples(box, st.integers(0, 5), st.integers(0, 2)), min_size=1, max_size=25),
    st.sampled_from((0, 0.3, 1)),
)
def test_suppression_of_all_at_once_is_that_of_one_pass(given_boxes, threshold):
    boxes = torch.tensor([each[0] for each in given_boxes]).double()
    scores = torch.tensor([each[1] for each in given_boxes]).double()  # many ties
    classes = torch.tensor([each[2] for each in given_boxes])
    assert b.nms(boxes, scores, threshold).nonzero()[:, 0].tolist() == one_pass(boxes, scores, threshold)
    found = b.nms(boxes, scores, threshold, classes).nonzero()[:, 0].tolist()
    assert found == one_pass(boxes, scores, threshold, classes)


@pytest.mark.parametrize("tenths", [1, 3, 5, 7])
def test_suppression_is_that_of_torchvision(tenths):
    found = b.nms(reference("near"), reference("scores"), tenths / 10).nonzero()[:, 0]
    assert found.tolist() == sorted(TORCHVISION[f"nms_{tenths}"].tolist())


@pytest.mark.parametrize("tenths", [3, 5])
def test_suppression_per_class_is_that_of_torchvision(tenths):
    found = b.nms(reference("near"), reference("scores"), tenths / 10, reference("classes")).nonzero()[:, 0]
    assert found.tolist() == sorted(TORCHVISION[f"nms_per_class_{tenths}"].tolist())
    assert len(found) > len(TORCHVISION[f"nms_{tenths}"])


def test_a_batch_is_suppressed_picture_by_picture():
    near, scores = reference("near").reshape(4, 60, 4), reference("scores").reshape(4, 60)
    together = b.nms(near, scores, 0.3)
    assert all(torch.equal(together[i], b.nms(near[i], scores[i], 0.3)) for i in range(4))


def test_a_long_chain_keeps_every_other_box():
    """Each overlaps its neighbours alone: dropped ones drop nobody, however long the chain."""
    start = torch.arange(101).float() * 6
    chain = torch.stack([start, torch.zeros(101), start + 10, torch.ones(101)], dim=1)
    kept = b.nms(chain, torch.arange(101, 0, -1).float(), 0.2)
    assert kept.nonzero()[:, 0].tolist() == list(range(0, 101, 2))


def test_largest_step_is_the_published_one():
    assert pytest.approx(math.log(62.5)) == b.LARGEST_STEP
