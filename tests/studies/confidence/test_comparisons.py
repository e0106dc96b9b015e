"""Intervals of differences come from images drawn again jointly, and what all networks share cancels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reprise.calibration.report import METHODS as METHODS_OF
from reprise.evaluation import declarations
from reprise.metrics.calibration import error_rate, expected_calibration_error
from reprise.studies.confidence.chance import REPLICATES, noise_floor
from reprise.studies.confidence.comparisons import above_chance, compared, fewest
from reprise.studies.confidence.logits import softmax_of
from reprise.studies.confidence.methods import method_findings
from reprise.studies.confidence.published import METHODS


def first_seeds(s, count):
    """The same network with fewer seeds."""

    def cut(found):
        return {m: {key: value[:count] for key, value in each.items()} for m, each in found.items()}

    return replace(s, logits=s.logits[:count], measures=cut(s.measures), resampled=cut(s.resampled))


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
    lasting = found.examples_error
    assert lasting < 1.2 * np.std(replicates)
    ends = [np.mean([s.measures[m]["ece"] for s in pair]) for m in ("vector", "matrix")]
    assert found.value == pytest.approx(ends[0] - ends[1])
    over_seeds = 4.303 * found.seed_spread / np.sqrt(seeds)
    over_images = np.sqrt((found.high - found.value) ** 2 - over_seeds**2)
    assert over_images == pytest.approx(1.96 * lasting, rel=0.02)  # the rest is in the seeds' spread


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


def test_of_several_comparisons_the_strict_interval_is_wider(pair):
    sides = [(pair[0], "temperature")], [(pair[0], "histogram")]
    alone, six = compared(*sides), compared(*sides, together=6)
    assert (six.low, six.high) == (alone.low, alone.high) == (alone.strict_low, alone.strict_high)
    assert six.strict_high - six.strict_low > 1.3 * (alone.high - alone.low)
    found = [f for f in method_findings(declarations("confidence")[41], {"resnet": pair[0]}, pair[0]) if f.claim == 41]
    rivals = [f.effect for f in found if f.kind == "primary"]
    assert len(rivals) == 5
    assert {effect.together for effect in rivals} == {5}
    assert {f.effect.together for f in found if f.kind != "primary"} == {1}


def test_an_earlier_look_has_a_wider_interval(pair):
    sides = [(pair[0], "temperature")], [(pair[0], "histogram")]
    for width in (lambda **more: compared(*sides, **more), lambda **more: above_chance(pair, **more)):
        early, last = width(level=declarations("confidence")[34].level(4)), width()
        assert early.high - early.low > 1.2 * (last.high - last.low)


def test_networks_of_more_seeds_are_compared_as_far_as_both_go(pair):
    fewer = first_seeds(pair[0], 2)
    for one, other in ((fewer, pair[1]), (pair[1], fewer)):
        found = compared([(one, "vector")], [(other, "matrix")])
        whole = [s.measures[m]["ece"][:2].mean() for s, m in ((one, "vector"), (other, "matrix"))]
        assert (found.seeds, found.value) == (2, pytest.approx(whole[0] - whole[1]))
    assert above_chance([fewer, pair[1]]).seeds == fewest([fewer, pair[1]]) == 2


def test_the_error_above_chance_of_calibrated_answers_is_none():
    rng = np.random.default_rng(7)
    logits = 2 * rng.standard_normal((30, 2000, 3))
    p = softmax_of(logits)
    right = (rng.random((30, 2000, 1)) > p.cumsum(axis=2)).sum(axis=2).clip(0, 2)
    ece = [expected_calibration_error(each, labels) for each, labels in zip(p, right, strict=True)]
    chance = [noise_floor(each.max(axis=1)) for each in p]
    assert abs(np.mean(ece) - np.mean(chance)) < 3 * np.std(ece) / np.sqrt(30)
