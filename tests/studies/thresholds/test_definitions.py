"""The comparison of the two variances: it holds, and it would see an error."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.evaluation import declarations
from reprise.studies.thresholds import definitions
from reprise.studies.thresholds.definitions import explained, findings, same_optimum
from reprise.studies.thresholds.images import random_images

TWO_PEAKS = np.array([1, 1, 2, 8, 9, 9], np.uint8)


def test_both_definitions_agree_on_every_random_image():
    assert all(same_optimum(image) for image in random_images(25))


@pytest.mark.parametrize("image", [np.array([5, 5], np.uint8), np.array([10, 10, 200, 200], np.uint8)])
def test_no_split_and_tied_splits_agree_too(image):
    assert same_optimum(image)


def test_a_wrong_variance_is_seen(monkeypatch):
    between = definitions.between_class
    monkeypatch.setattr(definitions, "between_class", lambda counts: between(counts)[1:] + between(counts)[:1])
    assert not same_optimum(TWO_PEAKS)
    disagreeing, _ = findings(declarations("thresholds")[3], [TWO_PEAKS], [TWO_PEAKS])
    assert disagreeing.effect.value == 2
    assert disagreeing.verdict == "contradicted"


def test_two_values_are_explained_wholly():
    assert explained(np.array([1, 1, 9], np.uint8)) == 1.0


def test_an_even_histogram_is_explained_to_three_quarters():
    assert explained(np.arange(256, dtype=np.uint8)) == pytest.approx(3 / 4, abs=1e-4)
