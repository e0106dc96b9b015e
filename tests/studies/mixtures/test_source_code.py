"""The source's form of EM, against a plain loop and against our own where the two must agree."""

from __future__ import annotations

import numpy as np

from reprise.studies.mixtures import source_code as published
from reprise.studies.mixtures.lesson import Mixture, fit


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


def test_what_the_script_states():
    assert published.POINTS == (400, 1000)
    assert published.MEANS.tolist() == [[1, 2], [5, 3]]
    assert published.STATED_COVARIANCES.tolist() == [[0.3, 0.5], [1, 1]]
    assert published.true_classes().sum() == 400
