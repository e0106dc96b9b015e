"""Claim 1: the comparison with scikit-learn, on fits that agree and on such that do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reprise.evaluation import declarations
from reprise.studies.mixtures import parity
from reprise.studies.mixtures.lesson import KINDS, fit, starting_mixture
from reprise.studies.mixtures.parity import Accuracies, Parity
from reprise.studies.mixtures.settings import Config

CONFIG = Config(runs=20, iterations=10, long_iterations=200, fits=5, parity_iterations=5)
DECLARED = declarations("mixtures")[1]


def clusters(dimension: int, each: int = 100) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.concatenate([rng.normal(4 * rng.normal(size=dimension), 1, (each, dimension)) for _ in range(3)])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dimension", [1, 2, 5])
def test_equals_scikit_learn_after_the_same_number_of_iterations(kind, dimension):
    points = clusters(dimension)
    start = starting_mixture(points, 3, kind, "points", np.random.default_rng(1))
    mine = fit(points, 3, kind, start, iterations=12, tolerance=0).mixture
    assert parity.gap(mine, parity.sklearn_from(start, points, 12), points) < 1e-10


def test_blocks_do_not_change_the_result():
    points = clusters(4, each=20_000)  # several blocks, the last one short
    start = starting_mixture(points, 3, "full", "points", np.random.default_rng(0))
    mine = fit(points, 3, "full", start, iterations=3, tolerance=0).mixture
    assert parity.gap(mine, parity.sklearn_from(start, points, 3), points) < 1e-10
    assert mine.responsibilities(points).shape == (60_000, 3)


def test_a_gap_in_any_parameter_is_seen():
    points = clusters(2)
    start = starting_mixture(points, 3, "diag", "points", np.random.default_rng(1))
    mine = fit(points, 3, "diag", start, iterations=12, tolerance=0).mixture
    theirs = parity.sklearn_from(start, points, 12)
    for name in ("weights", "means", "covariances"):
        moved = getattr(mine, name).copy()
        moved[1] += 1e-3
        assert parity.gap(replace(mine, **{name: moved}), theirs, points) >= 1e-3 - 1e-9, name


def test_a_step_that_falls_or_a_gap_contradicts():
    right = Parity(np.full(16, 1e-13), np.full(16, 1e-9))
    level = Accuracies(np.array([0.99, 0.995, 0.999]), np.array([0.99, 0.995, 0.999]))
    assert {finding.verdict for finding in parity.findings(DECLARED, CONFIG, right, level)} == {"reproduced"}
    falls = right._replace(steps=np.r_[right.steps[:-1], -1e-3])
    apart = right._replace(gaps=np.r_[right.gaps[:-1], 1e-3])
    assert parity.findings(DECLARED, CONFIG, falls, level)[0].verdict == "contradicted"
    assert parity.findings(DECLARED, CONFIG, apart, level)[2].verdict == "contradicted"
    worse = level._replace(ours=level.ours - 0.1)
    verdicts = [finding.verdict for finding in parity.findings(DECLARED, CONFIG, right, worse)]
    assert verdicts == ["reproduced", "contradicted", "reproduced", "contradicted"]


def test_data_have_the_square_of_the_stated_variance():
    finding = parity.stated_covariance(CONFIG)
    assert finding.effect.value == pytest.approx(0.09, rel=0.05)
    assert (finding.kind, finding.verdict) == ("slip", "contradicted")


def test_data_with_the_stated_variance_would_show_no_slip(monkeypatch):
    monkeypatch.setattr(parity.published, "STATED_COVARIANCES", np.sqrt(parity.published.STATED_COVARIANCES))
    assert parity.stated_covariance(CONFIG).verdict != "contradicted"
