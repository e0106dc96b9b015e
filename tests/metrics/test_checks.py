"""Probabilities and labels that have no calibration error are refused by row; half precision is not."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.calibration import softmax
from reprise.metrics.calibration import (
    adaptive_calibration_error,
    brier,
    classwise_calibration_error,
    confidence_histogram,
    error_rate,
    expected_calibration_error,
    maximum_calibration_error,
    negative_log_likelihood,
    reliability_curve,
)

MEASURES = [
    expected_calibration_error,
    maximum_calibration_error,
    adaptive_calibration_error,
    classwise_calibration_error,
    brier,
    negative_log_likelihood,
    error_rate,
    reliability_curve,
    confidence_histogram,
]


def draw(n: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return softmax(2 * rng.standard_normal((n, k))), rng.integers(0, k, n)


BAD = {
    "NaN": ([[0.5, 0.5], [np.nan, 0.5]], [0, 1], "row 1, column 0 is nan"),
    "infinite": ([[0.5, 0.5], [0.5, np.inf]], [0, 1], "row 1, column 1 is inf"),
    "negative": ([[0.5, 0.5], [1.2, -0.2]], [0, 1], "row 1, column 1 is -0.2"),
    "logits": ([[0.5, 0.5], [3.0, -2.0]], [0, 1], "softmax"),
    "a row that sums to less": ([[0.5, 0.5], [0.5, 0.4]], [0, 1], "row 1 sums to 0.9"),
    "no rows": (np.zeros((0, 3)), [], "at least one row"),
    "one column": ([[1.0], [1.0]], [0, 0], "stack 1 - p and p"),
    "a vector": ([0.5, 0.5], [0, 1], "expected \\(n, k\\)"),
    "text": ([["a", "b"]], [0], "expected floats"),
    "a label too large": ([[0.5, 0.5], [0.4, 0.6]], [0, 2], "row 1 is 2"),
    "a negative label": ([[0.5, 0.5], [0.4, 0.6]], [-1, 1], "row 0 is -1"),
    "labels as floats": ([[0.5, 0.5]], [0.0], "expected integers"),
    "too few labels": ([[0.5, 0.5], [0.4, 0.6]], [0], "expected \\(2,\\)"),
    "one-hot labels": ([[0.5, 0.5], [0.4, 0.6]], [[1, 0], [0, 1]], "argmax"),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("measure", MEASURES)
def test_input_without_an_answer_is_refused_by_row(measure, name: str) -> None:
    probabilities, labels, message = BAD[name]
    with pytest.raises(ValueError, match=message):
        measure(np.array(probabilities), np.array(labels))


def test_the_bad_row_is_found_in_a_large_table() -> None:
    p, y = draw(5000, 400)
    p[4321, 7] += 0.5
    with pytest.raises(ValueError, match=r"row 4321 sums to 1\.5"):
        expected_calibration_error(p, y)


def to_bfloat16(values: np.ndarray) -> np.ndarray:
    """Eight bits of each number, rounded to the nearest, as float32."""
    bits = values.astype(np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000).astype(np.uint32).view(np.float32)


@pytest.mark.parametrize("k", [2, 10, 1000])
def test_probabilities_rounded_to_bfloat16_are_taken(k: int) -> None:
    p, y = draw(2000, k)
    coarse = to_bfloat16(p)
    assert 5e-4 < np.abs(coarse.sum(1) - 1).max() <= 2**-8
    for measure in (expected_calibration_error, brier, negative_log_likelihood, error_rate):
        assert measure(coarse, y) == pytest.approx(measure(p, y), abs=0.01)


def test_rows_of_a_sum_of_998_thousandths_are_within_the_stated_tolerance_and_two_digits_are_not() -> None:
    assert expected_calibration_error(np.array([[0.598, 0.4]]), np.array([0])) == pytest.approx(0.402)
    with pytest.raises(ValueError, match=r"row 0 sums to 0\.99"):
        expected_calibration_error(np.array([[0.33, 0.33, 0.33]]), np.array([0]))


@pytest.mark.parametrize("measure", MEASURES)
def test_per_cent_is_told_from_logits(measure) -> None:
    p, y = draw(20, 4)
    with pytest.raises(ValueError, match="divide by 100"):
        measure(100 * p, y)
