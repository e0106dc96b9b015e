"""Subjects stay whole, every seed tests others, a round of seeds tests all, and all seeds' arrays have one size."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprise.data.frames import DataError
from reprise.data.ultrasound import load
from reprise.studies.ultrasound.folds import TEST, TRAIN, VALIDATION, distinct, parts, repeated, sizes
from reprise.studies.ultrasound.train import data
from reprise.training import check_alike

sizes_of_subjects = st.lists(st.integers(1, 60), min_size=3, max_size=12)
HELD = np.repeat(np.arange(8), [51, 19, 1, 1, 1, 1, 1, 1])  # subjects of some real frames: unequal, and few


def shuffled(counts, seed):
    return np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)) * 7 + 3, counts))


@given(sizes_of_subjects, st.integers(0, 1000))
def test_no_subject_is_on_two_sides_and_no_side_is_empty(counts, seed):
    subject = shuffled(counts, seed)
    part = parts(subject, seed, 0, 5)
    assert part.shape == subject.shape
    assert set(part.tolist()) == {TRAIN, VALIDATION, TEST}
    assert all(len(set(part[subject == who].tolist())) == 1 for who in np.unique(subject))
    np.testing.assert_array_equal(part, parts(subject, seed, 0, 5))


@given(sizes_of_subjects, st.integers(0, 9), st.integers(3, 6))
def test_a_round_of_seeds_tests_every_subject_once(counts, turn, folds):
    subject = shuffled(counts, turn)
    seeds = min(folds, len(counts))
    tested = [parts(subject, turn * seeds + k, 4, folds) == TEST for k in range(seeds)]
    np.testing.assert_array_equal(np.sum(tested, axis=0), 1)


@given(sizes_of_subjects, st.integers(0, 500), st.integers(0, 9))
def test_the_sizes_are_those_of_every_seed_and_round(counts, seed, split_seed):
    subject = shuffled(counts, 1)
    tested, trained = sizes(subject, 5)
    period = min(5, len(counts))
    of_seed = [
        [int((parts(subject, s, split_seed, 5) == side).sum()) for side in range(3)] for s in (seed, seed % period)
    ]
    assert of_seed[0] == of_seed[1]
    assert max(of_seed[0][TEST], of_seed[0][VALIDATION]) <= tested
    assert of_seed[0][TRAIN] <= trained


def test_another_round_or_split_seed_tests_other_subjects():
    subject = np.repeat(np.arange(47), 3)
    assert len({(parts(subject, 5 * turn, 0, 5) == TEST).tobytes() for turn in range(5)}) == 5
    assert (parts(subject, 0, 0, 5) != parts(subject, 0, 1, 5)).any()


def test_of_many_equal_subjects_a_fifth_is_tested_and_a_fifth_validates():
    part = parts(np.repeat(np.arange(47), 120), 3, 0, 5)
    for side in (TEST, VALIDATION):
        assert np.mean(part == side) == pytest.approx(0.2, abs=1 / 47)


def test_a_subject_that_holds_most_frames_is_trained_on_wherever_it_is_not_tested():
    for seed in range(20):
        part = parts(HELD, seed, 0, 5)
        assert set(part[HELD == 0].tolist()) == {TEST if seed % 5 == 0 else TRAIN}


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_than_three_subjects_cannot_be_split(count):
    with pytest.raises(DataError, match="at least 3"):
        parts(np.repeat(np.arange(count), 9), 0, 0, 5)


@given(st.integers(1, 40), st.integers(1, 200), st.integers(0, 9))
def test_repeats_are_even_and_distinct_takes_them_out_again(count, length, seed):
    index = np.sort(np.random.default_rng(seed).choice(1000, count, replace=False))
    found = repeated(index, length, np.random.default_rng(seed))
    often = Counter(found.tolist())
    assert len(found) == length
    assert {often.get(i, 0) for i in index.tolist()} <= {length // count, length // count + 1}
    whole = np.resize(index, max(length, count))
    np.testing.assert_array_equal(whole[distinct(whole)], index)


def test_nothing_cannot_be_repeated():
    with pytest.raises(ValueError, match="clean: none"):
        repeated(np.zeros(0, int), 5, np.random.default_rng(0))


def test_cleaning_takes_frames_away_and_no_step(either):
    workspace, _ = either
    config = workspace.config
    every = [data(workspace, config.variants[name], seed) for name in config.variants for seed in range(7)]
    check_alike(every)
    raw, cleaned = (set(every[start].train["index"].tolist()) for start in (0, 7))
    assert cleaned < raw
    steps = config.base.steps * config.base.batch_size
    subject = load(workspace.prepared("ultrasound")).subject
    assert {len(each.train["index"]) for each in every} == {max(steps, sizes(subject, config.folds)[1])}


def test_every_variant_is_tested_on_the_same_subjects_and_none_of_them_is_trained_on(either):
    workspace, _ = either
    for seed in range(7):
        every = [data(workspace, settings, seed) for settings in workspace.config.variants.values()]
        tested = {tuple(each.test["index"].tolist()) for each in every}
        assert len(tested) == 1
        assert not any(set(each.train["index"].tolist()) & set(each.test["index"].tolist()) for each in every)
