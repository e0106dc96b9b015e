"""The accumulated confusion equals scikit-learn's and torchmetrics', in one pass, and refuses what is no class."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sklearn
from torchmetrics.functional.classification import multiclass_confusion_matrix, multiclass_jaccard_index

from reprise.metrics.confusion import Confusion, class_dice, class_iu, confusion_of
from reprise.metrics.segmentation import confusion_matrix


def label_maps(seed=0, n=3, classes=21, ignore=255, dtype=np.uint8):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, (n, 40, 31))
    predicted = np.where(rng.random(truth.shape) < 0.6, truth, rng.integers(0, classes, truth.shape))
    truth = np.where(rng.random(truth.shape) < 0.1, ignore, truth)
    return truth.astype(dtype), predicted.astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int64])
def test_many_pictures_equal_sklearn_and_torchmetrics_on_all_pixels_at_once(dtype):
    truth, predicted = label_maps(dtype=dtype)
    found = confusion_of(zip(truth, predicted, strict=True), 21)
    known = truth != 255
    np.testing.assert_array_equal(
        found.matrix, sklearn.confusion_matrix(truth[known], predicted[known], labels=range(21))
    )
    theirs = multiclass_confusion_matrix(
        torch.from_numpy(predicted.astype(np.int64)), torch.from_numpy(truth.astype(np.int64)), 21, ignore_index=255
    )
    np.testing.assert_array_equal(found.matrix, theirs.numpy())
    assert found.ignored == int((~known).sum())
    jaccard = multiclass_jaccard_index(
        torch.from_numpy(predicted.astype(np.int64)), torch.from_numpy(truth.astype(np.int64)), 21, ignore_index=255
    )
    assert found.scores.mean_iu == pytest.approx(float(jaccard), abs=1e-6)
    np.testing.assert_allclose(
        class_dice(found.matrix), sklearn.f1_score(truth[known], predicted[known], average=None, labels=range(21))
    )


def test_the_four_scores_of_a_small_matrix_by_hand():
    found = Confusion(3).add(np.array([0, 0, 0, 1, 1, 2, 255]), np.array([0, 0, 1, 1, 1, 0, 2]))
    np.testing.assert_array_equal(found.matrix, [[2, 1, 0], [0, 2, 0], [1, 0, 0]])
    scores = found.scores
    assert scores.pixel_accuracy == pytest.approx(4 / 6)
    assert scores.mean_accuracy == pytest.approx((2 / 3 + 1 + 0) / 3)
    assert scores.mean_iu == pytest.approx((2 / 4 + 2 / 3 + 0) / 3)
    assert scores.frequency_weighted_iu == pytest.approx((3 * 2 / 4 + 2 * 2 / 3) / 6)


@given(st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_bytes_and_wide_integers_count_alike_and_parts_add_up(classes, seed):
    truth, predicted = label_maps(seed, 2, classes)
    whole = Confusion(classes).add(truth, predicted)
    wide = Confusion(classes).add(truth.astype(np.int32), predicted.astype(np.int32))
    parts = Confusion(classes).add(truth[0], predicted[0]).add(truth[1], predicted[1])
    np.testing.assert_array_equal(whole.matrix, wide.matrix)
    np.testing.assert_array_equal(whole.matrix, parts.matrix)
    np.testing.assert_array_equal(whole.matrix, confusion_matrix(truth, predicted, classes))
    assert whole.ignored == wide.ignored == parts.ignored


def test_what_is_predicted_where_the_truth_is_ignored_does_not_matter():
    truth = np.array([255, 0, 1], np.uint8)
    found = Confusion(2).add(truth, np.array([255, 0, 1], np.uint8))
    assert found.matrix.tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize("dtype", [np.uint8, np.int64])
def test_a_label_that_is_no_class_is_named_and_nothing_is_added(dtype):
    found = Confusion(3)
    for truth, predicted, message in (
        ([0, 7], [0, 0], "truth: found label 7; expected 0 to 2, or 255 to be left out"),
        ([0, 1], [0, 255], "predicted: found label 255; expected 0 to 2"),
    ):
        with pytest.raises(ValueError, match=message):
            found.add(np.array(truth, dtype), np.array(predicted, dtype))
    assert found.matrix.sum() == 0
    assert found.ignored == 0


def test_negative_labels_shapes_floats_and_impossible_numbers_of_classes_are_refused():
    found = Confusion(3)
    with pytest.raises(ValueError, match="found label -1"):
        found.add(np.array([-1]), np.array([0]))
    with pytest.raises(ValueError, match="shape"):
        found.add(np.zeros((2, 2), int), np.zeros((2, 3), int))
    with pytest.raises(ValueError, match="labels are integers"):
        found.add(np.zeros(2), np.zeros(2, int))
    with pytest.raises(ValueError, match="1 to 256"):
        Confusion(0)
    with pytest.raises(ValueError, match="one of the 21 classes"):
        Confusion(21, ignore=0)
    with pytest.raises(ValueError, match="counts"):
        _ = found.scores


def test_a_class_that_occurs_nowhere_has_no_iu():
    assert np.isnan(class_iu(np.array([[4, 0], [0, 0]]))[1])
    assert Confusion(2).add(np.array([0, 0]), np.array([0, 1])).iu.tolist() == [0.5, 0.0]


def test_without_an_ignored_label_all_pixels_count():
    assert Confusion(256, ignore=None).add(np.array([255], np.uint8), np.array([255], np.uint8)).matrix[255, 255] == 1
