"""Intervals over splits that share images: Nadeau and Bengio's correction, against their formula and drawn splits."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from reprise.overlap import splits_effect
from reprise.statistics import SHARE, seeds_effect


def test_the_interval_is_that_of_the_published_formula():
    values = np.array([0.02, -0.01, 0.03, 0.0, 0.015])
    effect = splits_effect(values, 300, 1500, "accuracy")  # all images used: n2 / n1 = 300 / 1200
    half = stats.t.ppf(0.975, 4) * np.sqrt((1 / 5 + 300 / 1200) * values.var(ddof=1))
    assert (effect.low, effect.high) == pytest.approx((values.mean() - half, values.mean() + half))
    assert (effect.value, effect.seed_spread) == pytest.approx((values.mean(), values.std(ddof=1)))
    assert effect.examples_error == pytest.approx(values.std(ddof=1) / 2)
    assert (effect.seeds, effect.unit) == (5, "accuracy")


def test_with_many_more_images_it_is_student_s():
    values = np.random.default_rng(0).normal(size=12)
    wide, plain = splits_effect(values, 1, 10**9), seeds_effect(values)
    assert (wide.low, wide.high) == pytest.approx((plain.low, plain.high), rel=1e-6)


def test_it_covers_where_student_s_interval_does_not():
    """Whether an image is answered rightly depends on the image alone; 12 splits of 60 of 200 images, many times."""
    rng, hits = np.random.default_rng(1), {"corrected": 0, "plain": 0}
    for _ in range(400):
        right = rng.random(200) < 0.7
        values = np.array([right[rng.permutation(200)[:60]].mean() for _ in range(12)])
        for name, effect in (("corrected", splits_effect(values, 60, 200)), ("plain", seeds_effect(values))):
            hits[name] += effect.low <= 0.7 <= effect.high
    assert hits["plain"] < 0.75 * 400
    assert hits["corrected"] > 0.91 * 400


def test_several_together_have_a_stricter_interval_and_none_leaves_what_is_possible():
    effect = splits_effect(np.array([0.99, 0.9, 1.0]), 500, 1797, possible=SHARE, together=3)
    assert effect.strict_low < effect.low
    assert effect.high == effect.strict_high == 1


def test_seeds_that_agree_leave_no_doubt():
    effect = splits_effect(np.full(4, 0.1), 500, 1797)
    assert (effect.low, effect.high, effect.seed_spread) == pytest.approx((0.1, 0.1, 0.0))


@pytest.mark.parametrize("tested", [0, 100, 101])
def test_splits_without_test_or_training_images_are_refused(tested):
    with pytest.raises(ValueError, match=f"{tested} test images of 100"):
        splits_effect(np.zeros(3), tested, 100)


@pytest.mark.parametrize("values", [np.empty(0), np.array([0.1, np.nan])])
def test_what_is_no_number_is_refused(values):
    with pytest.raises(ValueError, match="one number a seed"):
        splits_effect(values, 10, 100)
