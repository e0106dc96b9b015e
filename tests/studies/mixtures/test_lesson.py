"""EM for Gaussian mixtures against SciPy and its own guarantees."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from reprise.studies.mixtures.lesson import KINDS, Mixture, fit, starting_mixture


def clusters(dimension: int, seed: int = 0, each: int = 100) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.normal(4 * rng.normal(size=dimension), 1, (each, dimension)) for _ in range(3)])


@pytest.mark.parametrize("kind", KINDS)
def test_density_equals_scipy(kind):
    points = clusters(3)
    mixture = fit(points, 3, kind, iterations=5).mixture
    full = {
        "full": mixture.covariances,
        "tied": [mixture.covariances] * 3,
        "diag": [np.diag(row) for row in np.atleast_2d(mixture.covariances)],
        "spherical": [value * np.eye(3) for value in np.ravel(mixture.covariances)],
    }[kind]
    joint = np.stack(
        [
            np.log(w) + multivariate_normal(m, c).logpdf(points)
            for w, m, c in zip(mixture.weights, mixture.means, full, strict=True)
        ]
    )
    assert mixture.log_likelihood(points) == pytest.approx(logsumexp(joint, axis=0).mean(), abs=1e-11)
    np.testing.assert_allclose(
        mixture.responsibilities(points), np.exp(joint - logsumexp(joint, axis=0)).T, rtol=0, atol=1e-11
    )


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    dimension=st.integers(1, 4),
    components=st.integers(1, 4),
    kind=st.sampled_from(KINDS),
    start=st.sampled_from(["points", "k-means++"]),
)
def test_no_step_lowers_the_likelihood(seed, dimension, components, kind, start):
    points = np.random.default_rng(seed).normal(size=(60, dimension)) * 10
    found = fit(points, components, kind, start, 15, tolerance=0, regularisation=0.0 if components == 1 else 1e-9)
    assert np.diff(found.log_likelihoods).min() > -1e-7
    assert found.mixture.weights.sum() == pytest.approx(1)
    np.testing.assert_allclose(found.mixture.responsibilities(points).sum(axis=1), 1)


def test_one_component_is_the_mean_and_covariance():
    points = clusters(3)
    mixture = fit(points, 1, "full", regularisation=0).mixture
    np.testing.assert_allclose(mixture.means[0], points.mean(axis=0))
    np.testing.assert_allclose(mixture.covariances[0], np.cov(points.T, bias=True), rtol=1e-12)


def test_settles_and_says_so():
    points = clusters(2)
    assert fit(points, 3, seed=3).converged
    assert not fit(points, 3, iterations=2, tolerance=0).converged


def test_restarts_keep_the_likeliest():
    points = clusters(2, seed=5)
    single = [fit(points, 3, start="points", iterations=8, seed=seed).log_likelihoods[-1] for seed in range(1)]
    assert fit(points, 3, start="points", iterations=8, restarts=10, seed=0).log_likelihoods[-1] >= single[0]


def test_far_points_do_not_underflow():
    points = np.concatenate([clusters(8), np.full((1, 8), 1e4)])
    mixture = fit(points, 3, start="points", iterations=20, seed=1).mixture
    assert np.isfinite(mixture.log_likelihood(points))
    assert np.isfinite(mixture.responsibilities(points)).all()


def test_a_far_offset_costs_no_accuracy():
    points = clusters(2)
    start = starting_mixture(points, 3, "full", "points", np.random.default_rng(1))
    moved = Mixture(start.weights, start.means + 1e6, start.covariances)
    near = fit(points, 3, "full", start, 20, tolerance=0).mixture
    far = fit(points + 1e6, 3, "full", moved, 20, tolerance=0).mixture
    np.testing.assert_allclose(far.covariances, near.covariances, rtol=1e-6)


def test_all_points_alike_fit_with_regularisation():
    mixture = fit(np.ones((10, 2)), 2).mixture
    np.testing.assert_allclose(mixture.means, 1)


@pytest.mark.parametrize(
    ("points", "settings", "message"),
    [
        (np.zeros(5), {}, "expected \\(n, d\\)"),
        (np.zeros((0, 2)), {}, "at least one point"),
        (np.array([[np.nan, 1.0], [0, 0]]), {}, "not finite"),
        (np.zeros((3, 2)), {"components": 4}, "4 components for 3 points"),
        (np.zeros((3, 2)), {"components": 0}, "0 components"),
        (np.zeros((3, 2)), {"kind": "round"}, "expected one of full"),
        (np.zeros((3, 2)), {"start": "anywhere"}, "k-means"),
        (np.zeros((3, 2)), {"iterations": 0}, "at least 1"),
        (np.ones((9, 2)), {"regularisation": 0.0}, "raise the regularisation"),
        (np.ones((9, 2)), {"regularisation": 0.0, "kind": "diag"}, "raise the regularisation"),
    ],
)
def test_bad_input_ends_in_a_clear_error(points, settings, message):
    with pytest.raises(ValueError, match=message):
        fit(points, **({"components": 2} | settings))
