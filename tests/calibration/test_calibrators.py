"""What all methods promise: distributions out, bad rows refused, types kept, the fit's inputs untouched."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from reprise.calibration import (
    BayesianBinning,
    DensityConfidence,
    HistogramBinning,
    IsotonicCalibration,
    MatrixScaling,
    PlattScaling,
    TemperatureScaling,
    VectorScaling,
    softmax,
)
from reprise.calibration.base import log_softmax
from reprise.calibration.platt import log_odds
from reprise.metrics.calibration import expected_calibration_error, negative_log_likelihood

METHODS = [
    TemperatureScaling,
    VectorScaling,
    MatrixScaling,
    PlattScaling,
    HistogramBinning,
    IsotonicCalibration,
    BayesianBinning,
    DensityConfidence,
]


@pytest.fixture(params=METHODS, ids=lambda method: method.__name__)
def method(request: pytest.FixtureRequest):
    """A fresh instance of every method."""
    return request.param()


@pytest.mark.parametrize("k", [2, 3, 40])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gives_distributions_in_the_logits_type(method, draw, k: int, dtype: type) -> None:
    logits, labels = draw(900, k)
    logits = logits.astype(dtype)
    before = logits.copy()
    assert method.fit(logits, labels) is method
    probabilities = method.transform(logits)
    assert probabilities.shape == logits.shape
    assert probabilities.dtype == dtype
    assert probabilities.min() >= 0
    assert np.abs(probabilities.sum(axis=1) - 1).max() < 1e-5
    assert (logits == before).all()
    assert np.array_equal(method.transform(logits[5:8]), probabilities[5:8]) or np.allclose(
        method.transform(logits[5:8]), probabilities[5:8], atol=1e-6
    )


@pytest.mark.parametrize("k", [2, 10])
def test_lowers_the_error_of_an_overconfident_model_on_new_examples(method, draw, k: int) -> None:
    if isinstance(method, DensityConfidence):
        pytest.skip("a density of the logits is no calibration of the softmax")
    logits, labels = draw(6000, k, temperature=3.0)
    new, truth = draw(6000, k, temperature=3.0, seed=1)
    before = expected_calibration_error(softmax(new), truth)
    after = method.fit(logits, labels).transform(new)
    assert before > 0.05
    assert expected_calibration_error(after, truth) < 0.6 * before
    assert negative_log_likelihood(after, truth, 1e-16) < negative_log_likelihood(softmax(new), truth, 1e-16)


def test_large_logits_do_not_overflow(method) -> None:
    rng = np.random.default_rng(0)
    logits = 1e4 * rng.choice([-1.0, 0.5, 1.0], (200, 4))
    labels = np.where(rng.random(200) < 0.7, logits.argmax(1), rng.integers(0, 4, 200))
    with np.errstate(over="raise", invalid="raise"):
        probabilities = method.fit(logits, labels).transform(logits)
    assert np.isfinite(probabilities).all()
    assert np.abs(probabilities.sum(axis=1) - 1).max() < 1e-9


def test_a_perfect_model_is_survived(method) -> None:
    logits = np.random.default_rng(0).standard_normal((300, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        probabilities = method.fit(logits, logits.argmax(1)).transform(logits)
    assert np.isfinite(probabilities).all()
    assert (probabilities.argmax(1) == logits.argmax(1)).mean() > 0.8


@pytest.mark.parametrize("one", [True, False])
def test_one_example_or_one_class_is_survived(method, one: bool) -> None:
    logits = np.array([[2.0, 1.0, 0.0]] if one else [[2.0, 1.0, 0.0], [0.0, 1.0, 5.0], [1.0, 1.5, 0.0]])
    labels = np.zeros(len(logits), int)
    if isinstance(method, DensityConfidence):
        with pytest.raises(ValueError, match=r"class \d has \d examples"):
            method.fit(logits, labels)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        probabilities = method.fit(logits, labels).transform(logits)
    assert np.isfinite(probabilities).all()
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(len(logits)))


BAD = {
    "NaN": ([[0.0, 1.0], [np.nan, 0.0]], [0, 1], "logits: row 1, column 0 is nan"),
    "infinite": ([[0.0, -np.inf], [1.0, 0.0]], [0, 1], "logits: row 0, column 1 is -inf"),
    "beyond single precision": ([[0.0, 1e31]], [0], "row 0, column 1"),
    "a vector": ([0.0, 1.0], [0, 1], "logits: shape"),
    "one column": ([[0.0], [1.0]], [0, 1], "stack 0 and z"),
    "no rows": (np.zeros((0, 3)), np.zeros(0, int), "at least one row"),
    "text": ([["a", "b"]], [0], "logits: type"),
    "a label too large": ([[0.0, 1.0], [1.0, 0.0]], [0, 2], "labels: row 1 is 2"),
    "a label of -1": ([[0.0, 1.0], [1.0, 0.0]], [-1, 0], "labels: row 0 is -1"),
    "labels as floats": ([[0.0, 1.0]], [1.0], "labels: type"),
    "too few labels": ([[0.0, 1.0], [1.0, 0.0]], [1], "labels: shape"),
    "one-hot labels": ([[0.0, 1.0], [1.0, 0.0]], [[0, 1], [1, 0]], "argmax"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_by_name_and_row(method, name: str) -> None:
    logits, labels, message = BAD[name]
    with pytest.raises(ValueError, match=message):
        method.fit(np.array(logits), np.array(labels))
    with pytest.raises(RuntimeError, match="fit"):  # a refused fit leaves nothing half fitted
        method.transform(np.zeros((1, 2)))


def test_transform_refuses_other_classes_and_nan(method, draw) -> None:
    method.fit(*draw(200, 3))
    with pytest.raises(ValueError, match="fitted on 3"):
        method.transform(np.zeros((2, 4)))
    with pytest.raises(ValueError, match="row 1, column 2 is nan"):
        method.transform(np.array([[0, 0, 0], [0, 0, np.nan]]))


@pytest.mark.parametrize("dtype", [np.int64, np.float16])
def test_other_number_types_are_taken(method, draw, dtype: type) -> None:
    logits, labels = draw(300, 3)
    coarse = np.round(logits).astype(dtype)
    expected = type(method)().fit(coarse.astype(float), labels).transform(coarse.astype(float))
    assert method.fit(coarse, labels).transform(coarse) == pytest.approx(expected, abs=0.02)  # ties on an edge


def test_adding_a_number_to_a_rows_logits_changes_nothing(method, draw) -> None:
    if isinstance(method, DensityConfidence):
        pytest.skip("the density is of the logits as they are")
    logits, labels = draw(800, 4)
    shift = np.random.default_rng(3).integers(-8, 8, (800, 1))
    expected = method.fit(logits, labels).transform(logits)
    shifted = type(method)().fit(logits + shift, labels).transform(logits + shift)
    assert np.quantile(np.abs(shifted - expected), 0.99) < 1e-6


@pytest.mark.parametrize("scale", [1, 100])
def test_probabilities_in_place_of_logits_are_told_so_and_logarithms_are_not(method, draw, scale: int) -> None:
    logits, labels = draw(300, 3)
    probabilities = scale * softmax(logits)
    with pytest.warns(UserWarning, match="look like probabilities") as caught:
        method.fit(probabilities, labels)
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="look like probabilities"):
        method.transform(probabilities[:1])
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        method.fit(np.log(probabilities), labels).transform(logits)
        method.fit(np.abs(logits), labels)
    mixed = probabilities.copy()
    mixed[-1] = logits[-1]
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        method.fit(mixed, labels)  # one row that is none will do


def test_softmax_and_log_odds_are_exact_at_the_ends() -> None:
    logits = np.array([[1e4, -1e4, 0.0], [800.0, 0.0, 0.0], [40.0, 0.0, -40.0]])
    assert softmax(logits)[0].tolist() == [1, 0, 0]
    assert log_softmax(logits)[0].tolist() == [0, -2e4, -1e4]
    odds = log_odds(logits)
    assert odds[0] == pytest.approx([1e4, -2e4, -1e4])
    assert odds[1] == pytest.approx([800 - np.log(2), -800, -800])
    assert odds[2] == pytest.approx([40, -40, -80])
    two = np.array([[1.0, 3.5]])
    assert log_odds(two) == pytest.approx(np.array([[-2.5, 2.5]]))
