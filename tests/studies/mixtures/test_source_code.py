"""The source's form of EM, against a plain loop, and its starts."""

from __future__ import annotations

import numpy as np

from reprise.studies.mixtures import source_code as published


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


def test_the_data_have_the_stated_covariances_as_deviations():
    first = published.source_points(200, np.random.default_rng(0))[:, : published.POINTS[0]]
    np.testing.assert_allclose(first.std(axis=(0, 1)), [0.3, 0.5], rtol=0.02)


def test_what_the_script_states():
    assert published.POINTS == (400, 1000)
    assert published.MEANS.tolist() == [[1, 2], [5, 3]]
    assert published.STATED_COVARIANCES.tolist() == [[0.3, 0.5], [1, 1]]
    assert published.true_classes().sum() == 400


def test_valid_starts_are_the_sources_but_for_negative_variances():
    points = published.source_points(300, np.random.default_rng(5))
    once = published.source_start(points, np.random.default_rng(6))
    valid = published.valid_start(points, np.random.default_rng(6))
    negative = (once[1] < 0).any(axis=(1, 2))
    assert 0 < negative.sum() < 100
    assert (valid[1] >= 0).all()
    for before, after in zip(once, valid, strict=True):
        np.testing.assert_array_equal(before[~negative], after[~negative])
        assert (before[negative] != after[negative]).any(axis=(1, 2)).all()
