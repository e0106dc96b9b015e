"""Vector and matrix scaling against scikit-learn, against finite differences, and where no optimum exists."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from reprise.calibration import MatrixScaling, TemperatureScaling, VectorScaling, affine_fit
from reprise.metrics.calibration import negative_log_likelihood


def skewed(draw, n: int, k: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Logits whose classes need their own scales and shifts."""
    logits, labels = draw(n, k, temperature=1.0, seed=seed)
    rng = np.random.default_rng(99)
    return (logits - 0.5 * rng.standard_normal(k)) * rng.uniform(0.5, 3, k), labels


@pytest.mark.parametrize("k", [2, 3, 10])
def test_matrix_scaling_is_an_unpenalised_multinomial_regression(draw, k: int) -> None:
    logits, labels = skewed(draw, 3000, k)
    ours = MatrixScaling().fit(logits, labels)
    theirs = LogisticRegression(C=np.inf, tol=1e-8, max_iter=10_000).fit(logits - logits.mean(1, keepdims=True), labels)
    assert ours.converged
    assert ours.transform(logits) == pytest.approx(
        theirs.predict_proba(logits - logits.mean(1, keepdims=True)), abs=2e-4
    )
    assert ours.bias.sum() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("full", [False, True])
def test_derivatives_equal_differences(draw, full: bool) -> None:
    problem = affine_fit.Problem(*draw(80, 4), full, 0.3, np.arange(4.0), np.zeros((0, 0), bool))
    x = np.random.default_rng(0).standard_normal(len(problem.identity))
    _, gradient, hessian = problem.derivatives(x)
    steps = 1e-6 * np.eye(len(x))
    differences = [problem.value_and_gradient(x + d)[0] - problem.value_and_gradient(x - d)[0] for d in steps]
    assert gradient == pytest.approx(np.array(differences) / 2e-6, abs=1e-7)
    differences = [problem.value_and_gradient(x + d)[1] - problem.value_and_gradient(x - d)[1] for d in steps]
    assert hessian == pytest.approx(np.array(differences) / 2e-6, abs=1e-7)


@pytest.mark.parametrize("method", [VectorScaling, MatrixScaling])
@pytest.mark.parametrize("k", [2, 6, 20])
def test_no_direction_lowers_the_likelihood(draw, method, k: int) -> None:
    logits, labels = skewed(draw, 2000, k)
    fitted = method().fit(logits, labels)
    best = negative_log_likelihood(fitted.transform(logits), labels)
    rng = np.random.default_rng(1)
    weights, bias = fitted.weights, fitted.bias
    for _ in range(30):
        fitted.weights = weights + 1e-3 * rng.standard_normal(weights.shape)
        fitted.bias = bias + 1e-3 * rng.standard_normal(k)
        assert negative_log_likelihood(fitted.transform(logits), labels) > best - 1e-10


def test_newton_and_lbfgs_meet(draw, monkeypatch: pytest.MonkeyPatch) -> None:
    logits, labels = skewed(draw, 3000, 8)
    newton = VectorScaling().fit(logits, labels)
    monkeypatch.setattr(affine_fit, "NEWTON_SIZE", 0)
    lbfgs = VectorScaling().fit(logits, labels)
    assert lbfgs.converged
    assert lbfgs.weights == pytest.approx(newton.weights, rel=1e-3)
    assert lbfgs.transform(logits) == pytest.approx(newton.transform(logits), abs=1e-4)


@pytest.mark.parametrize("k", [3, 60])
def test_held_out_likelihood_improves_with_every_freedom(draw, k: int) -> None:
    logits, labels = skewed(draw, 2000, k)
    temperature, vector, matrix = (
        negative_log_likelihood(m().fit(logits, labels).transform(logits), labels)
        for m in (TemperatureScaling, VectorScaling, MatrixScaling)
    )
    assert matrix < vector < temperature


def test_vector_scaling_recovers_the_scales_and_shifts(draw) -> None:
    logits, labels = draw(60_000, 4, temperature=1.0)
    logits -= logits.mean(1, keepdims=True)
    scale, shift = np.array([0.5, 1.0, 2.0, 4.0]), np.array([0.5, 0.0, -1.0, 0.5])
    seen = logits * scale + shift
    fitted = VectorScaling().fit(seen, labels)
    truth = negative_log_likelihood(TemperatureScaling().fit(logits, labels).transform(logits), labels)
    assert negative_log_likelihood(fitted.transform(seen), labels) < truth + 0.02
    assert (np.diff(fitted.weights) < 0).all()


def test_ridge_pulls_to_the_identity_and_keeps_separable_data_finite() -> None:
    logits = 3 * np.eye(5)[np.arange(20) % 5]
    labels = np.arange(20) % 5
    for method in (VectorScaling, MatrixScaling):
        mild = method(ridge=0.1).fit(logits, labels)
        assert np.abs(mild.weights).max() < 5
        identity = np.ones(5) if method is VectorScaling else np.eye(5)
        assert method(ridge=1e6).fit(logits, labels).weights == pytest.approx(identity, abs=1e-3)


def test_matrix_scaling_overfits_where_classes_are_many(draw) -> None:
    logits, labels = draw(1500, 60)
    new, truth = draw(1500, 60, seed=1)
    matrix, temperature = MatrixScaling().fit(logits, labels), TemperatureScaling().fit(logits, labels)
    assert negative_log_likelihood(matrix.transform(logits), labels) < negative_log_likelihood(
        temperature.transform(logits), labels
    )
    assert (
        negative_log_likelihood(matrix.transform(new), truth, 1e-16)
        > negative_log_likelihood(temperature.transform(new), truth) + 0.5
    )


@pytest.mark.parametrize("settings", [{"ridge": -1.0}, {"ridge": np.nan}, {"tolerance": 0.0}, {"max_iterations": 0}])
def test_settings_out_of_range_are_refused(settings: dict) -> None:
    with pytest.raises(ValueError, match="out of range"):
        MatrixScaling(**settings)
