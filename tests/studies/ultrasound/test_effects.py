"""Intervals over seeds and subjects cover what they should; a whole set is counted, a part is drawn."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.statistics import proportion, seeds_effect
from reprise.studies.ultrasound import effects
from reprise.studies.ultrasound.effects import crossed_effect, of_the_set, over_subjects, part_of_the_set
from reprise.studies.ultrasound.folds import TEST, parts


def trained(rng, subjects, seeds, of_seed, of_subject):
    """Differences around 0 of networks that test five folds of the subjects in turn, three frames of each."""
    who = np.repeat(np.arange(subjects), 3)
    between = rng.normal(0, of_subject, subjects)
    rows = [[], [], []]
    for seed in range(seeds):
        frames = who[parts(who, seed, 0, 5) == TEST]
        values = rng.normal(0, of_seed) + between[frames] + rng.normal(0, 0.2, len(frames))
        for row, more in zip(rows, (values, np.full(len(frames), seed), frames), strict=True):
            row.append(more)
    return [np.concatenate(row) for row in rows]


@pytest.mark.parametrize(("subjects", "seeds"), [(16, 2), (16, 5), (47, 5), (47, 10)])
@pytest.mark.parametrize(("of_seed", "of_subject"), [(0.05, 0.15), (0.0, 0.15), (0.08, 0.02)])
def test_the_interval_covers_nothing_where_there_is_nothing(subjects, seeds, of_seed, of_subject):
    rng = np.random.default_rng([subjects, seeds])
    found = [crossed_effect(*trained(rng, subjects, seeds, of_seed, of_subject)) for _ in range(400)]
    covered = np.mean([effect.low <= 0 <= effect.high for effect in found])
    assert covered > 0.925  # .95 less what 400 draws miss it by


def test_seeds_alone_would_cover_too_rarely_where_rounds_test_the_same_subjects():
    rng, covered = np.random.default_rng(5), []
    for _ in range(300):
        values, seed, _ = trained(rng, 47, 15, 0.0, 0.15)
        effect = seeds_effect(np.bincount(seed, values) / np.bincount(seed))
        covered.append(effect.low <= 0 <= effect.high)
    assert np.mean(covered) < 0.9


def test_seeds_with_subjects_of_their_own_have_students_interval_of_their_means():
    seed, subject = np.repeat(np.arange(4), 6), np.repeat(np.arange(8), 3)
    values = np.random.default_rng(0).normal(0, 0.01, 24) + np.array([0.3, -0.2, 0.9, 0.1])[seed]
    found, expected = crossed_effect(values, seed, subject), seeds_effect(values.reshape(4, 6).mean(axis=1))
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert (found.n, found.seeds, found.seed_spread) == (8, 4, pytest.approx(expected.seed_spread))


def test_seeds_that_agree_by_luck_do_not_hide_how_subjects_differ():
    seed, subject = np.repeat([0, 1], 20), np.arange(40)
    values = np.tile(np.repeat([-1.0, 1.0], 10), 2)  # both seeds' means are 0
    effect = crossed_effect(values, seed, subject)
    assert effect.seed_spread == 0
    assert effect.high > 0.3


def test_one_of_either_leaves_the_other_and_one_of_both_leaves_nothing():
    values = np.array([0.1, 0.3, 0.2, 0.6])
    same, each = np.zeros(4, int), np.arange(4)
    assert crossed_effect(values, same, each).high == pytest.approx(seeds_effect(values).high)
    assert crossed_effect(values, each, same).high == pytest.approx(seeds_effect(values).high)
    nothing = crossed_effect(values, same, same, possible=(-1, 1))
    assert (nothing.low, nothing.high) == (-1, 1)


def test_a_stricter_level_and_more_comparisons_widen_and_what_is_possible_bounds():
    rng = np.random.default_rng(1)
    rows = trained(rng, 16, 5, 0.05, 0.1)
    plain, strict = crossed_effect(*rows), crossed_effect(*rows, level=0.01, together=3)
    assert strict.strict_low < strict.low < plain.low
    low, high = plain.value - 1e-3, plain.value + 1e-3
    cut = crossed_effect(*rows, possible=(low, high))
    assert (cut.low, cut.high) == (low, high)
    with pytest.raises(ValueError, match=r"declared to lie between -0\.001 and 0\.001"):
        crossed_effect(*rows, possible=(-1e-3, 1e-3))


@pytest.mark.parametrize("values", [[], [0.1, np.nan]])
def test_nothing_and_nan_are_no_measurement(values):
    with pytest.raises(ValueError, match="nothing to measure"):
        crossed_effect(np.array(values), np.arange(len(values)), np.arange(len(values)))


def test_a_whole_set_is_counted_and_a_part_resampled_by_subjects(monkeypatch):
    values, subject = np.array([1.0, 1, 1, 1, 0, 1]), np.array([0, 0, 0, 0, 1, 2])
    part = of_the_set(values, subject, "share")
    assert (part.value, part.n) == (5 / 6, 3)
    assert 0 <= part.low < 5 / 6 < part.high <= 1
    assert "not drawn by chance" in part_of_the_set(6)
    monkeypatch.setattr(effects, "WHOLE_SET", 6)
    whole = of_the_set(values, subject, "share")
    assert (whole.low, whole.value, whole.high) == (5 / 6, 5 / 6, 5 / 6)
    assert part_of_the_set(6) == ""


def test_every_subject_counts_alike_and_none_at_an_end_is_certain():
    values, subject = np.array([1.0, 1, 1, 1, 0, 1]), np.array([0, 0, 0, 0, 1, 2])
    effect = over_subjects(values, subject, "share")
    assert (effect.value, effect.n) == (pytest.approx(2 / 3), 3)
    for value in (0.0, 1.0):
        end = over_subjects(np.full(24, value), np.repeat(np.arange(8), 3), "share")
        assert end == proportion(int(8 * value), 8, "share")
        assert end.high - end.low > 0.3
    inside = over_subjects(np.full(4, 0.5), np.arange(4), "share")
    assert (inside.low, inside.high) == (0.5, 0.5)
