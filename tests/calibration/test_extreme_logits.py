"""Masked classes, outliers and near-infinite logits: vector, matrix and Platt scaling, in both precisions."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from reprise.calibration import MatrixScaling, PlattScaling, TemperatureScaling, VectorScaling, softmax
from reprise.metrics.calibration import negative_log_likelihood

PRECISIONS = [np.float32, np.float64]
AFFINE = [VectorScaling, MatrixScaling]
MASKS = [-1e4, -65504.0, -1e9, -1e30]


def classes_of_their_own(n: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Logits (n, 4) whose classes need their own scales and shifts, and labels."""
    rng = np.random.default_rng(0)
    logits = rng.standard_normal((n, 4)) * 2
    truth = softmax(logits * [0.3, 1, 0.6, 0.5] + [0, 0.8, -0.8, 0])
    return logits, (truth.cumsum(1) < rng.random((n, 1))).sum(1)


def nll(method, logits: np.ndarray, labels: np.ndarray) -> float:
    """Of the method on what it is fitted on; a probability that the type cannot hold counts as its smallest."""
    probabilities = method.fit(logits, labels).transform(logits)
    return negative_log_likelihood(probabilities, labels, float(np.finfo(logits.dtype).tiny))


def lowest(inputs: np.ndarray, labels: np.ndarray, full: bool, impossible: np.ndarray | bool = False) -> float:
    """The least NLL of softmax(W x + b) that a general minimiser finds from several starts."""
    n, k = len(labels), inputs.shape[1]

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights, bias = flat[:-k], flat[-k:]
        scores = (inputs @ weights.reshape(k, k).T if full else inputs * weights) + bias
        scores = np.where(impossible, -np.inf, scores)
        p = softmax(scores)
        value = -np.log(p[np.arange(n), labels]).mean()
        p[np.arange(n), labels] -= 1
        first = p.T @ inputs if full else (p * inputs).sum(0)
        return value, np.append(first.ravel(), p.sum(0)) / n

    start = np.append((np.eye(k) if full else np.ones(k)).ravel(), np.zeros(k))
    return min(
        minimize(loss, scale * start, jac=True, method="BFGS", options={"gtol": 1e-9, "maxiter": 5000}).fun
        for scale in (0.3, 1.0)
    )


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("method", AFFINE)
@pytest.mark.parametrize("mask", MASKS)
def test_a_masked_class_is_what_the_formula_gives_in_exact_arithmetic(method, mask: float, dtype: type) -> None:
    logits, labels = classes_of_their_own()
    # a row's mean over five classes moves by a fifth of the four; the constant goes into the bias
    inputs = logits - logits.sum(1, keepdims=True) / 5
    if method is MatrixScaling:
        inputs = np.c_[inputs, -logits.sum(1) / 5]
        impossible = np.arange(5) == 4
    else:
        impossible = False
    expected = lowest(inputs, labels, method is MatrixScaling, impossible)
    fitted = method()
    assert nll(fitted, np.c_[logits, np.full(4000, mask)].astype(dtype), labels) == pytest.approx(expected, abs=1e-6)
    assert expected == pytest.approx(0.91178 if method is MatrixScaling else 0.92410, abs=1e-5)
    assert fitted.converged
    assert not fitted.transform(np.array([[1, 2, 3, 4, mask]], dtype))[0, 4]


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("method", AFFINE)
@pytest.mark.parametrize("mask", MASKS)
def test_classes_that_some_rows_cannot_have_are_left_out_of_these_rows(method, mask: float, dtype: type) -> None:
    logits, labels = classes_of_their_own()
    impossible = np.random.default_rng(1).random(logits.shape) < 0.4
    impossible[np.arange(4000), labels] = False
    masked = np.where(impossible, mask, logits).astype(dtype)
    fitted = method()
    found = nll(fitted, masked, labels)
    medians = np.nanmedian(np.where(impossible, np.nan, logits), axis=0)
    assert fitted.centre == pytest.approx(medians, abs=0.3)  # of every fourth row
    inputs = np.where(impossible, 0, logits - fitted.centre)
    inputs -= inputs.sum(1, keepdims=True) / (~impossible).sum(1, keepdims=True)
    inputs[impossible] = 0
    expected = lowest(inputs, labels, method is MatrixScaling, impossible)
    assert found == pytest.approx(expected, abs=1e-6)
    assert fitted.converged
    assert expected < nll(TemperatureScaling(), masked, labels) - 0.1
    assert not fitted.transform(masked)[impossible].any()


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("method", AFFINE)
@pytest.mark.parametrize("far", [1e5, 1e7, 1e30])
def test_one_row_far_from_all_others_does_not_stop_the_fit(method, far: float, dtype: type) -> None:
    logits, labels = classes_of_their_own()
    alone = nll(method(), logits, labels)
    both = np.r_[logits, [[far, far, 0, 0]]].astype(dtype)  # two classes alike: one bit where all are fitted well
    fitted = method()
    with_row = nll(fitted, both, np.r_[labels, 0])
    assert alone * 4000 / 4001 <= with_row <= (alone * 4000 + np.log(8)) / 4001
    assert fitted.converged
    certain = np.r_[logits, [[far, 0, 0, 0]]].astype(dtype)
    assert nll(method(), certain, np.r_[labels, 0]) == pytest.approx(alone * 4000 / 4001, abs=1e-6)


