"""What is computed of the networks' answers, and of the images themselves, against plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reprise.claims.evidence import Evidence
from reprise.data import digits
from reprise.evaluation import declarations
from reprise.studies.maximisation.asked import (
    alike,
    apart,
    by_pixel,
    in_centre,
    lost,
    named,
    nines,
    pairs,
    white_among_negative,
)
from reprise.studies.maximisation.control import EACH, Control, controls, laid_over, unknown
from reprise.studies.maximisation.readers import Readers
from reprise.studies.maximisation.variability import spreads, variability_finding


@settings(max_examples=20)
@given(st.integers(0, 2**31))
def test_confidence_is_that_of_a_softmax(seed):
    logits = np.random.default_rng(seed).normal(0, 3, (2, 10, 3, 10))
    share = np.exp(logits) / np.exp(logits).sum(axis=3, keepdims=True)
    expected = np.stack([share[:, c, :, c] for c in range(10)], axis=1)
    np.testing.assert_allclose(1 - lost(logits), expected, rtol=1e-9, atol=1e-12)
    assert (named(logits) == (share.argmax(axis=3) == np.arange(10)[None, :, None])).all()


def test_nines_go_on_where_a_probability_is_1_in_floating_point():
    logits = np.zeros((1, 10, 1, 10))
    logits[:, np.arange(10), :, np.arange(10)] = 100
    assert nines(logits)[0, 0, 0] == pytest.approx(100 / np.log(10) - np.log10(9))
    logits[:, np.arange(10), :, np.arange(10)] = -1000
    assert lost(logits)[0, 0, 0] == pytest.approx(1)


def test_a_quarter_of_what_is_even_lies_in_the_centre():
    assert in_centre(np.ones((28, 28))) == pytest.approx(0.25)
    assert in_centre(np.zeros((2, 28, 28))).tolist() == [0.25, 0.25]
    spot = np.zeros((28, 28))
    spot[13, 13] = 3
    assert in_centre(spot) == 1


def test_what_is_even_changes_as_much_by_pixel_in_the_centre_as_outside():
    assert by_pixel(in_centre(np.ones((28, 28)))) == pytest.approx(1)
    twice = np.ones((28, 28))
    twice[7:21, 7:21] = 2
    assert by_pixel(in_centre(twice)) == pytest.approx(2)


def test_differences_are_root_mean_squares_of_every_pair():
    images = np.random.default_rng(0).normal(size=(3, 4, 5))
    found = apart(images)
    assert found[0, 2] == pytest.approx(np.sqrt(((images[0] - images[2]) ** 2).mean()))
    assert pairs(found).tolist() == pytest.approx([found[0, 1], found[0, 2], found[1, 2]])
    np.testing.assert_allclose(alike(images), np.corrcoef(images.reshape(3, -1)))
    assert alike(np.zeros((2, 3, 3))).tolist() == [[0, 0], [0, 0]]


def test_white_among_negative_wants_both_and_near():
    plain = np.zeros((28, 28))
    plain[14, 14] = 1
    near, far, outside = plain.copy(), plain.copy(), np.zeros((28, 28))
    near[14, 18], far[14, 25] = -0.1, -0.1
    outside[1, 1], outside[1, 5] = 1, -0.1
    assert white_among_negative(np.stack([plain, near, far, outside])).tolist() == [False, True, False, False]


def made(rng, wide):
    """Images of which class 2 varies by ``wide`` and the others by 20."""
    labels = np.repeat(np.arange(10), 60).astype(np.uint8)
    spread = np.where(labels == 2, wide, 20)[:, None, None, None]
    images = np.clip(128 + spread * rng.normal(size=(600, 28, 28, 1)), 0, 255).astype(np.uint8)
    return digits.Images(images, labels, images[:50], labels[:50])


def test_spreads_are_sums_of_standard_deviations():
    images = made(np.random.default_rng(0), 30)
    values, drawn = spreads(images.train_images, images.train_labels.astype(int), 30)
    pixels = images.train_images[images.train_labels == 3].astype(float) / 255
    assert values[3] == pytest.approx(pixels.std(axis=0).sum())
    # of resampled images the variance is smaller by (n - 1) / n on average
    assert drawn[:, 3].mean() == pytest.approx(values[3] * np.sqrt(59 / 60), rel=0.01)
    with pytest.raises(ValueError, match="class 0 has no image"):
        spreads(images.train_images[60:], images.train_labels[60:].astype(int), 2)


@pytest.mark.parametrize(("wide", "verdict"), [(30, "reproduced"), (10, "contradicted"), (20, "inconclusive")])
def test_the_class_that_varies_most_is_told(wide, verdict):
    finding, values, ends = variability_finding(
        declarations("maximisation")[9], made(np.random.default_rng(1), wide), 100
    )
    assert finding.verdict == verdict
    assert finding.effect.low <= finding.effect.value <= finding.effect.high
    assert ((ends[0] < values) & (values < ends[1])).all()
    assert Evidence("made up").findings == []


def test_readers_know_what_they_were_shown_and_not_noise():
    rng = np.random.default_rng(2)
    patterns = rng.integers(0, 256, (10, 28, 28, 1)).astype(np.uint8)
    labels = np.tile(np.arange(10), 8).astype(np.uint8)
    images = digits.Images(patterns[labels], labels, patterns[labels[:20]], labels[:20])
    readers = Readers(images, 80)
    assert readers.accuracy(images) == (1.0, 1.0)
    shown = np.tile(patterns[:, None, ..., 0] / 255.0, (2, 1, 3, 1, 1))
    assert readers.read(shown).all()
    wrong = shown[:, np.roll(np.arange(10), 1)]
    assert not readers.read(wrong).any()


def test_digits_are_laid_over_every_start_each_over_one():
    starts = np.random.default_rng(3).uniform(0, 0.5, (4, 28, 28))
    pictures = np.zeros((9, 28, 28))
    pictures[np.arange(9), 14, np.arange(9)] = 0.5 + 0.05 * np.arange(9)
    laid = laid_over(starts, pictures)
    assert laid.shape == (2, 4, 28, 28)  # two whole rounds of nine; the ninth is left out
    assert laid[1, 2, 14, 6] == pytest.approx(0.8)  # the seventh picture over the third start
    assert (laid >= starts).all()
    assert laid_over(starts, pictures[:2]).shape == (1, 4, 28, 28)
    assert len(laid_over(starts[:1], np.zeros((99, 28, 28)))) == EACH


class OfOneCorner:
    """Readers that know a 9 by one bright pixel, and take everything else for a 2."""

    def names(self, pictures):
        found = np.where(pictures[..., 0, 0] == 1, 9, 2)
        return np.stack([found, np.full_like(found, 2)])


def test_readers_that_do_not_know_a_digit_over_noise_are_no_witnesses():
    labels = np.tile(np.array([1, 9], np.uint8), 20)
    pictures = np.zeros((40, 28, 28, 1), np.uint8)
    pictures[labels == 9, 0, 0] = 255
    images, starts = digits.Images(pictures, labels, pictures, labels), np.full((5, 28, 28), 0.5)
    found = controls(OfOneCorner(), images, starts, (1, 9))
    assert found[1].laid.tolist() == [0] * 5
    assert found[9].laid.tolist() == [1] * 5
    assert (found[1].bare, found[9].bare) == (0, 0)
    assert unknown(found, 9) == ""
    assert unknown(found, 1, 9) == "of true 1s over the same noise the readers know 0.0 %"
    assert unknown({1: Control(np.array([0.5, 0.5]), 0.0)}, 1) == ""
    with pytest.raises(ValueError, match="no test image shows a 3"):
        controls(OfOneCorner(), images, starts, (3,))
