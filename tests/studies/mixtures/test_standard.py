"""Standard EM, all starts at once: against our EM, where plain densities underflow, with negative variances."""

from __future__ import annotations

import numpy as np

from reprise.studies.mixtures import source_code as published
from reprise.studies.mixtures import standard
from reprise.studies.mixtures.lesson import Mixture, fit
from reprise.studies.mixtures.standard import FLOOR, standard_em


def test_it_settles_where_our_em_does():
    rng = np.random.default_rng(2)
    points = published.source_points(3, rng)
    means, variances = published.valid_start(points, rng)
    runs = standard_em(points, means, variances, (9, 199))
    for place in range(3):
        start = Mixture(np.array([0.5, 0.5]), means[place], variances[place], "diag")
        for steps in (10, 200):
            mine = fit(points[place], 2, "diag", start, steps - 1, tolerance=0, regularisation=FLOOR).mixture
            shares = mine.responsibilities(points[place])[:, 0]
            np.testing.assert_allclose(shares, runs[steps - 1].responsibility[place], atol=1e-6)


def test_a_class_far_from_every_point_does_not_end_in_nan_as_the_script_does():
    points = published.source_points(1, np.random.default_rng(0))
    means = np.array([[[1.0, 2.0], [9.0, 9.0]]])
    variances = np.array([[[1.0, 1.0], [1e-3, 1e-3]]])  # the nearest point is some hundred deviations away
    assert np.isnan(published.published_em(points, means, variances, (9,))[9].means).any()
    run = standard_em(points, means, variances, (9,))[9]
    assert not run.broken.any()
    assert np.isfinite(run.means).all()
    assert (run.variances >= FLOOR / 2).all()


def test_a_negative_variance_ends_in_nan_and_leaves_the_others_alone(monkeypatch):
    monkeypatch.setattr(standard, "TOGETHER", 2)
    points = published.source_points(5, np.random.default_rng(1))
    means, variances = published.data_point_start(points, np.random.default_rng(2))
    whole = standard_em(points, means, variances, (9,))[9]
    variances[3, 0, 1] = -0.2
    run = standard_em(points, means, variances, (9,))[9]
    assert run.broken.tolist() == [False, False, False, True, False]
    np.testing.assert_array_equal(run.responsibility[~run.broken], whole.responsibility[~run.broken])
