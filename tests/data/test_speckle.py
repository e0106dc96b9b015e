"""Generated sweeps hold what they promise: speckle that is Rayleigh, planted near-duplicates, contradictory labels."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.stats import rayleigh
from sklearn.metrics import roc_auc_score

from reprise.data import speckle
from reprise.data.ultrasound import Frames, generate

SIZE = (84, 116)
SUBJECTS, FRAMES = 16, 36


@pytest.fixture(scope="module")
def frames() -> Frames:
    return generate(SUBJECTS, FRAMES, 0, SIZE)


def contradictory(frames: Frames) -> np.ndarray:
    """(n,) bool: the frame's group holds an empty and a filled label."""
    nonempty = frames.masks.any((1, 2))
    filled = np.bincount(frames.duplicate_group, nonempty)
    return ((filled > 0) & (filled < np.bincount(frames.duplicate_group)))[frames.duplicate_group]


def test_shapes_types_and_names(frames):
    n = SUBJECTS * FRAMES
    assert frames.images.shape == frames.masks.shape == frames.true_masks.shape == (n, *SIZE)
    assert (frames.images.dtype, frames.masks.dtype) == (np.uint8, bool)
    assert len(set(frames.names.tolist())) == n
    assert frames.names[FRAMES] == "2_1"
    assert np.bincount(frames.subject)[1:].tolist() == [FRAMES] * SUBJECTS


def test_a_subject_does_not_depend_on_how_many_there_are(frames):
    few = generate(3, FRAMES, 0, SIZE)
    for name in Frames.__annotations__:
        np.testing.assert_array_equal(getattr(few, name), getattr(frames, name)[: 3 * FRAMES])


def test_subjects_and_seeds_differ(frames):
    other = generate(1, FRAMES, 1, SIZE)
    assert not np.array_equal(other.images, frames.images[:FRAMES])
    assert not np.array_equal(frames.images[:FRAMES], frames.images[FRAMES : 2 * FRAMES])
    assert len(np.unique(frames.images.reshape(len(frames.images), -1), axis=0)) == len(frames.images)


@pytest.mark.parametrize("seed", [0, 7])
def test_about_half_the_labels_are_empty_and_two_fifths_contradict(frames, seed):
    data = frames if seed == 0 else generate(SUBJECTS, FRAMES, seed, SIZE)
    assert 0.4 < np.mean(~data.masks.any((1, 2))) < 0.6
    assert 0.3 < contradictory(data).mean() < 0.5


def test_labels_are_flipped_only_where_the_nerve_is_and_where_the_group_keeps_one(frames):
    present = frames.true_masks.any((1, 2))
    assert frames.flipped.any()
    assert present[frames.flipped].all()
    for group in np.unique(frames.duplicate_group[frames.flipped]):
        members = frames.duplicate_group == group
        assert members.sum() > 1
        assert (present & ~frames.flipped)[members].any()


def test_a_label_is_the_truth_or_empty(frames):
    np.testing.assert_array_equal(frames.masks[~frames.flipped], frames.true_masks[~frames.flipped])
    assert not frames.masks[frames.flipped].any()


def test_groups_lie_within_a_subject_and_begin_with_their_original(frames):
    for group in np.unique(frames.duplicate_group):
        members = np.flatnonzero(frames.duplicate_group == group)
        assert len(set(frames.subject[members].tolist())) == 1
        assert frames.duplicate_of[members[0]] == -1
        assert (frames.duplicate_of[members[1:]] == members[0]).all()


def test_frames_of_one_group_are_nearer_to_each_other_than_to_the_rest(frames):
    blurred = gaussian_filter(frames.images.astype(np.float32), (0, 3, 3))
    scores, same, medians = [], [], []
    for who in range(1, SUBJECTS + 1):
        index = np.flatnonzero(frames.subject == who)
        correlation = np.corrcoef((blurred[index] - blurred[index].mean(axis=0)).reshape(FRAMES, -1))
        upper = np.triu_indices(FRAMES, 1)
        group = frames.duplicate_group[index]
        scores.append(correlation[upper])
        same.append(group[upper[0]] == group[upper[1]])
        medians.append(np.median(scores[-1][same[-1]]) - np.median(scores[-1][~same[-1]]))
    assert roc_auc_score(np.concatenate(same), np.concatenate(scores)) > 0.95
    assert min(medians) > 0.2


def test_the_masks_lie_in_the_frame_and_are_of_a_plausible_size(frames):
    share = frames.true_masks.mean(axis=(1, 2))
    share = share[share > 0]
    assert 0.01 < np.median(share) < 0.1
    assert share.max() < 0.15


def field(seed: int = 0, size=(300, 400)) -> np.ndarray:
    return speckle.Tissue(np.random.default_rng(seed), size)._speckle()


def test_amplitudes_of_speckle_are_rayleigh():
    amplitude = np.concatenate([np.abs(field(seed)).ravel()[::17] for seed in range(4)])
    expected = rayleigh(scale=np.sqrt(0.5))
    quantiles = np.linspace(0.05, 0.99, 40)
    np.testing.assert_allclose(np.quantile(amplitude, quantiles), expected.ppf(quantiles), rtol=0.05)
    assert amplitude.mean() / amplitude.std() == pytest.approx(expected.mean() / expected.std(), rel=0.03)  # 1.91


def test_speckle_stays_rayleigh_as_the_probe_moves_and_changes_on_the_way():
    tissue = speckle.Tissue(np.random.default_rng(3), (300, 400))
    here, near, far, again = (np.abs(speckle._turn(tissue.speckle_fields, z)) for z in (4.0, 4.01, 9.0, 4.0))
    for amplitude in (here, far):
        assert amplitude.mean() / amplitude.std() == pytest.approx(1.913, rel=0.05)

    def correlation(a, b):
        return np.corrcoef(a.ravel(), b.ravel())[0, 1]

    np.testing.assert_array_equal(here, again)
    assert correlation(here, near) > 0.95
    assert correlation(here, far) < 0.8


def test_neighbouring_pixels_are_correlated_further_across_than_down():
    amplitude = np.abs(field())
    amplitude = amplitude - amplitude.mean()

    def correlation(down, across):
        height, width = amplitude.shape
        a, b = amplitude[: height - down, : width - across], amplitude[down:, across:]
        return (a * b).mean() / amplitude.var()

    assert correlation(0, 1) > 0.85
    assert correlation(1, 0) > 0.5
    assert correlation(0, 3) > correlation(3, 0) + 0.2
    assert abs(correlation(15, 0)) < 0.1
    assert abs(correlation(0, 30)) < 0.1
