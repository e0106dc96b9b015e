"""EM for Gaussian mixtures against scikit-learn, SciPy and its own guarantees; the source's form by a plain loop."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reprise.claims.mixtures import gap, sklearn_from
from reprise.lessons.mixtures import KINDS, Mixture, fit, starting_mixture
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from reprise.studies.mixtures import source_code as published


def clusters(dimension: int, seed: int = 0, each: int = 100) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.normal(4 * rng.normal(size=dimension), 1, (each, dimension)) for _ in range(3)])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dimension", [1, 2, 5])
def test_equals_scikit_learn_after_the_same_number_of_iterations(kind, dimension):
    points = clusters(dimension)
    start = starting_mixture(points, 3, kind, "points", np.random.default_rng(1))
    mine = fit(points, 3, kind, start, iterations=12, tolerance=0).mixture
    assert gap(mine, sklearn_from(start, points, 12), points) < 1e-10


def test_blocks_do_not_change_the_result():
    points = clusters(4, each=20_000)  # several blocks, the last one short
    start = starting_mixture(points, 3, "full", "points", np.random.default_rng(0))
    mine = fit(points, 3, "full", start, iterations=3, tolerance=0).mixture
    assert gap(mine, sklearn_from(start, points, 3), points) < 1e-10
    assert mine.responsibilities(points).shape == (60_000, 3)


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


def one_run(points, means, variances, iterations):
    """The source's loop for one run, written plainly: an independent check of the vectorised form."""
    for _ in range(iterations):
        density = np.empty((2, len(points)))
        for k in (0, 1):
            exponent = ((points - means[k]) ** 2 / variances[k]).sum(axis=1)
            density[k] = np.exp(-exponent / 2) / (2 * np.pi * np.sqrt(variances[k].prod()))
        prior = density[0].sum() / density.sum()
        r = density[0] * prior / (density[0] * prior + density[1] * (1 - prior))
        means = np.array([r @ points / r.sum(), (1 - r) @ points / (1 - r).sum()])
        variances = np.array(
            [r @ (points - means[0]) ** 2 / r.sum(), (1 - r) @ (points - means[1]) ** 2 / (1 - r).sum()]
        )
    return r


def test_published_form_equals_a_plain_loop():
    rng = np.random.default_rng(0)
    points = published.source_points(6, rng)
    means, variances = published.source_start(points, rng)
    variances = np.abs(variances)
    runs = published.published_em(points, means, variances, (0, 9))
    for place in range(6):
        for iteration in (0, 9):
            np.testing.assert_allclose(
                runs[iteration].responsibility[place],
                one_run(points[place], means[place], variances[place], iteration + 1),
                atol=1e-10,
            )


def test_a_negative_variance_ends_in_nan():
    points = published.source_points(1, np.random.default_rng(0))
    means = np.array([[[1.0, 2.0], [5.0, 3.0]]])
    run = published.published_em(points, means, np.array([[[1.0, -0.2], [1.0, 1.0]]]), (9,))[9]
    assert run.broken.all()


def test_standard_prior_settles_where_our_em_does():
    rng = np.random.default_rng(2)
    points = published.source_points(3, rng)
    means, variances = published.data_point_start(points, rng)
    runs = published.published_em(points, means, variances, (199,), "responsibilities")[199]
    for place in range(3):
        start = Mixture(np.array([0.5, 0.5]), means[place], variances[place], "diag")
        mine = fit(points[place], 2, "diag", start, 200, tolerance=0, regularisation=0)
        np.testing.assert_allclose(
            mine.mixture.responsibilities(points[place])[:, 0], runs.responsibility[place], atol=1e-8
        )
    assert (runs.accuracy > 0.99).all()


def test_the_data_have_the_stated_covariances_as_deviations():
    first = published.source_points(200, np.random.default_rng(0))[:, : published.POINTS[0]]
    np.testing.assert_allclose(first.std(axis=(0, 1)), [0.3, 0.5], rtol=0.02)
