"""Claim 146: the search that theory is compared with finds minimisers of losses it has never seen."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.studies.losses import lesson
from reprise.studies.losses.minimisers import best_constant


def test_the_best_constant_of_known_losses():
    y = np.array([0.0, 1.0, 5.0])
    assert best_constant(lesson.squared, y, (0, 5)) == pytest.approx(2, abs=1e-6)
    assert best_constant(lesson.absolute, y, (0, 5)) == pytest.approx(1, abs=1e-6)
    slope = sum(np.poly([value] * 3) for value in y)  # of the fourth powers, up to a factor
    (root,) = (root.real for root in np.roots(slope) if abs(root.imag) < 1e-9)
    assert best_constant(lambda truth, c: (c - truth) ** 4, y, (0, 5)) == pytest.approx(root, abs=1e-6)


def test_labels_of_one_kind_have_no_finite_logit_and_the_search_goes_to_its_bound():
    assert best_constant(lesson.binary_cross_entropy, np.ones(5), (-5, 5)) == pytest.approx(5, abs=1e-3)
