"""Segmentation scores equal independent implementations and the papers' formulas, degenerate cases included."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import metrics as sklearn
from torchmetrics.functional.classification import binary_f1_score, binary_jaccard_index, multiclass_jaccard_index

from reprise.metrics.segmentation import (
    confusion_matrix,
    confusion_scores,
    dice,
    intersection_over_union,
    precision_recall,
    soft_dice,
)


@st.composite
def two_masks(draw):
    shape = draw(hnp.array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=6))
    return draw(hnp.arrays(bool, shape)), draw(hnp.arrays(bool, shape))


def random_masks(n: int = 20, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.random((n, 9, 11)) < rng.random((n, 1, 1))
    return truth, truth ^ (rng.random(truth.shape) < 0.3)


def test_dice_and_iou_equal_torchmetrics_and_sklearn_image_by_image():
    truth, predicted = random_masks()
    for i, (f1, iou) in enumerate(zip(dice(truth, predicted), intersection_over_union(truth, predicted), strict=True)):
        a, b = torch.from_numpy(predicted[i].ravel()).int(), torch.from_numpy(truth[i].ravel()).int()
        assert f1 == pytest.approx(float(binary_f1_score(a, b)), abs=1e-6)
        assert iou == pytest.approx(float(binary_jaccard_index(a, b)), abs=1e-6)
        assert f1 == pytest.approx(sklearn.f1_score(truth[i].ravel(), predicted[i].ravel()))
        assert iou == pytest.approx(sklearn.jaccard_score(truth[i].ravel(), predicted[i].ravel()))


@given(two_masks())
def test_dice_and_iou_equal_counting_by_hand_and_each_other(masks):
    truth, predicted = masks
    found_dice, found_iou = dice(truth, predicted), intersection_over_union(truth, predicted)
    for a, b, d, u in zip(truth, predicted, found_dice, found_iou, strict=True):
        first, second = set(np.flatnonzero(a).tolist()), set(np.flatnonzero(b).tolist())
        if not first and not second:
            assert d == u == 1
            continue
        assert d == pytest.approx(2 * len(first & second) / (len(first) + len(second)))
        assert u == pytest.approx(len(first & second) / len(first | second))
    assert ((found_iou >= 0) & (found_iou <= found_dice) & (found_dice <= 1)).all()
    np.testing.assert_allclose(found_dice, 2 * found_iou / (1 + found_iou))
    np.testing.assert_array_equal(found_dice, dice(predicted, truth))
    np.testing.assert_array_equal(dice(truth, truth), np.ones(len(truth)))


def test_empty_against_empty_is_one_and_a_single_pixel_makes_it_zero():
    empty = np.zeros((1, 420, 580), bool)
    speck = empty.copy()
    speck[0, 3, 5] = True
    for score in (dice, intersection_over_union):
        assert score(empty, empty).tolist() == [1.0]
        assert score(empty, speck).tolist() == [0.0]
        assert score(speck, empty).tolist() == [0.0]
        assert score(empty[:0], empty[:0]).shape == (0,)


@pytest.mark.parametrize("score", [dice, intersection_over_union])
def test_masks_of_other_shapes_or_types_are_refused(score):
    mask = np.zeros((2, 3, 4), bool)
    for truth, predicted in ((mask, mask[:1]), (mask, mask[..., :3]), (mask[0], mask[0]), (mask[None], mask[None])):
        with pytest.raises(ValueError, match="found shapes"):
            score(truth, predicted)
    for other in (np.uint8, np.float32, int):
        with pytest.raises(ValueError, match=f"predicted: expected boolean masks, found {np.dtype(other)}"):
            score(mask, mask.astype(other))
        with pytest.raises(ValueError, match="truth: expected boolean"):
            score(mask.astype(other), mask)


def test_bytes_given_as_probabilities_are_told_so():
    half = np.full((1, 2, 2), 0.5)
    with pytest.raises(ValueError, match=r"found 127\.5 to 127\.5; divide bytes by 255"):
        soft_dice(half, 255 * half)
    with pytest.raises(ValueError, match=r"found -1 to -1$"):
        soft_dice(half, half - 1.5)


def test_a_truth_of_0_and_255_is_not_quietly_void():
    truth = np.array([[0, 255], [255, 0]])
    with pytest.warns(UserWarning, match="truth == 255"):
        found = confusion_matrix(truth, truth == 255, 2)
    assert found.tolist() == [[2, 0], [0, 0]]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert confusion_matrix(np.array([0, 1, 255]), np.array([0, 1, 1]), 2).tolist() == [[1, 0], [0, 1]]
        assert confusion_matrix(truth, np.zeros_like(truth), 21).sum() == 2  # VOC's border
        assert confusion_matrix(np.array([0, 0]), np.array([0, 1]), 2).tolist() == [[1, 1], [0, 0]]


@given(two_masks())
def test_soft_dice_of_hard_masks_is_dice(masks):
    np.testing.assert_allclose(soft_dice(*masks), dice(*masks))


def test_soft_dice_of_soft_masks():
    truth, probability = np.full((1, 2, 2), 0.5), np.full((1, 2, 2), 0.25)
    assert soft_dice(truth, probability)[0] == pytest.approx(2 * 4 * 0.125 / 3)
    rng = np.random.default_rng(0)
    values = soft_dice(rng.random((50, 4, 4)), rng.random((50, 4, 4)))
    assert ((values >= 0) & (values <= 1)).all()


@pytest.mark.parametrize("value", [-0.1, 1.1, np.nan, np.inf])
def test_soft_dice_refuses_what_is_no_probability(value):
    good = np.full((1, 2, 2), 0.5)
    bad = good.copy()
    bad[0, 1, 1] = value
    with pytest.raises(ValueError, match="probability: values must lie"):
        soft_dice(good, bad)
    with pytest.raises(ValueError, match="truth: values must lie"):
        soft_dice(bad, good)
    with pytest.raises(ValueError, match="found shapes"):
        soft_dice(good, good[0])


@pytest.mark.filterwarnings("ignore:A single label:UserWarning")
@given(st.integers(1, 6), st.integers(0, 60), st.integers(0, 1000))
def test_the_confusion_matrix_equals_sklearns(classes, n, seed):
    truth, predicted = np.random.default_rng(seed).integers(0, classes, (2, n))
    found = confusion_matrix(truth, predicted, classes)
    expected = np.zeros((classes, classes), int)
    if n:
        expected = sklearn.confusion_matrix(truth, predicted, labels=range(classes))
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == np.int64


def test_void_pixels_are_not_counted():
    truth = np.array([[0, 1, 255], [2, -1, 11]])
    predicted = np.array([[0, 0, 1], [2, 2, 0]])
    assert confusion_matrix(truth, predicted, 3).tolist() == [[1, 0, 0], [1, 0, 0], [0, 0, 1]]
    assert confusion_matrix(truth.astype(np.uint8), predicted.astype(np.uint8), 3).sum() == 3


def test_boolean_masks_are_two_classes():
    truth, predicted = np.array([True, True, False]), np.array([True, False, False])
    assert confusion_matrix(truth, predicted, 2).tolist() == [[1, 0], [1, 1]]
    assert confusion_matrix(truth, ~truth & truth, 1).tolist() == [[1]]  # of one class True is void


@pytest.mark.parametrize(
    ("truth", "predicted", "says"),
    [
        (np.zeros(3, int), np.zeros(4, int), "shape"),
        (np.zeros(3), np.zeros(3, int), "truth: classes are integers"),
        (np.zeros(3, int), np.zeros(3), "predicted: classes are integers"),
        (np.zeros(3, int), np.array([0, 1, 2]), "predicted: found classes 0 to 2"),
        (np.zeros(3, int), np.array([0, -1, 1]), "predicted: found classes -1 to 1"),
    ],
)
def test_what_are_no_classes_is_refused(truth, predicted, says):
    with pytest.raises(ValueError, match=says):
        confusion_matrix(truth, predicted, 2)


def scores_by_the_paper(confusion) -> tuple[float, float, float, float]:
    """Section 5 of the FCN paper term by term: n_ij pixels of class i taken for j, t_i pixels of class i.

    Terms that divide 0 by 0 are left out of their mean, as ``nanmean`` does in the paper's own code.
    """
    n = [[int(value) for value in row] for row in confusion]
    k = len(n)
    t = [sum(n[i]) for i in range(k)]
    accuracies, ius, weighted = [], [], 0.0
    for i in range(k):
        union = t[i] + sum(n[j][i] for j in range(k)) - n[i][i]
        if t[i] > 0:
            accuracies.append(n[i][i] / t[i])
            weighted += t[i] * n[i][i] / union
        if union > 0:
            ius.append(n[i][i] / union)
    total = sum(t)
    pixel = sum(n[i][i] for i in range(k)) / total
    return pixel, sum(accuracies) / len(accuracies), sum(ius) / len(ius), weighted / total


counts = st.integers(1, 6).flatmap(
    lambda k: hnp.arrays(np.int64, (k, k), elements=st.sampled_from([0, 0, 0, 1, 2, 7, 1000]))
)


@given(counts.filter(lambda c: c.sum() > 0))
@settings(max_examples=300)
def test_confusion_scores_equal_the_papers_formulas_with_absent_classes(confusion):
    found = confusion_scores(confusion)
    expected = scores_by_the_paper(confusion)
    np.testing.assert_allclose(
        [found.pixel_accuracy, found.mean_accuracy, found.mean_iu, found.frequency_weighted_iu], expected, rtol=1e-12
    )
    assert all(0 <= value <= 1 for value in expected)
    assert found.mean_iu <= found.mean_accuracy + 1e-12
    assert found.frequency_weighted_iu <= found.pixel_accuracy + 1e-12


def test_a_class_that_is_only_predicted_has_an_iu_of_zero_and_one_that_is_nowhere_does_not_count():
    found = confusion_scores(np.array([[4, 0, 2, 0], [0, 6, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]))
    assert found.mean_accuracy == pytest.approx((4 / 6 + 1) / 2)
    assert found.mean_iu == pytest.approx((4 / 6 + 1 + 0) / 3)
    assert found.frequency_weighted_iu == pytest.approx((6 * 4 / 6 + 6) / 12)


def test_confusion_scores_equal_sklearn_and_torchmetrics():
    rng = np.random.default_rng(0)
    truth, predicted = rng.integers(0, 4, 500), rng.integers(0, 5, 500)  # class 4 only predicted, class 5 nowhere
    found = confusion_scores(confusion_matrix(truth, predicted, 6))
    assert found.pixel_accuracy == pytest.approx(sklearn.accuracy_score(truth, predicted))
    assert found.mean_accuracy == pytest.approx(
        sklearn.recall_score(truth, predicted, average="macro", labels=range(4))
    )
    assert found.mean_iu == pytest.approx(sklearn.jaccard_score(truth, predicted, average="macro"))
    theirs = multiclass_jaccard_index(torch.from_numpy(predicted), torch.from_numpy(truth), 6)
    assert found.mean_iu == pytest.approx(float(theirs), abs=1e-6)
    weighted = sklearn.jaccard_score(truth, predicted, average="weighted")
    assert found.frequency_weighted_iu == pytest.approx(weighted)


@pytest.mark.parametrize(
    "confusion",
    [np.zeros((2, 2)), np.zeros((0, 0)), [[1, -1], [0, 2]], [[1, np.nan], [0, 2]], [[1, np.inf], [0, 2]]],
)
def test_a_matrix_that_holds_no_counts_is_refused(confusion):
    with pytest.raises(ValueError, match="holds counts"):
        confusion_scores(np.array(confusion))


@pytest.mark.parametrize("shape", [(2, 3), (4,), (1, 2, 2)])
def test_a_matrix_that_is_not_square_is_refused(shape):
    with pytest.raises(ValueError, match="square"):
        confusion_scores(np.ones(shape))


@given(hnp.arrays(bool, (2, 8)))
def test_precision_and_recall_equal_sklearns(answers):
    truth, predicted = answers
    precision, recall = precision_recall(truth, predicted)
    expected = {"zero_division": np.nan}
    np.testing.assert_allclose(precision, sklearn.precision_score(truth, predicted, **expected))
    np.testing.assert_allclose(recall, sklearn.recall_score(truth, predicted, **expected))


@pytest.mark.parametrize(
    ("truth", "predicted"),
    [
        (np.zeros(3, bool), np.zeros(4, bool)),
        (np.zeros((1, 3), bool), np.zeros((1, 3), bool)),
        (np.zeros(3, int), np.zeros(3, bool)),
        (np.zeros(3, bool), np.zeros(3)),
    ],
)
def test_answers_that_are_not_yes_or_no_are_refused(truth, predicted):
    with pytest.raises(ValueError, match="boolean vectors"):
        precision_recall(truth, predicted)
