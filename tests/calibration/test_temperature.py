"""Temperature scaling: at the optimum from any start, never another prediction, settled where none is best."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import minimize_scalar

from reprise.calibration import TemperatureScaling, softmax
from reprise.calibration.base import log_softmax
from reprise.calibration.temperature import _newton, _Objective


def nll(logits: np.ndarray, labels: np.ndarray, temperature: float) -> float:
    return float(-log_softmax(logits / temperature)[np.arange(len(labels)), labels].mean())


@pytest.mark.parametrize("k", [2, 10, 300])
@pytest.mark.parametrize("true", [0.05, 1.0, 3.7, 400.0])
def test_reaches_the_optimum_that_a_bracketing_search_finds(draw, k: int, true: float) -> None:
    logits, labels = draw(3000, k, temperature=true)
    method = TemperatureScaling().fit(logits, labels)
    search = minimize_scalar(
        lambda u: nll(logits, labels, np.exp(u)),
        bounds=(np.log(true) - 3, np.log(true) + 3),
        method="bounded",
        options={"xatol": 1e-9},
    )
    assert method.attained
    assert nll(logits, labels, method.temperature) <= search.fun + 1e-12
    assert method.temperature == pytest.approx(np.exp(search.x), rel=1e-6)
    assert method.temperature == pytest.approx(true, rel=0.15)  # what the labels were drawn with


@pytest.mark.parametrize("start", [1e-12, 1e-4, 0.1, 1.0, 30.0, 1e5, 1e12])
def test_newton_ends_at_the_same_temperature_from_any_start(draw, start: float) -> None:
    logits, labels = draw(2000, 10)
    objective = _Objective(logits, labels)
    beta = _newton(objective, start)
    assert beta == pytest.approx(1 / TemperatureScaling().fit(logits, labels).temperature, rel=1e-8)
    assert abs(objective(beta).slope) < 1e-10


def test_the_start_on_few_rows_does_not_show(draw) -> None:
    logits, labels = draw(40_000, 5)
    logits[::9] *= 50  # the strided rows of the first approximation are nothing like the rest
    method = TemperatureScaling().fit(logits, labels)
    assert abs(_Objective(logits, labels)(1 / method.temperature).slope) < 1e-9


def test_single_precision_reaches_the_same_temperature(draw) -> None:
    logits, labels = draw(20_000, 50)
    double = TemperatureScaling().fit(logits, labels).temperature
    assert TemperatureScaling().fit(logits.astype(np.float32), labels).temperature == pytest.approx(double, rel=1e-6)


def test_derivatives_equal_differences(draw) -> None:
    objective = _Objective(*draw(500, 6))
    for beta in (0.03, 0.5, 4.0):
        e = 1e-4
        low, middle, high = (objective(beta * np.exp(s)) for s in (-e, 0, e))
        assert middle.slope == pytest.approx((high.nll - low.nll) / (2 * e), rel=1e-6, abs=1e-9)
        assert middle.variance + middle.slope == pytest.approx((high.slope - low.slope) / (2 * e), rel=1e-5, abs=1e-8)


finite = st.floats(-1e4, 1e4, width=32)


@settings(max_examples=200, deadline=None)
@given(
    arrays(np.float32, st.tuples(st.integers(1, 12), st.integers(2, 5)), elements=finite),
    st.integers(0, 2**31),
    st.booleans(),
)
@example(np.array([[-1e-45, 0]], np.float32), 0, False)  # 1 / T would overflow single precision
@example(np.array([[1e-45, 0]], np.float32), 0, False)
@example(np.array([[-1e-45, -1, 0]], np.float32), 0, False)
def test_never_changes_a_prediction(logits: np.ndarray, seed: int, double: bool) -> None:
    logits = logits.astype(float) if double else logits
    n, k = logits.shape
    labels = np.random.default_rng(seed).integers(0, k, n)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        method = TemperatureScaling().fit(logits, labels)
    probabilities = method.transform(logits)
    assert np.isfinite(method.temperature)
    assert method.temperature > 0
    assert (probabilities.argmax(1) == logits.argmax(1)).all()
    assert np.abs(probabilities.sum(1) - 1).max() < 1e-5
    assert probabilities.dtype == logits.dtype


@settings(max_examples=100, deadline=None)
@given(
    arrays(np.float64, st.tuples(st.integers(2, 20), st.integers(2, 4)), elements=st.floats(-50, 50)),
    st.integers(0, 99),
)
def test_is_never_worse_than_any_other_temperature(logits: np.ndarray, seed: int) -> None:
    labels = np.random.default_rng(seed).integers(0, logits.shape[1], len(logits))
    assume(np.ptp(logits, axis=1).max() > 1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        method = TemperatureScaling().fit(logits, labels)
    best = nll(logits, labels, method.temperature)
    assert all(best <= nll(logits, labels, t) + 1.1e-6 for t in np.geomspace(1e-3, 1e4, 60))


def test_numbers_that_rounding_would_tie_stay_apart() -> None:
    logits = np.array([[1e-20, 2e-20], [0.0, 1e-300], [3.0, 0.0]])
    with pytest.warns(RuntimeWarning):
        method = TemperatureScaling().fit(logits, np.array([0, 0, 1]))
    assert softmax(logits).argmax(1).tolist() == [0, 0, 0]  # what the softmax alone does to the first two
    assert method.transform(logits).argmax(1).tolist() == [1, 1, 0]


def test_separable_data_end_at_a_sharp_finite_temperature_with_a_warning() -> None:
    logits = np.array([[3.0, 0.0, 1.0], [0.0, 0.2, 0.1]])
    labels = np.array([0, 1])
    with pytest.warns(RuntimeWarning, match="every held-out prediction is right"):
        method = TemperatureScaling().fit(logits, labels)
    assert not method.attained
    assert 0 < nll(logits, labels, method.temperature) <= 1e-6
    assert nll(logits, labels, method.temperature * 1.1) > 1e-6  # the mildest one
    with pytest.warns(RuntimeWarning):
        scaled = TemperatureScaling().fit(1000 * logits, labels)
    assert scaled.temperature == pytest.approx(1000 * method.temperature, rel=1e-9)


def test_logits_worse_than_chance_end_near_uniform_with_a_warning() -> None:
    logits = np.array([[2.0, 0.0, 0.0], [0.0, 2.0, 0.0]])
    with pytest.warns(RuntimeWarning, match="no better than chance"):
        method = TemperatureScaling().fit(logits, np.array([1, 2]))
    assert method.temperature > 1000
    probabilities = method.transform(logits)
    assert probabilities == pytest.approx(np.full((2, 3), 1 / 3), abs=1e-3)
    assert probabilities.argmax(1).tolist() == [0, 1]


def test_logits_that_say_nothing_leave_the_temperature_at_one() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert TemperatureScaling().fit(np.full((4, 3), 7.0), np.array([0, 1, 2, 0])).temperature == 1


def test_one_wrong_prediction_among_many_is_enough_for_an_optimum() -> None:
    logits = np.tile([[5.0, 0.0]], (2000, 1))
    labels = np.zeros(2000, int)
    labels[0] = 1
    method = TemperatureScaling().fit(logits, labels)
    assert method.attained
    assert method.temperature == pytest.approx(5 / np.log(1999), rel=1e-9)  # sigmoid(5 / T) = 1999 / 2000


def test_inflated_logits_raise_the_winners_confidence_and_the_temperature_alike(draw) -> None:
    logits, labels = draw(4000, 10)
    inflated = 1.3 * logits  # claim 29
    assert (softmax(inflated).max(1) > softmax(logits).max(1)).mean() > 0.999
    assert (inflated.argmax(1) == logits.argmax(1)).all()
    plain, scaled = TemperatureScaling().fit(logits, labels), TemperatureScaling().fit(inflated, labels)
    assert scaled.temperature == pytest.approx(1.3 * plain.temperature, rel=1e-8)
    assert scaled.transform(inflated) == pytest.approx(plain.transform(logits), abs=1e-9)
