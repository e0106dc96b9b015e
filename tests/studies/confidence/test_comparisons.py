"""Intervals of differences come from images drawn again jointly, and what all networks share cancels."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.calibration.report import METHODS as METHODS_OF
from reprise.metrics.calibration import error_rate, expected_calibration_error
from reprise.studies.confidence.chance import REPLICATES, noise_floor
from reprise.studies.confidence.comparisons import compared
from reprise.studies.confidence.logits import softmax_of
from reprise.studies.confidence.methods import method_findings
from reprise.studies.confidence.published import METHODS


def tables_of(s, method, seed):
    return METHODS_OF[method]().fit(s.validation[seed], s.validation_labels).transform(s.logits[seed])


def test_test_images_are_drawn_again_jointly_for_the_interval_of_an_error(pair):
    one, other = pair
    found = compared([(one, "vector"), (other, "vector")], [(one, "matrix"), (other, "matrix")])
    rng, n, seeds, replicates = np.random.default_rng(5), len(one.labels), len(one.logits), []
    tables = {(s, m): [tables_of(s, m, seed) for seed in range(seeds)] for s in pair for m in ("vector", "matrix")}
    for _ in range(300):
        rows = rng.integers(0, n, n)
        ece = {
            key: np.mean([expected_calibration_error(p[rows], key[0].labels[rows]) for p in each])
            for key, each in tables.items()
        }
        replicates.append(np.mean([ece[s, "vector"] - ece[s, "matrix"] for s in pair]))
    assert found.examples_half == pytest.approx(1.96 * np.std(replicates), rel=0.15)
    ends = [np.mean([s.measures[m]["ece"] for s in pair]) for m in ("vector", "matrix")]
    assert found.value == pytest.approx(ends[0] - ends[1])
    over_seeds = 4.303 * found.seed_spread / np.sqrt(seeds)
    assert found.high - found.value == pytest.approx(np.hypot(over_seeds, found.examples_half), rel=1e-3)


def test_samples_of_the_images_centre_on_the_error_and_the_likelihood(pair):
    for method in METHODS:
        for measure in ("error", "nll"):
            drawn, measured = pair[0].resampled[method][measure], pair[0].measures[method][measure]
            assert drawn.mean(axis=1) == pytest.approx(measured, abs=4 * drawn.std() / np.sqrt(REPLICATES))
    p = softmax_of(pair[0].logits)[0]
    assert pair[0].measures["uncalibrated"]["error"][0] == error_rate(p, pair[0].labels)


def test_the_noise_floor_is_the_error_of_simulated_answers():
    rng = np.random.default_rng(3)
    confidence = rng.uniform(0.3, 1, 400)
    p = np.column_stack([confidence, *[(1 - confidence) / 9] * 9])
    simulated = [
        expected_calibration_error(p, np.where(rng.random(400) < confidence, 0, 1), check=False) for _ in range(1000)
    ]
    assert noise_floor(confidence) == pytest.approx(np.mean(simulated), rel=0.08)
    assert noise_floor(np.ones(400)) == 0
    assert noise_floor(np.tile(confidence, 100)) < 0.2 * noise_floor(confidence)


def test_what_all_networks_share_cancels(pair):
    same = compared([(pair[0], "vector")], [(pair[0], "vector")])
    assert (same.low, same.high) == (0, 0)


def test_comparisons_that_judge_one_claim_have_wider_intervals(pair):
    sides = [(pair[0], "temperature")], [(pair[0], "histogram")]
    alone, five = compared(*sides), compared(*sides, together=5)
    assert five.high - five.low > 1.3 * (alone.high - alone.low)
    found = method_findings({"resnet": pair[0]}, pair[0])
    judged = next(f for f in found if f.measures.startswith("ECE, temperature minus histogram"))
    assert (judged.effect.low, judged.effect.high) == (five.low, five.high)
