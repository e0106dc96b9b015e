"""Minimisers against closed forms and scikit-learn; transforms against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.linear_model import ElasticNet

from reprise.studies.regularisation import lesson


@given(st.floats(-5, 5), st.floats(0, 20))
def test_search_finds_the_closed_forms(target, strength):
    assert lesson.lp_minimiser(target, strength, 2) == pytest.approx(lesson.ridge_minimiser(target, strength), abs=1e-6)
    assert lesson.lp_minimiser(target, strength, 1) == pytest.approx(lesson.lasso_minimiser(target, strength), abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.floats(-3, 3), st.floats(0, 10), st.floats(0.2, 5))
def test_no_point_of_a_fine_grid_costs_less(target, strength, p):
    found = lesson.lp_minimiser(target, strength, p)
    grid = np.linspace(-4, 4, 4001)
    assert lesson.penalised(found, target, strength, p) <= lesson.penalised(grid, target, strength, p).min() + 1e-9


def test_l1_is_exactly_zero_from_two_on_and_l2_never():
    assert lesson.lp_minimiser(1.0, 2.0, 1) == 0
    assert lesson.lasso_minimiser(1.0, 1.999) > 0
    assert lesson.ridge_minimiser(1.0, 1e9) > 0


def test_the_penalty_as_written_has_no_minimum_for_p_three():
    assert lesson.penalised_as_written(-1e9, 1.0, 1.0, 3) < -1e26
    assert lesson.penalised(-1e9, 1.0, 1.0, 3) > 0


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.01, 1), st.floats(0.1, 1))
def test_elastic_net_equals_scikit_learns(seed, alpha, ratio):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(30, 5)) @ rng.normal(size=(5, 5))
    y = rng.normal(size=30)
    theirs = ElasticNet(alpha=alpha, l1_ratio=ratio, fit_intercept=False, tol=1e-13, max_iter=1_000_000).fit(X, y)
    ours = lesson.elastic_net(X, y, alpha, ratio)
    np.testing.assert_allclose(ours, theirs.coef_, atol=1e-6)


def test_a_column_of_zeros_keeps_weight_zero():
    X = np.column_stack([np.arange(5.0), np.zeros(5)])
    assert lesson.elastic_net(X, np.arange(5.0), 0.0, 0.5).tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"alpha": -1.0}, "alpha"),
        ({"l1_ratio": 2.0}, "l1_ratio"),
        ({"y": np.zeros(3)}, "do not fit"),
        ({"sweeps": 1}, "sweeps"),
    ],
)
def test_elastic_net_says_what_is_wrong(change, message):
    X = np.random.default_rng(0).normal(size=(9, 3))
    given_ = {"X": X, "y": X.sum(axis=1), "alpha": 0.1, "l1_ratio": 0.5} | change
    with pytest.raises(ValueError, match=message):
        lesson.elastic_net(**given_)


def test_descent_keeps_the_bound_of_its_condition_number():
    hessian = np.diag([1.0, 25.0])
    rate, condition = lesson.best_rate(hessian)
    path = lesson.descend_quadratic(hessian, np.array([1.0, 1.0]), rate, 1e-6, 10_000)
    assert condition == pytest.approx(25)
    assert len(path) - 1 == pytest.approx(np.log(1e-6) / np.log(24 / 26), abs=1)


def test_a_flat_direction_is_refused():
    with pytest.raises(ValueError, match="positive definite"):
        lesson.best_rate(np.diag([0.0, 1.0]))


def test_transforms_equal_scipys():
    x = np.random.default_rng(1).lognormal(size=(100, 3))
    np.testing.assert_allclose(lesson.z_score(x), stats.zscore(x), atol=1e-13)
    np.testing.assert_allclose(lesson.logistic(x), stats.logistic.cdf(x), atol=1e-15)
    np.testing.assert_allclose(lesson.log_normal(x, 0.3, 2.0), stats.lognorm.cdf(x, 2, scale=np.exp(0.3)), atol=1e-14)
    assert lesson.min_max(x).min(axis=0).tolist() == [0, 0, 0]
    assert lesson.min_max(x).max(axis=0).tolist() == [1, 1, 1]
    assert lesson.log_normal(0.0, 0.0, 1.0) == 0


@given(st.floats(-1e6, 1e6))
def test_sigmoid_slope_is_even_at_most_a_quarter_and_never_overflows(x):
    with np.errstate(over="raise", invalid="raise"):
        slope = lesson.sigmoid_slope(np.array(x))
    assert slope == lesson.sigmoid_slope(np.array(-x))
    assert slope == pytest.approx(stats.logistic.pdf(x), rel=1e-13, abs=1e-300)
    assert slope <= 0.25


@pytest.mark.parametrize("bad", [np.ones((4, 2)), np.array([1.0, np.nan]), np.zeros((0, 2))])
def test_columns_without_scale_or_numbers_are_refused(bad):
    for transform in (lesson.z_score, lesson.min_max):
        with pytest.raises(ValueError, match=r"constant|finite"):
            transform(bad)


def test_negative_values_have_no_logarithm():
    with pytest.raises(ValueError, match="negative"):
        lesson.log_normal([-1.0], 0, 1)