@st.composite
def hostile(draw) -> tuple[np.ndarray, np.ndarray]:
    """Logits with masks, outliers, offsets, doubled columns, and labels that follow them or contradict them."""
    n, k = draw(st.sampled_from([1, 3, 20, 200])), draw(st.sampled_from([2, 3, 5, 12]))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    scale = 10.0 ** draw(st.integers(-3, 3))
    noisy = rng.standard_normal((n, k))
    labels = (noisy * rng.uniform(0.2, 2, k) + rng.gumbel(size=(n, k))).argmax(1)
    logits = scale * noisy
    mask = draw(st.sampled_from([-50.0, *MASKS]))
    if draw(st.booleans()):  # whole columns, whether their classes occur or not
        logits[:, rng.integers(0, k, draw(st.integers(1, k)))] = mask
    if draw(st.booleans()):
        masked = rng.random((n, k)) < draw(st.sampled_from([0.05, 0.5]))
        if draw(st.booleans()):
            masked[np.arange(n), labels] = False
        logits[masked] = mask
    if draw(st.booleans()):
        row = logits[rng.integers(n)]
        row[:] = draw(st.sampled_from([0.0, 1e3, 1e7, 1e12, 1e30])) * rng.choice([-1, 0, 1], k)
        row[rng.integers(k)] = draw(st.sampled_from([1e3, 1e7, 1e12, 1e30]))
    if draw(st.booleans()):
        logits += 10.0 ** draw(st.integers(-3, 9)) * rng.standard_normal((n, 1))
    if draw(st.booleans()):
        logits[:, 0] = logits[:, 1]
    return np.clip(logits, -1e30, 1e30), labels


@settings(max_examples=150, deadline=None)
@given(hostile(), st.sampled_from(PRECISIONS), st.sampled_from(AFFINE), st.sampled_from([0.0, 0.1]))
def test_never_worse_than_temperature_scaling_on_what_it_is_fitted_on(data, dtype: type, method, ridge: float) -> None:
    logits, labels = data[0].astype(dtype), data[1]
    fitted = method(max_iterations=60)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        ours, theirs = nll(fitted, logits, labels), nll(TemperatureScaling(), logits, labels)
    assert ours <= theirs + (2e-6 if dtype is np.float32 else 1e-9)
    assert np.isfinite(fitted.weights).all()
    assert np.isfinite(fitted.bias).all()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        probabilities = method(ridge=ridge, max_iterations=60).fit(logits, labels).transform(logits)
    assert np.abs(probabilities.sum(1) - 1).max() < 1e-5


