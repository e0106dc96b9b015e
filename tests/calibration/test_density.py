"""Density confidence against SciPy, scikit-learn and the claim it serves."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.covariance import LedoitWolf
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis

from reprise.calibration import DensityConfidence, softmax
from reprise.calibration.density import shrunk_covariance


def clusters(n: int, k: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Correlated clouds of logits, one around 6 e_c a class."""
    rng = np.random.default_rng(seed)
    labels = np.append(np.arange(k).repeat(2), rng.integers(0, k, n - 2 * k))
    mixing = np.random.default_rng(77).standard_normal((k, k, k)) / np.sqrt(k)
    noise = np.einsum("nij,nj->ni", mixing[labels], rng.standard_normal((n, k)))
    return 6 * np.eye(k)[labels] + noise, labels


def test_equals_the_formula_written_with_scipy() -> None:
    logits, labels = clusters(600, 4)
    method = DensityConfidence().fit(logits, labels)
    joint = np.stack(
        [
            multivariate_normal(method.means[c], method.covariances[c]).logpdf(logits) + np.log((labels == c).mean())
            for c in range(4)
        ],
        1,
    )
    assert method.transform(logits) == pytest.approx(softmax(joint), abs=1e-9)
    assert method.log_density(logits) == pytest.approx(np.log(np.exp(joint).sum(1)), abs=1e-8)
    assert method.means[2] == pytest.approx(logits[labels == 2].mean(0))


def test_without_shrinkage_it_is_quadratic_discriminant_analysis() -> None:
    logits, labels = clusters(4000, 3)
    theirs = QuadraticDiscriminantAnalysis().fit(logits, labels).predict_proba(logits)
    assert DensityConfidence(shrinkage=0.0).fit(logits, labels).transform(logits) == pytest.approx(theirs, abs=5e-3)


@pytest.mark.parametrize(("n", "k"), [(5, 8), (40, 8), (3000, 8)])
def test_shrinkage_is_ledoit_and_wolfs(n: int, k: int) -> None:
    rng = np.random.default_rng(n)
    data = rng.standard_normal((n, k)) @ rng.standard_normal((k, k))
    data -= data.mean(0)
    theirs = LedoitWolf(assume_centered=True).fit(data)
    covariance, shrinkage = shrunk_covariance(data)
    assert shrinkage == pytest.approx(theirs.shrinkage_, abs=1e-10)
    assert covariance == pytest.approx(theirs.covariance_, abs=1e-9)


def test_logits_on_a_plane_and_few_examples_have_a_density() -> None:
    logits, labels = clusters(60, 10)
    flat = logits - logits.mean(1, keepdims=True)
    method = DensityConfidence().fit(flat, labels)
    assert np.isfinite(method.log_density(flat)).all()
    assert (method.transform(flat).argmax(1) == labels).mean() > 0.9


def test_inflated_logits_raise_the_softmax_and_lower_the_density() -> None:
    logits, labels = clusters(3000, 5)
    method = DensityConfidence().fit(logits, labels)
    density, confidence = [], []
    for scale in (1.0, 1.3, 2.0, 4.0):  # claims 29 and 30
        density.append(method.log_density(scale * logits).mean())
        confidence.append(softmax(scale * logits).max(1).mean())
    assert (np.diff(density) < 0).all()
    assert (np.diff(confidence) > 0).all()


def test_the_density_tells_noise_from_what_was_fitted_where_the_softmax_is_surer() -> None:
    logits, labels = clusters(2000, 6)
    method = DensityConfidence().fit(logits, labels)
    noise = 8 * np.random.default_rng(2).standard_normal((2000, 6))
    usual, strange = method.log_density(logits), method.log_density(noise)
    assert (usual[:, None] > strange[None]).mean() > 0.95
    assert (softmax(logits).max(1)[:, None] > softmax(noise).max(1)[None]).mean() < 0.9


def test_far_away_the_posterior_is_sure_and_the_density_is_not() -> None:
    logits, labels = clusters(1000, 3)
    method = DensityConfidence().fit(logits, labels)
    far = np.full((1, 3), 1e6) * [[1, -1, 1]]
    assert method.transform(far).max() > 0.999
    assert method.log_density(far)[0] < -1e8


def test_priors_are_the_frequencies_of_the_fit() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], [300, 100])
    logits = rng.standard_normal((400, 2))
    method = DensityConfidence(shrinkage=1.0).fit(logits, labels)
    assert method.priors.tolist() == [0.75, 0.25]
    assert method.transform(np.zeros((1, 2)))[0, 0] == pytest.approx(0.75, abs=0.08)


def test_what_has_no_density_is_refused() -> None:
    with pytest.raises(ValueError, match="class 2 has 1 examples"):
        DensityConfidence().fit(np.random.default_rng(0).random((5, 3)), np.array([0, 0, 1, 1, 2]))
    with pytest.raises(ValueError, match="equal within every class"):
        DensityConfidence().fit(np.eye(2)[[0, 0, 1, 1]], np.array([0, 0, 1, 1]))
    with pytest.raises(ValueError, match="shrinkage"):
        DensityConfidence(shrinkage=1.5)
    with pytest.raises(RuntimeError, match="fit"):
        DensityConfidence().log_density(np.zeros((1, 2)))
    fitted = DensityConfidence().fit(*clusters(50, 3))
    with pytest.raises(ValueError, match="row 1, column 0 is nan"):
        fitted.log_density(np.array([[0, 0, 0], [np.nan, 0, 0]]))
