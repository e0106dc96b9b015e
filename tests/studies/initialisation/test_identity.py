"""Claim 160: the simulated variances, against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.evaluation import declarations
from reprise.studies.initialisation import identity
from reprise.studies.initialisation.settings import Config

CONFIG = Config(
    seeds=3, depth=5, width=16, examples=16, replicates=20, draws=5000, descents=8, hessians=1000, dimensions=4
)


def test_moments_of_a_rectified_normal_by_quadrature():
    from scipy.integrate import quad
    from scipy.stats import norm

    mean = quad(lambda x: x * norm.pdf(x), 0, 12)[0]
    square = quad(lambda x: x * x * norm.pdf(x), 0, 12)[0]
    assert pytest.approx(mean) == identity.MEAN
    assert pytest.approx(square - mean**2) == identity.VARIANCE


def test_simulated_variances_are_those_of_theory():
    centred, rectified = identity.variances(CONFIG)
    assert centred.shape == rectified.shape == (20,)
    for found, truth in ((centred, 1.0), (rectified, 0.5)):  # n Var(W) E[x²], with n Var(W) = 1
        error = found.std(ddof=1) / np.sqrt(len(found))
        assert abs(found.mean() - truth) < 5 * error


def test_the_identity_holds_for_means_of_zero_and_fails_by_the_stated_ratio_behind_a_relu():
    identity_holds, behind_relu, full = identity.findings(declarations("initialisation")[160], CONFIG)
    assert identity_holds.effect.value == pytest.approx(1, abs=0.01)
    assert behind_relu.effect.value == pytest.approx(0.5 / identity.VARIANCE, rel=0.01)
    assert f"{0.5 / identity.VARIANCE:.3f}" in behind_relu.note
    assert full.effect.value == pytest.approx(1, abs=0.01)
