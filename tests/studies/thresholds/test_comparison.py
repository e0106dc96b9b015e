"""Three programs' thresholds side by side: ties are no disagreement, errors are."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.studies.thresholds import comparison
from reprise.studies.thresholds.comparison import Thresholds, disagree, findings, metrics, threshold_photograph
from reprise.studies.thresholds.images import random_images

GAP = np.array([10, 10, 200, 200], np.uint8)  # every level from 10 to 199 is equally good


def test_no_random_image_is_thresholded_otherwise_than_by_scikit_image():
    assert not any(disagree(image) for image in random_images(25))


@pytest.mark.parametrize(("theirs", "apart"), [(10, False), (150, False), (200, True)])
def test_only_a_worse_threshold_is_a_disagreement(monkeypatch, theirs, apart):
    monkeypatch.setattr(comparison, "threshold_otsu", lambda image: theirs)
    assert disagree(GAP) is apart


def test_the_off_by_one_moves_the_pixels_at_the_threshold():
    found = threshold_photograph(np.arange(10, dtype=np.uint8))
    assert found == Thresholds(ours=4, reference=4, source=5, moved=0.1)
    assert found.shift == 1


def test_a_threshold_that_is_not_scikit_images_contradicts_the_oracle():
    found = {"right": Thresholds(4, 4, 5, 0.5), "wrong": Thresholds(7, 8, 8, 0.1)}
    oracle, _, code, shift, moved = findings(found, [])
    assert (oracle.effect.value, oracle.effect.n, oracle.verdict) == (1, 2, "contradicted")
    assert (code.kind, code.effect.value, code.verdict) == ("slip", 1, "contradicted")
    assert shift.effect.value == 0.5
    assert moved.effect.value == pytest.approx(0.3)
    assert metrics(found)["equal_to_scikit_image"].value == 1
