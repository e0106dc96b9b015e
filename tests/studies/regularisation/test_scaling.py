"""Claim 157: descents on scaled and unscaled features."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.evaluation import declarations
from reprise.studies.regularisation import lesson, scaling
from reprise.studies.regularisation.settings import Config


@pytest.mark.parametrize("scale", [1.0, 10.0])
def test_descent_starts_at_weights_zero_and_ends_at_the_least_squares_solution(scale):
    X, y = scaling.problem(3, scale)
    path, hessian, condition = scaling.descend(X, y)
    solution = np.linalg.lstsq(X, y, rcond=None)[0]
    np.testing.assert_allclose(path[0], -solution)
    assert np.linalg.norm(path[-1]) <= 1e-3 * np.linalg.norm(solution)
    assert condition == pytest.approx(np.linalg.cond(hessian))


def test_problems_are_centred_and_both_features_matter_alike():
    X, y = scaling.problem(0, 100.0)
    np.testing.assert_allclose([*X.mean(axis=0), y.mean()], 0, atol=1e-12)
    weights = np.linalg.lstsq(X, y, rcond=None)[0]
    np.testing.assert_allclose(weights * [1, 100], 1, atol=0.05)


def test_no_problem_takes_more_steps_than_theory_allows():
    compared = scaling.compare_descents(Config(repetitions=15, scale=5.0, degree=12, points=20))
    assert compared.ratios.shape == compared.z_scored.shape == compared.turns.shape == compared.excess.shape == (15,)
    assert compared.excess.max() <= 1
    assert compared.ratios.min() > 0
    assert compared.z_scored.min() > 0
    assert ((compared.turns >= 0) & (compared.turns <= 1)).all()


def test_features_of_one_scale_gain_nothing():
    config = Config(repetitions=15, scale=1.0000001, degree=12, points=20)
    compared = scaling.compare_descents(config)
    assert abs(compared.ratios.mean()) < 0.2
    primary, *_ = scaling.findings(declarations("regularisation")[157], config, compared)
    assert primary.kind == "primary"
    assert primary.verdict != "reproduced"


@pytest.mark.parametrize(("sign", "verdict"), [(1, "reproduced"), (-1, "contradicted")])
def test_fewer_or_more_steps_decide(sign, verdict):
    config = Config(repetitions=10, scale=5.0, degree=12, points=20)
    ratios = sign * np.linspace(0.5, 1.5, 10)
    made = scaling.Compared(ratios, -ratios, -ratios, np.ones(10), np.zeros(10))
    primary, *_ = scaling.findings(declarations("regularisation")[157], config, made)
    assert primary.verdict == verdict


def test_a_unit_fed_with_large_numbers_is_flat():
    found = scaling.saturation(12)
    assert found.shape == (12,)
    assert found.min() > 1  # a tenth of the slope, at the least
    assert lesson.sigmoid_slope(np.array(0.0)) == 0.25
