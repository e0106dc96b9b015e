"""The prepared frames come back as they were; splits keep subjects whole."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprise.data import ultrasound
from reprise.data.ultrasound import (
    TEST,
    TRAIN,
    VALIDATION,
    DataError,
    Frames,
    load,
    prepare,
    resize,
    split_by_image,
    split_by_subject,
)

SHAPE = (42, 58)


def test_what_is_prepared_is_loaded_again(tmp_path):
    frames = ultrasound.generate(3, 5, 1, (42, 59))  # 59: the last byte of packed masks is not full
    prepare(frames, tmp_path / "x.npz", 16)
    loaded = load(tmp_path / "x.npz")
    for name in Frames.__annotations__:
        expected = frames.images if name == "images" else getattr(frames, name)
        found = loaded.frames if name == "images" else getattr(loaded, name)
        np.testing.assert_array_equal(found, expected)
        assert found.dtype == expected.dtype
    assert load(tmp_path / "x.npz").size == (42, 59)
    assert loaded.images.shape == loaded.targets.shape == (15, 16, 16)
    assert loaded.images.dtype == loaded.targets.dtype == np.uint8
    np.testing.assert_array_equal(loaded.nonempty, frames.masks.any((1, 2)))
    with pytest.raises(AttributeError, match="absent"):
        _ = loaded.absent
    with pytest.raises(FileNotFoundError, match="dvc repro"):
        load(tmp_path / "y.npz")


def test_resizing_by_a_whole_factor_keeps_the_mean_and_the_place():
    images = np.zeros((1, 64, 96), np.uint8)
    images[0, :, 48:] = 200
    small = resize(images, 32)[0]
    assert abs(float(small.mean()) - 100) < 0.5
    assert (small[:, :15] == 0).all()
    assert (small[:, 17:] == 200).all()
    np.testing.assert_array_equal(resize(images[:, :32, :32], 32), images[:, :32, :32])


@pytest.mark.parametrize(("subjects", "frames", "size"), [(0, 5, SHAPE), (5, 0, SHAPE), (5, 5, (39, 58))])
def test_nothing_to_generate_is_an_error(subjects, frames, size):
    with pytest.raises(ValueError, match="are needed"):
        ultrasound.generate(subjects, frames, 0, size)


sizes_of_subjects = st.lists(st.integers(1, 60), min_size=3, max_size=12)


@given(sizes_of_subjects, st.integers(0, 1000))
def test_no_subject_is_on_two_sides_and_no_side_is_empty(sizes, seed):
    subject = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)) * 7 + 3, sizes))
    part = split_by_subject(subject, seed)
    assert part.shape == subject.shape
    assert set(part.tolist()) == {TRAIN, VALIDATION, TEST}
    assert all(len(set(part[subject == who].tolist())) == 1 for who in np.unique(subject))
    np.testing.assert_array_equal(part, split_by_subject(subject, seed))


@given(st.integers(0, 10_000))
def test_a_subject_that_holds_most_frames_stays_in_training(seed):
    subject = np.repeat(np.arange(8), [51, 19, 1, 1, 1, 1, 1, 1])  # the real frames at hand
    part = split_by_subject(subject, seed)
    assert (part[subject == 0] == TRAIN).all()
    assert set(part.tolist()) == {TRAIN, VALIDATION, TEST}
    assert len(np.unique(subject[part == TEST])) >= 2  # one subject has no interval over subjects


@given(st.integers(0, 10_000))
def test_the_shares_of_many_equal_subjects_are_as_asked(seed):
    part = split_by_subject(np.repeat(np.arange(47), 120), seed)
    assert np.mean(part == TEST) == pytest.approx(0.2, abs=1 / 47)
    assert np.mean(part == VALIDATION) == pytest.approx(0.15, abs=1 / 47)


def test_another_seed_tests_other_subjects():
    subject = np.repeat(np.arange(47), 3)
    assert len({split_by_subject(subject, seed).tobytes() for seed in range(5)}) == 5


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_than_three_subjects_cannot_be_split(count):
    with pytest.raises(DataError, match="at least 3"):
        split_by_subject(np.repeat(np.arange(count), 9), 0)


@given(st.integers(20, 300), st.floats(0.1, 0.9), st.integers(0, 1000))
def test_the_split_by_image_has_its_shares_among_empty_and_filled_masks_alike(n, share, seed):
    nonempty = np.random.default_rng(seed).random(n) < share
    part = split_by_image(nonempty, seed)
    for value in (False, True):
        those = part[nonempty == value]
        assert np.sum(those == TEST) == round(0.2 * len(those))
        assert np.sum(those == VALIDATION) == round(0.15 * len(those))
    np.testing.assert_array_equal(part, split_by_image(nonempty, seed))


def test_the_split_by_image_puts_a_subject_on_both_sides():
    subject = np.repeat(np.arange(5), 40)
    part = split_by_image(np.arange(200) % 2 == 0, 0)
    assert all({TRAIN, TEST} <= set(part[subject == who].tolist()) for who in range(5))
