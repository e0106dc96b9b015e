"""Whoever gives an array with axes of length 1 too many is told which to drop, by every public function."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprise import calibration as methods
from reprise.arrays import squeeze_hint
from reprise.data.duplicates import block_histograms, robust_descriptors, strip_histograms
from reprise.data.rle import encode
from reprise.metrics import calibration, segmentation


@given(st.lists(st.sampled_from([1, 1, 2, 3]), max_size=5).map(tuple), st.integers(0, 4))
def test_the_hint_does_what_it_says(shape: tuple[int, ...], dimensions: int) -> None:
    hint = squeeze_hint("a", shape, lambda left: len(left) == dimensions)
    possible = len(shape) - shape.count(1) <= dimensions < len(shape)
    assert bool(hint) == possible
    if hint:
        a = np.zeros(shape)
        expression, _, found = hint.removeprefix("; ").partition(" has shape ")
        assert str(eval(expression, {"np": np, "a": a}).shape) == found
        assert len(eval(found)) == dimensions


LABELS = np.array([0, 1, 1, 0, 1])
P = methods.softmax(np.random.default_rng(0).standard_normal((5, 3)))
MEASURES = [
    calibration.expected_calibration_error,
    calibration.maximum_calibration_error,
    calibration.adaptive_calibration_error,
    calibration.classwise_calibration_error,
    calibration.brier,
    calibration.negative_log_likelihood,
    calibration.error_rate,
    calibration.reliability_curve,
    calibration.confidence_histogram,
    calibration.top_label,
]
METHODS = [
    methods.BayesianBinning,
    methods.DensityConfidence,
    methods.HistogramBinning,
    methods.IsotonicCalibration,
    methods.MatrixScaling,
    methods.PlattScaling,
    methods.TemperatureScaling,
    methods.VectorScaling,
]


@pytest.mark.parametrize("labels", [LABELS[:, None], LABELS[None], LABELS[:, None, None]])
def test_labels_in_a_column_are_to_be_squeezed_and_not_to_go_through_an_argmax(labels: np.ndarray) -> None:
    calls = [lambda m=measure: m(P, labels) for measure in MEASURES]
    calls += [lambda m=method: m().fit(np.log(P), labels) for method in METHODS]
    for call in calls:
        with pytest.raises(ValueError, match=r"labels: shape .*, expected \(5,\)") as error:
            call()
        assert "argmax" not in str(error.value)
        expression = str(error.value).split("; ")[1].partition(" has shape")[0]
        assert (eval(expression, {"np": np, "labels": labels}) == LABELS).all()


@pytest.mark.parametrize("n", [1, 2])
def test_one_example_in_a_column_is_no_one_hot_row(n: int) -> None:
    with pytest.raises(ValueError, match=r"np\.squeeze\(labels, axis=0\)"):
        calibration.brier(P[:1], LABELS[:1, None])
    with pytest.raises(ValueError, match="argmax"):
        calibration.brier(P[:n], np.eye(3, dtype=int)[:n])


@pytest.mark.parametrize(
    ("shape", "axis"), [((5, 3, 1), "2"), ((1, 5, 3), "0"), ((5, 1, 3), "1"), ((1, 5, 3, 1), "(0, 3)")]
)
def test_probabilities_and_logits_are_to_be_squeezed(shape: tuple[int, ...], axis: str) -> None:
    for call in (
        *(lambda m=measure: m(P.reshape(shape), LABELS) for measure in MEASURES),
        *(lambda m=method: m().fit(np.log(P).reshape(shape), LABELS) for method in METHODS),
    ):
        with pytest.raises(ValueError, match=r"np\.squeeze") as error:
            call()
        assert f"axis={axis}) has shape (5, 3)" in str(error.value)


MASKS = np.random.default_rng(1).random((2, 6, 7)) < 0.5


@pytest.mark.parametrize("score", [segmentation.dice, segmentation.intersection_over_union, segmentation.soft_dice])
def test_masks_with_a_channel_axis_are_to_be_squeezed(score) -> None:
    for shape, axis in (((2, 1, 6, 7), 1), ((2, 6, 7, 1), 3), ((1, 2, 6, 7), 0)):
        with pytest.raises(ValueError, match="found shapes") as error:
            score(MASKS.reshape(shape), MASKS.reshape(shape))
        assert f"np.squeeze(truth, axis={axis}) has shape (2, 6, 7)" in str(error.value)
        with pytest.raises(ValueError, match=rf"np\.squeeze\(predicted, axis={axis}\)"):
            score(MASKS, MASKS.reshape(shape))
    with pytest.raises(ValueError, match=r"truth\[None\]"):
        score(MASKS[0], MASKS[0])


def test_other_scores_say_which_axes_to_drop() -> None:
    truth = MASKS.astype(int)
    with pytest.raises(ValueError, match=r"np\.squeeze\(predicted, axis=1\) has shape \(2, 6, 7\)"):
        segmentation.confusion_matrix(truth, truth[:, None], 2)
    with pytest.raises(ValueError, match=r"np\.squeeze\(truth, axis=3\) has shape \(2, 6, 7\)"):
        segmentation.confusion_matrix(truth[..., None], truth, 2)
    with pytest.raises(ValueError, match=r"np\.squeeze\(confusion, axis=0\) has shape \(3, 3\)"):
        segmentation.confusion_scores(np.ones((1, 3, 3), int))
    answers = np.array([True, False, True])
    with pytest.raises(ValueError, match=r"np\.squeeze\(truth, axis=1\) has shape \(3,\)"):
        segmentation.precision_recall(answers[:, None], answers)


@pytest.mark.parametrize("hashed", [block_histograms, strip_histograms, robust_descriptors])
def test_images_with_a_channel_axis_are_to_be_squeezed(hashed) -> None:
    images = np.zeros((2, 40, 60), np.float32)
    with pytest.raises(ValueError, match=r"np\.squeeze\(images, axis=1\) has shape \(2, 40, 60\)"):
        hashed(images[:, None])
    with pytest.raises(ValueError, match=r"np\.squeeze\(images, axis=3\) has shape \(2, 40, 60\)"):
        hashed(images[..., None])


def test_a_mask_with_a_channel_axis_is_to_be_squeezed() -> None:
    for mask, axis in ((MASKS[:1], 0), (MASKS[0][..., None], 2)):
        with pytest.raises(ValueError, match=rf"np\.squeeze\(mask, axis={axis}\) has shape \(6, 7\)"):
            encode(mask)
    with pytest.raises(ValueError, match="threshold"):
        encode(MASKS[0].astype(np.uint8))