@pytest.mark.parametrize("method", AFFINE)
@pytest.mark.parametrize("newton", [True, False])
def test_not_converged_is_said_and_is_not_worse(method, newton: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    from reprise.calibration import affine_fit

    if not newton:
        monkeypatch.setattr(affine_fit, "NEWTON_SIZE", 0)
    logits, labels = classes_of_their_own()
    fitted = method(max_iterations=1)
    with pytest.warns(RuntimeWarning, match=f"{method.__name__} has not converged in 1 iterations"):
        ours = nll(fitted, logits, labels)
    assert not fitted.converged
    assert ours <= nll(TemperatureScaling(), logits, labels)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert nll(method(), logits, labels) < ours


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("method", AFFINE)
def test_a_masked_class_that_occurs_all_the_same_is_a_constant_whatever_its_size(method, dtype: type) -> None:
    logits, labels = classes_of_their_own(300)
    labels = np.where(np.arange(300) % 10, labels, 4)  # a tenth of the rows has the class that no row can have
    expected = nll(method(), np.c_[logits, np.zeros(300)].astype(dtype), labels)
    for mask in MASKS:
        fitted = method()
        assert nll(fitted, np.c_[logits, np.full(300, mask)].astype(dtype), labels) == pytest.approx(expected, abs=1e-6)
        assert fitted.converged


def test_where_sums_lose_all_digits_temperature_scaling_is_left_and_that_is_said() -> None:
    logits, labels = np.array([[1e25, 2e25, 0], [0, 1, 3]]), np.array([1, 2])
    with pytest.warns(RuntimeWarning, match="MatrixScaling has not converged"):
        fitted = MatrixScaling().fit(logits, labels)
    with pytest.warns(RuntimeWarning, match="no optimum"):
        temperature = TemperatureScaling().fit(logits, labels)
    assert not fitted.converged
    assert fitted.transform(logits) == pytest.approx(temperature.transform(logits), abs=1e-12)


@pytest.mark.parametrize("method", AFFINE)
def test_a_class_with_the_logits_of_another_does_not_stop_the_fit(method) -> None:
    logits, labels = classes_of_their_own()
    fitted = method()
    twins = np.c_[logits, logits[:, 0]]
    assert nll(fitted, twins, labels) == pytest.approx(nll(method(), logits, labels), abs=0.01)
    assert fitted.converged


@pytest.mark.parametrize("method", AFFINE)
def test_a_class_that_was_impossible_in_the_fit_stays_so_and_that_is_said(method) -> None:
    logits, labels = classes_of_their_own()
    fitted = method().fit(np.c_[logits, np.full(4000, -1e9)], labels)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted.transform(np.c_[logits, np.full(4000, -1e9)])
    with pytest.warns(RuntimeWarning, match="class 4 was impossible in every row of the fit"):
        assert not fitted.transform(np.array([[0.0, 0, 0, 0, 9]]))[0, 4]


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_single_precision_and_double_agree_on_ordinary_logits(dtype: type) -> None:
    logits, labels = classes_of_their_own()
    for method in AFFINE:  # rows that sum to 0 but for rounding are no further direction to fit
        assert nll(method(), logits.astype(dtype), labels) == pytest.approx(nll(method(), logits, labels), abs=1e-6)
        two = logits[:, :2].astype(dtype)
        assert nll(method(), two, labels % 2) == pytest.approx(nll(method(), logits[:, :2], labels % 2), abs=1e-6)


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("smooth", [True, False])
@pytest.mark.parametrize("mask", MASKS)
def test_platts_sigmoids_do_not_flatten_where_rows_have_masked_classes(mask: float, smooth: bool, dtype: type) -> None:
    logits, labels = classes_of_their_own()
    whole = PlattScaling(smooth).fit(logits, labels)
    impossible = np.random.default_rng(1).random(logits.shape) < 0.2
    impossible[np.arange(4000), labels] = False
    masked = np.where(impossible, mask, logits).astype(dtype)
    fitted = PlattScaling(smooth)
    assert nll(fitted, masked, labels) < nll(TemperatureScaling(), masked, labels) - 0.1
    for column, same in zip(fitted.columns, whole.columns, strict=True):
        assert column.slope == pytest.approx(same.slope, abs=0.1)
    assert not fitted.transform(masked)[impossible].any()


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("smooth", [True, False])
@pytest.mark.parametrize("far", [1e7, 1e30])
def test_platts_sigmoids_ignore_a_row_that_is_far_out_and_right(far: float, smooth: bool, dtype: type) -> None:
    logits, labels = classes_of_their_own()
    whole = PlattScaling(smooth).fit(logits, labels)
    logits[0, labels[0]] = far
    fitted = PlattScaling(smooth).fit(logits.astype(dtype), labels)
    for column, same in zip(fitted.columns, whole.columns, strict=True):
        assert column == pytest.approx(same, abs=2e-3)


def test_platt_gives_a_class_that_no_row_can_have_nothing() -> None:
    logits, labels = classes_of_their_own()
    masked = np.c_[logits, np.full(4000, -1e9)]
    probabilities = PlattScaling().fit(masked, labels).transform(masked)
    assert not probabilities[:, 4].any()
    assert probabilities[:, :4] == pytest.approx(PlattScaling().fit(logits, labels).transform(logits), abs=1e-9)


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("mask", MASKS)
def test_the_temperature_does_not_see_a_masked_class(mask: float, dtype: type) -> None:
    logits, labels = classes_of_their_own()
    masked = np.c_[logits, np.full(4000, mask)].astype(dtype)
    expected = TemperatureScaling().fit(logits, labels).temperature
    assert TemperatureScaling().fit(masked, labels).temperature == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("value", [-np.inf, np.finfo(np.float32).min])
def test_what_is_no_number_within_the_range_of_single_precision_is_refused_with_a_way_out(value: float) -> None:
    logits = np.array([[0.0, 1.0, value]], np.float32)
    for method in (VectorScaling, TemperatureScaling):
        with pytest.raises(ValueError, match=r"row 0, column 2 is .*give a class that is impossible -1e9"):
            method().fit(logits, np.array([1]))
