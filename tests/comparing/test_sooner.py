"""Who converges faster: the interval knows that all seeds are validated on the same few images."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from reprise.comparing.findings import sooner
from reprise.statistics import seeds_effect


def run(curves, correct, validation=100):
    """As much of a Run as is asked."""
    curves, correct = np.array(curves, float), np.array(correct, float)
    return SimpleNamespace(
        correct=correct,
        record={"examples": {"test": correct.shape[1], "validation": validation}},
        history=[{"epoch": np.arange(len(curve))} for curve in curves],
        speed=lambda epochs: curves[:, :epochs].mean(axis=1),
    )


def answers(seeds, images, shared, rng):
    """Right or wrong by seed and image; of some images all seeds think alike."""
    alike = rng.random(images) < 0.5
    return np.where(rng.random(images) < shared, alike, rng.random((seeds, images)) < 0.5)


def test_faster_is_the_mean_difference_over_epochs_and_seeds():
    rng = np.random.default_rng(0)
    same = answers(4, 500, 0.0, rng)
    fast = run([[0.5, 0.6], [0.5, 0.7], [0.6, 0.6], [0.5, 0.6]], same)
    slow = run([[0.1, 0.6], [0.2, 0.6], [0.1, 0.7], [0.2, 0.5]], same)
    effect = sooner(fast, slow)
    assert effect.value == pytest.approx(np.mean([0.2, 0.2, 0.2, 0.2]))
    assert effect.seeds == 4


def test_images_on_which_all_seeds_agree_widen_it_however_many_seeds_there_are():
    rng = np.random.default_rng(1)
    curves = rng.normal(0.5, 0.01, (40, 3))
    one, other = (run(curves + shift, answers(40, 400, 0.9, rng)) for shift in (0.1, 0.0))
    found = sooner(one, other)
    alone = seeds_effect(np.full(40, 0.1), "accuracy")
    assert found.high - found.low > 0.1
    assert alone.high - alone.low == pytest.approx(0, abs=1e-9)


def test_fewer_validation_images_say_less():
    rng = np.random.default_rng(2)
    curves, right = rng.normal(0.5, 0.01, (8, 3)), [answers(8, 400, 0.9, rng) for _ in range(2)]
    widths = []
    for validation in (400, 100):
        effect = sooner(run(curves, right[0], validation), run(curves[::-1], right[1], validation))
        widths.append(effect.examples_error)
    assert widths[1] == pytest.approx(2 * widths[0])
