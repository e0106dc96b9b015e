"""Claim 135: the terms of the sum, whole and cut off."""

from __future__ import annotations

import numpy as np

from reprise.evaluation import declarations
from reprise.studies.recurrence import formula


def test_terms_fall_with_the_steps_back_and_nothing_is_missing_from_the_whole_sum():
    terms = formula.measure(4)
    assert terms.norms.shape == terms.missing.shape == (4, formula.STEPS)
    assert terms.gap.max() < 1e-10
    np.testing.assert_allclose(terms.missing[:, -1], 0, atol=1e-12)
    assert (terms.norms[:, -1] < terms.norms[:, 0]).all()


def test_a_wrong_gradient_contradicts_the_formula():
    terms = formula.measure(3)
    wrong = formula.Terms(terms.gap + 1e-3, terms.norms, terms.missing)
    assert [finding.verdict for finding in formula.findings(declarations("recurrence")[135], wrong)] == [
        "contradicted",
        "untested",
    ]
