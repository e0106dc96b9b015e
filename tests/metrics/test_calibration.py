"""Calibration measures against their definitions written as loops, torchmetrics, netcal and scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import brier_score_loss, log_loss

from reprise.calibration import softmax
from reprise.metrics.calibration import (
    adaptive_calibration_error,
    bin_edges,
    brier,
    classwise_calibration_error,
    confidence_histogram,
    error_rate,
    expected_calibration_error,
    maximum_calibration_error,
    negative_log_likelihood,
    reliability_curve,
    top_label,
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


def draw(n: int, k: int, seed: int = 0, sharpness: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    probabilities = softmax(sharpness * rng.standard_normal((n, k)))
    return probabilities, rng.integers(0, k, n)


def by_definition(confidence: np.ndarray, correct: np.ndarray, bins: int) -> tuple[float, float]:
    """ECE and MCE as Guo et al. write them, bin by bin over (lo, hi]."""
    expected, largest = 0.0, 0.0
    for b in range(bins):
        inside = (confidence > b / bins) & (confidence <= (b + 1) / bins)
        if inside.any():
            gap = abs(correct[inside].mean() - confidence[inside].mean())
            expected += inside.mean() * gap
            largest = max(largest, gap)
    return expected, largest


def edge_cases() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Degenerate inputs on whose value all packages agree."""
    p, y = draw(400, 5)
    few = np.tile([[0.93, 0.04, 0.03], [0.41, 0.3, 0.29]], (20, 1))
    certain = np.eye(4)[np.arange(60) % 4]
    huge = softmax(np.array([1e4, -1e4, 0.0])[np.array([[0, 1, 2], [2, 1, 0], [1, 0, 2]] * 10)])
    return {
        "random": (p, y),
        "empty bins": (few, np.arange(40) % 3),
        "all right": (p, p.argmax(1)),
        "all wrong": (p, (p.argmax(1) + 1 + np.arange(400) % 2) % 5),
        "every prediction of one class": (np.roll(np.sort(p, 1)[:, ::-1], 2, 1), y),
        "probabilities of exactly 0 and 1": (certain, (np.arange(60) // 7) % 4),
        "logits of +-1e4": (huge, np.arange(30) % 3),
        "one example": (p[:1], np.array([3])),
        "a thousand classes": draw(300, 1000, sharpness=4.0),
    }


CASES = edge_cases()


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("bins", [1, 10, 15])
def test_expected_and_maximum_error_equal_the_definition(name: str, bins: int) -> None:
    p, y = CASES[name]
    expected, largest = by_definition(p.max(1), p.argmax(1) == y, bins)
    assert expected_calibration_error(p, y, bins) == pytest.approx(expected, abs=1e-12)
    assert maximum_calibration_error(p, y, bins) == pytest.approx(largest, abs=1e-12)
    assert expected_calibration_error(p, y, bins, check=False) == expected_calibration_error(p, y, bins)


@pytest.mark.parametrize("name", CASES)
def test_parity_with_torchmetrics(name: str) -> None:
    torch = pytest.importorskip("torch")
    functional = pytest.importorskip("torchmetrics.functional.classification")
    p, y = CASES[name]
    for norm, ours in (("l1", expected_calibration_error), ("max", maximum_calibration_error)):
        theirs = functional.multiclass_calibration_error(
            torch.from_numpy(p), torch.from_numpy(y), num_classes=p.shape[1], n_bins=15, norm=norm
        )
        assert ours(p, y) == pytest.approx(float(theirs), abs=1e-6)


NETCAL = {  # netcal 1.4.0: ECE(15) and MCE(15)
    "random": (0.4326015669016237, 0.770406172716396),
    "empty bins": (0.32, 0.58),
    "all right": (0.3577337410738713, 0.7766968081880521),
    "all wrong": (0.6422662589261287, 0.9608823631925865),
    "every prediction of one class": (0.4122662589261287, 0.8180252203354437),
    "probabilities of exactly 0 and 1": (0.7166666666666666, 0.7166666666666666),
    "logits of +-1e4": (0.6666666666666665, 0.6666666666666665),
    "one example": (0.497924127407584, 0.497924127407584),
    "a thousand classes": (0.43337494776551666, 0.9628381426587449),
}
NETCAL_ADAPTIVE = (0.44643888190992187, 0.44962020046446033, 0.4413867502609375)  # ECE(15, equal_intervals=False)


@pytest.mark.parametrize("name", CASES)
def test_parity_with_netcals_results(name: str) -> None:
    p, y = CASES[name]
    assert (expected_calibration_error(p, y), maximum_calibration_error(p, y)) == pytest.approx(NETCAL[name], abs=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_netcal_still_gives_these_results(name: str) -> None:
    metrics = pytest.importorskip("netcal.metrics")
    p, y = CASES[name]
    if len(np.unique(y)) <= 2:  # netcal takes labels that happen to be few for a binary task: give it the binary view
        p, y = p.max(1), (p.argmax(1) == y).astype(int)
    live = metrics.ECE(15).measure(p, y), metrics.MCE(15).measure(p, y)
    assert live == pytest.approx(NETCAL[name], abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_adaptive_error_equals_netcals_with_equal_masses(seed: int) -> None:
    p, y = draw(1003, 6, seed)  # no quantile falls on an example, where [lo, hi) and (lo, hi] would differ
    assert adaptive_calibration_error(p, y) == pytest.approx(NETCAL_ADAPTIVE[seed], abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_netcal_still_gives_these_adaptive_errors(seed: int) -> None:
    metrics = pytest.importorskip("netcal.metrics")
    live = metrics.ECE(15, equal_intervals=False).measure(*draw(1003, 6, seed))
    assert live == pytest.approx(NETCAL_ADAPTIVE[seed], abs=1e-6)


def test_adaptive_bins_hold_equal_numbers_of_distinct_confidences() -> None:
    p, y = draw(1500, 4)
    confidence, correct = top_label(p, y)
    order = np.argsort(confidence)
    groups = np.array_split(order, 15)
    expected = sum(abs(correct[g].mean() - confidence[g].mean()) * len(g) for g in groups) / 1500
    assert adaptive_calibration_error(p, y) == pytest.approx(expected, abs=2e-3)  # an edge may move one example


def test_adaptive_error_ignores_the_order_of_tied_examples() -> None:
    p = np.tile([[0.6, 0.4]], (100, 1))
    y = np.arange(100) % 2
    expected = abs(0.5 - 0.6)
    assert adaptive_calibration_error(p, y) == pytest.approx(expected)
    assert adaptive_calibration_error(p, np.sort(y)) == pytest.approx(expected)


@pytest.mark.parametrize("name", CASES)
def test_classwise_error_is_the_mean_over_classes_of_the_binary_one(name: str) -> None:
    p, y = CASES[name]
    expected = []
    for c in range(p.shape[1]):
        column = np.where(p[:, c] == 0, 1e-300, p[:, c])  # 0 belongs to the first bin
        expected.append(by_definition(column, y == c, 15)[0])
    assert classwise_calibration_error(p, y) == pytest.approx(np.mean(expected), abs=1e-10)


@pytest.mark.parametrize("k", [2, 3, 50])
def test_brier_and_likelihood_equal_scikit_learn(k: int) -> None:
    p, y = draw(500, k)
    names = np.arange(k)
    assert brier(p, y) == pytest.approx(brier_score_loss(y, p, labels=names, scale_by_half=False), abs=1e-9)
    assert negative_log_likelihood(p, y) == pytest.approx(log_loss(y, p, labels=names), abs=1e-9)


def test_scores_at_their_ends() -> None:
    certain, right, wrong = np.eye(3), np.arange(3), np.array([1, 2, 0])
    assert brier(certain, right) == 0
    assert brier(certain, wrong) == 2
    assert negative_log_likelihood(certain, right) == 0
    assert math.copysign(1, negative_log_likelihood(certain, right)) == 1
    assert negative_log_likelihood(certain, wrong) == math.inf
    assert negative_log_likelihood(certain, wrong, floor=1e-16) == pytest.approx(16 * math.log(10))
    assert expected_calibration_error(certain, right) == 0
    assert expected_calibration_error(certain, wrong) == maximum_calibration_error(certain, wrong) == 1
    assert error_rate(certain, wrong) == 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_confidence_on_an_edge_belongs_to_the_bin_below_in_both_precisions(dtype: type) -> None:
    edge = bin_edges(15, dtype)
    for b in range(9, 15):
        curve = reliability_curve(np.array([[edge[b], 1 - edge[b]]], dtype), np.array([0]), replicates=1)
        assert np.flatnonzero(curve.counts).tolist() == [b - 1]
    p = np.array([[0.6, 0.4], [0.64, 0.36]], dtype)  # 0.6 = 9 / 15 stays out of (9/15, 10/15]
    assert reliability_curve(p, np.array([0, 1]), replicates=1).counts[[8, 9]].tolist() == [1, 1]
    assert expected_calibration_error(p, np.array([0, 1])) == pytest.approx((0.4 + 0.64) / 2, abs=1e-6)


def test_single_precision_gives_the_same_error_as_double() -> None:
    p = np.round(draw(2000, 3)[0][:, :1], 1).clip(0.5, 1)  # full of edges of ten bins
    table, y = np.hstack([p, 1 - p]), np.arange(2000) % 2
    double = expected_calibration_error(table, y, bins=10)
    assert expected_calibration_error(table.astype(np.float32), y, bins=10) == pytest.approx(double, abs=1e-6)


def test_certain_examples_share_the_last_bin_which_torchmetrics_splits() -> None:
    p = np.array([[1.0, 0.0], [0.95, 0.05]])
    y = np.array([0, 1])  # certain and right, almost certain and wrong: 0.5 right at a confidence of 0.975
    assert expected_calibration_error(p, y) == pytest.approx(0.475)
    torch = pytest.importorskip("torch")
    functional = pytest.importorskip("torchmetrics.functional.classification")
    theirs = functional.multiclass_calibration_error(torch.from_numpy(p), torch.from_numpy(y), num_classes=2, n_bins=15)
    assert float(theirs) == pytest.approx(0.475)  # 0.95 / 2: as much by luck, the two gaps have one sign
    y = np.array([1, 0])
    theirs = functional.multiclass_calibration_error(torch.from_numpy(p), torch.from_numpy(y), num_classes=2, n_bins=15)
    assert float(theirs) == pytest.approx(0.525)
    assert expected_calibration_error(p, y) == pytest.approx(0.475)


def test_a_tie_is_predicted_as_its_first_class() -> None:
    p = np.array([[0.4, 0.4, 0.2], [0.4, 0.4, 0.2]])
    assert top_label(p, np.array([0, 1]))[1].tolist() == [True, False]


def test_a_zero_with_a_minus_sign_is_a_zero() -> None:
    p = np.array([[-0.0, 1.0], [0.7, 0.3], [-0.0, 1.0]])
    assert top_label(p, np.array([1, 0, 0]))[1].tolist() == [True, True, False]
    assert top_label(p, np.array([1, 0, 0]))[0].tolist() == [1.0, 0.7, 1.0]


@given(st.integers(0, 10_000), st.integers(2, 6), st.integers(1, 40), st.integers(1, 20))
def test_errors_lie_between_zero_and_one_and_are_ordered(seed: int, k: int, n: int, bins: int) -> None:
    p, y = draw(n, k, seed, sharpness=6.0)
    expected, largest = expected_calibration_error(p, y, bins), maximum_calibration_error(p, y, bins)
    accuracy, confidence = 1 - error_rate(p, y), p.max(1).mean()
    assert abs(accuracy - confidence) - 1e-12 <= expected <= largest + 1e-12 <= 1 + 1e-12
    assert expected_calibration_error(p, y, 1) == pytest.approx(abs(accuracy - confidence))
    assert expected_calibration_error(p[::-1], y[::-1], bins) == pytest.approx(expected, abs=1e-12)


def test_layout_and_integer_types_do_not_matter() -> None:
    p, y = draw(300, 7)
    value = expected_calibration_error(p, y)
    assert expected_calibration_error(np.asfortranarray(p), y.astype(np.uint8)) == value
    assert expected_calibration_error(np.repeat(p, 2, 0)[::2], y.astype(np.int32)) == value
    assert expected_calibration_error(p.astype(np.float16), y) == pytest.approx(value, abs=2e-3)
    assert classwise_calibration_error(np.asfortranarray(p), y) == pytest.approx(classwise_calibration_error(p, y))
    booleans = np.array([True, False])
    assert error_rate(np.array([[0.2, 0.8], [0.9, 0.1]]), booleans) == 0


def test_reliability_curve_adds_up_and_its_bands_cover_the_truth() -> None:
    rng = np.random.default_rng(5)
    confidence = rng.uniform(0.5, 1, 4000)
    p = np.stack([confidence, 1 - confidence], 1)
    covered = []
    for seed in range(20):
        y = (np.random.default_rng(seed).random(4000) > confidence).astype(int)  # perfectly calibrated
        curve = reliability_curve(p, y, replicates=500, seed=seed)
        full = curve.counts > 0
        covered += list(
            (curve.accuracy_low <= curve.confidence)[full] & (curve.confidence <= curve.accuracy_high)[full]
        )
        assert curve.counts.sum() == 4000
        assert curve.share.sum() == pytest.approx(1)
        assert np.isnan(curve.accuracy[~full]).all()
        assert (curve.share_low <= curve.share).all()
        assert (curve.share <= curve.share_high).all()
        assert curve.expected == pytest.approx(expected_calibration_error(p, y))
        assert curve.maximum == pytest.approx(maximum_calibration_error(p, y))
    assert len(covered) >= 140
    assert 0.88 <= np.mean(covered) <= 0.99  # 95 % bands


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_a_small_bin_that_is_all_right_or_all_wrong_has_wilsons_band(level: float) -> None:
    confidence = np.repeat([0.62, 0.71, 0.78, 0.85, 0.98], [1, 3, 8, 4, 500])
    wrong = np.repeat([1, 0, 1, 0, 0], [1, 3, 8, 4, 500])
    wrong[-10:] = 1
    curve = reliability_curve(np.stack([confidence, 1 - confidence], 1), wrong, level=level)
    for b, right in ((9, 0), (10, 3), (11, 0), (12, 4)):
        wilson = binomtest(right, int(curve.counts[b])).proportion_ci(level, method="wilson")
        assert (curve.accuracy_low[b], curve.accuracy_high[b]) == pytest.approx((wilson.low, wilson.high), abs=1e-12)
    assert 0 < curve.accuracy_low[14] < 0.98 < curve.accuracy_high[14] < 1


def test_the_bootstrap_equals_resampling_the_examples() -> None:
    p, y = draw(200, 3)
    curve = reliability_curve(p, y, bins=5, replicates=20_000)
    rng = np.random.default_rng(1)
    confidence, correct = top_label(p, y)
    index = np.minimum((np.ceil(confidence * 5) - 1).astype(int), 4)
    shares, accuracies = [], []
    for _ in range(4000):
        rows = rng.integers(0, 200, 200)
        count = np.bincount(index[rows], minlength=5)
        shares.append(count / 200)
        accuracies.append(np.bincount(index[rows], weights=correct[rows], minlength=5)[3] / count[3])
    assert np.quantile(shares, 0.975, axis=0) == pytest.approx(curve.share_high, abs=0.011)
    assert np.quantile(accuracies, [0.025, 0.975]) == pytest.approx(
        [curve.accuracy_low[3], curve.accuracy_high[3]], abs=0.03
    )
    edges, share, low, high = confidence_histogram(p, y, bins=5, replicates=20_000)
    assert [*edges, *share, *low, *high] == [*curve.edges, *curve.share, *curve.share_low, *curve.share_high]


@pytest.mark.parametrize("bins", [0, -1, 2.5, True, "ten"])
def test_bins_must_be_a_positive_whole_number(bins) -> None:
    with pytest.raises(ValueError, match="bins"):
        expected_calibration_error(*draw(5, 3), bins=bins)


@pytest.mark.parametrize("arguments", [{"replicates": 0}, {"level": 0.0}, {"level": 1.0}])
def test_bands_need_replicates_and_a_level(arguments: dict) -> None:
    with pytest.raises(ValueError, match="replicate"):
        reliability_curve(*draw(5, 3), **arguments)


def test_measures_do_not_import_torch() -> None:
    import subprocess
    import sys

    code = "import sys, reprise.metrics.calibration, reprise.calibration.report as r; print('torch' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"
