"""The hashes against np.histogram, the pair search against scipy's pdist, the cleaning rules against their wording."""

from __future__ import annotations

import tracemalloc
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist
from skimage.util import view_as_blocks
from sklearn.metrics import precision_recall_curve

from reprise.data import near_search_numpy, subspace
from reprise.data.duplicates import (
    HASHES,
    block_histograms,
    contradictory_pairs,
    dropped,
    near_duplicates,
    pair_dice,
    precision_recall,
    robust_descriptors,
    strip_histograms,
    truth_pairs,
)
from reprise.data.ultrasound import generate


def by_the_text(images: np.ndarray, block: int, bins: int) -> np.ndarray:
    """One np.histogram a block."""
    edges = np.linspace(0, 1, bins + 1)
    return np.array(
        [
            np.concatenate([np.histogram(b, edges)[0] for row in view_as_blocks(image, (block, block)) for b in row])
            for image in images
        ]
    )


def by_the_code(images: np.ndarray, block: int = 20) -> np.ndarray:
    """What iterating over view_as_blocks does: one np.histogram a row of blocks."""
    edges = np.linspace(0, 1, 10)
    return np.array(
        [
            np.concatenate([np.histogram(row, bins=edges)[0] for row in view_as_blocks(image, (block, block))])
            for image in images
        ]
    )


def by_pdist(features: np.ndarray, threshold: float, groups: np.ndarray | None = None):
    """The whole table of distances, then a comparison."""
    n = len(features)
    distances = pdist(np.asarray(features, np.float64), "cosine") if n > 1 else np.empty(0)
    i, j = np.triu_indices(n, 1)
    near = distances < threshold  # False for NaN
    if groups is not None:
        near &= groups[i] == groups[j]
    return np.stack([i[near], j[near]], axis=1), distances[near]


def assert_same(found, expected) -> None:
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_allclose(found[1], expected[1], rtol=0, atol=1e-14)


class TestHashes:
    def test_sizes_at_the_sources_resolution(self):
        frame = np.random.default_rng(0).integers(0, 256, (1, 420, 580), dtype=np.uint8)
        assert block_histograms(frame).shape == (1, 5481)
        assert strip_histograms(frame).shape == (1, 189)
        assert block_histograms(frame).sum() == strip_histograms(frame).sum() == 420 * 580

    @pytest.mark.parametrize("dtype", [np.uint8, np.float16, np.float32, np.float64])
    @pytest.mark.parametrize(("block", "bins"), [(20, 9), (5, 4), (1, 1), (4, 300)])
    def test_blocks_equal_numpys_histograms(self, dtype, block, bins):
        rng = np.random.default_rng(1)
        images = rng.integers(0, 256, (3, 40, 60), dtype=np.uint8)
        images = images if dtype == np.uint8 else (images / 255).astype(dtype)
        scaled = images / 255 if dtype == np.uint8 else images
        np.testing.assert_array_equal(block_histograms(images, block, bins), by_the_text(scaled, block, bins))

    def test_every_edge_falls_into_the_bin_that_numpy_chooses(self):
        edges = np.linspace(0, 1, 10)
        values = [*edges, *np.nextafter(edges, -9), *np.nextafter(edges, 9), -1e300, 1e300, np.inf, -np.inf, np.nan]
        for dtype in (np.float64, np.float32):
            with np.errstate(over="ignore"):
                image = np.array(values, dtype).reshape(1, 1, -1).repeat(len(values), axis=1)
            np.testing.assert_array_equal(
                block_histograms(image, len(values)), by_the_text(image, len(values), 9), err_msg=str(dtype)
            )

    @settings(max_examples=40, deadline=None)
    @given(st.data())
    def test_any_floats(self, data):
        values = st.floats(-0.5, 1.5, width=32) | st.sampled_from([k / 9 for k in range(10)])
        flat = data.draw(st.lists(values, min_size=16, max_size=16))
        image = np.array(flat).reshape(1, 4, 4)
        np.testing.assert_array_equal(block_histograms(image, 2), by_the_text(image, 2, 9))

    def test_bytes_give_the_same_bits_as_their_floats(self):
        every = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
        for bins in (1, 3, 9, 10, 64, 255):
            edges = np.linspace(0, 1, bins + 1)
            np.testing.assert_array_equal(
                block_histograms(every, 16, bins)[0], np.histogram(every / 255, edges)[0], err_msg=str(bins)
            )

    def test_threads_and_slices_change_nothing(self):
        images = np.random.default_rng(2).integers(0, 256, (67, 84, 120), dtype=np.uint8)[::-1, ::2, ::2][:, :40, :60]
        one = block_histograms(np.ascontiguousarray(images), threads=1)
        np.testing.assert_array_equal(block_histograms(images, threads=3), one)

    def test_strips_are_what_the_sources_loop_did(self):
        images = np.random.default_rng(3).random((2, 60, 80))
        np.testing.assert_array_equal(strip_histograms(images), by_the_code(images))

    def test_the_uint8_slip_counts_only_pixels_equal_to_0_or_1(self):
        images = np.random.default_rng(4).integers(0, 6, (2, 40, 60), dtype=np.uint8)
        slip = strip_histograms(images, unscaled=True)
        np.testing.assert_array_equal(slip, by_the_code(images))
        histograms = slip.reshape(2, 2, 9)
        strips = images.reshape(2, 2, -1)
        np.testing.assert_array_equal(histograms[..., 0], (strips == 0).sum(axis=2))
        np.testing.assert_array_equal(histograms[..., 8], (strips == 1).sum(axis=2))
        assert not histograms[..., 1:8].any()

    def test_the_uint8_slip_cannot_see_two_equal_bright_frames(self):
        frame = np.random.default_rng(5).integers(2, 256, (1, 40, 60), dtype=np.uint8)
        twins = np.concatenate([frame, frame])
        assert len(near_duplicates(strip_histograms(twins, unscaled=True))[0]) == 0
        assert len(near_duplicates(strip_histograms(twins))[0]) == 1

    @pytest.mark.parametrize("hashed", [block_histograms, strip_histograms])
    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
    def test_floats_of_0_to_255_are_told_so(self, hashed, dtype):
        images = np.random.default_rng(8).integers(0, 256, (40, 40, 60)).astype(dtype)
        with pytest.warns(UserWarning, match="divide by 255") as caught:
            hashed(images)
        assert caught[0].filename == __file__
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            hashed(images / 255)
            hashed(images / 128)  # speckle may go beyond 1
            hashed(images.astype(np.uint8))

    def test_no_images(self):
        assert block_histograms(np.empty((0, 40, 60))).shape == (0, 54)

    @pytest.mark.parametrize(
        ("images", "found"),
        [
            (np.zeros((40, 60)), r"shape \(40, 60\)"),
            (np.zeros((1, 40, 60), np.int64), "int64"),
            (np.zeros((1, 40, 50)), "40 x 50"),
            (np.zeros((1, 0, 20)), "0 x 20"),
        ],
    )
    def test_bad_input_is_named(self, images, found):
        with pytest.raises(ValueError, match=found):
            block_histograms(images)

    def test_robust_ignores_gain_and_offset_and_survives_what_breaks_blocks(self):
        rng = np.random.default_rng(6)
        frame = np.kron(rng.random((21, 29)), np.ones((20, 20))) * 0.5
        changed = frame * 0.8 + 0.15 + rng.normal(0, 0.1, frame.shape)  # gain, offset, fresh noise
        pair = np.stack([frame, changed])
        assert pdist(robust_descriptors(pair), "cosine")[0] < HASHES["robust"].threshold
        assert pdist(block_histograms(pair.clip(0, 1)), "cosine")[0] > HASHES["blocks"].threshold

    @pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
    def test_robust_takes_any_size_and_type_and_bytes_as_their_floats(self, dtype):
        rng = np.random.default_rng(0)
        for h, w in ((420, 580), (97, 33), (8, 9), (300, 8)):
            images = rng.integers(0, 256, (2, h, w), dtype=np.uint8)
            given = images if dtype == np.uint8 else (images / 255).astype(dtype)
            found = robust_descriptors(given, threads=1)
            assert found.shape[1] == (1064 if h == 420 else found.shape[1]) > 0
            assert pdist(np.stack([found[0], robust_descriptors(images)[0]]), "cosine")[0] < 1e-6
        with pytest.raises(ValueError, match="7 x 40"):
            robust_descriptors(np.zeros((1, 7, 40)))

    def test_a_constant_image_has_no_robust_direction(self):
        assert not robust_descriptors(np.full((1, 100, 100), 77, np.uint8)).any()

    def test_robust_finds_planted_duplicates_of_seeds_it_was_not_fitted_on(self):
        frames = generate(subjects=2, frames=30, seed=0)
        precision, recall = {}, {}
        for name in ("blocks", "robust"):
            pairs, _ = near_duplicates(HASHES[name].features(frames.images), HASHES[name].threshold, frames.subject)
            hits = truth_pairs(pairs, frames.duplicate_group).sum()
            i, j = np.triu_indices(len(frames.images), 1)
            total = (frames.duplicate_group[i] == frames.duplicate_group[j]).sum()
            precision[name], recall[name] = hits / len(pairs), hits / total
        assert precision["robust"] >= 0.99
        assert recall["robust"] >= 0.95
        assert precision["blocks"] == 1
        assert recall["blocks"] < 0.5


class TestNearDuplicates:
    @settings(max_examples=60, deadline=None)
    @given(
        st.integers(0, 40), st.integers(1, 90), st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.008, 0.1, 0.5, 1, 2])
    )
    def test_equals_pdist_on_whole_numbers(self, n, d, seed, threshold):
        rng = np.random.default_rng(seed)
        features = rng.integers(0, 3, (n, d)).astype(np.float32)
        features[rng.random(n) < 0.2] = 0
        found, expected = near_duplicates(features, threshold), by_pdist(features, threshold)
        assert_same(found, expected)
        np.testing.assert_array_equal(found[1], expected[1])  # whole numbers: not even the last bit differs

    @settings(max_examples=40, deadline=None)
    @given(st.integers(0, 40), st.integers(1, 90), st.integers(0, 2**32 - 1), st.floats(0, 2), st.integers(1, 4))
    def test_equals_pdist_within_groups_on_reals(self, n, d, seed, threshold, labels):
        rng = np.random.default_rng(seed)
        features = rng.normal(size=(n, d)) * 10.0 ** rng.integers(-30, 30, (n, 1))
        features[n // 2 :] = features[: n - n // 2] * 3  # parallel rows: distances of rounding error alone
        groups = rng.integers(0, labels, n)
        assert_same(near_duplicates(features, threshold, groups), by_pdist(features, threshold, groups))

    def test_a_distance_equal_to_the_threshold_is_no_pair(self):
        rng = np.random.default_rng(0)
        for features in (rng.random((30, 200)).astype(np.float32), rng.normal(size=(30, 200))):
            exact = np.sort(pdist(features.astype(np.float64), "cosine"))
            for threshold in (exact[0], exact[7], np.nextafter(exact[7], 9), exact[-1]):
                assert_same(near_duplicates(features, threshold), by_pdist(features, threshold))
                assert len(near_duplicates(features, threshold)[0]) == (exact < threshold).sum()

    @pytest.mark.parametrize("dense", [0.0, 0.05, 2.0])
    @pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint16])
    def test_tiles_chunks_and_both_ways_to_measure_agree(self, monkeypatch, dense, dtype):
        monkeypatch.setattr(near_search_numpy.NumpySearch, "tile", (37, 41))
        monkeypatch.setattr(near_search_numpy, "DENSE", dense)
        monkeypatch.setattr(subspace, "RANK", 5)
        monkeypatch.setattr(near_search_numpy, "WORK_BYTES", 30_000)
        monkeypatch.setattr(near_search_numpy, "CACHE_BYTES", 5_000)
        rng = np.random.default_rng(1)
        centres = rng.integers(1, 400, (40, 150))
        features = (centres[rng.integers(0, 40, 200)] + rng.integers(0, 40, (200, 150))).astype(dtype)
        groups = rng.integers(0, 3, 200)
        for labels in (None, groups):
            expected = by_pdist(features, 0.008, labels)
            assert 50 < len(expected[0]) < 4000
            assert_same(near_duplicates(features, 0.008, labels), expected)

    @pytest.mark.parametrize("device", [None, "cpu"])
    def test_pairs_that_differ_along_the_sweep_alone_stay_in_the_window(self, monkeypatch, device):
        monkeypatch.setattr(near_search_numpy.NumpySearch, "tile", (8, 16))
        angles = np.random.default_rng(7).random(300) * np.pi / 2
        features = np.stack([np.cos(angles), np.sin(angles)], axis=1)  # on an arc, neighbours are neighbours in order
        groups = np.arange(300) % 2
        for threshold in (1e-6, 0.008, 0.2):
            expected = by_pdist(features, threshold, groups)
            assert len(expected[0]) > 10
            assert_same(near_duplicates(features, threshold, groups, device=device), expected)

    @pytest.mark.parametrize("d", [40, 90, 3000])
    @pytest.mark.parametrize("dense", [0.0, 2.0])
    def test_distances_that_crowd_around_the_threshold(self, monkeypatch, d, dense):
        monkeypatch.setattr(near_search_numpy, "DENSE", dense)
        rng = np.random.default_rng(d)
        features = (1 + rng.random(d) + 0.1 * rng.normal(size=(80, d))).astype(np.float32)
        distances = np.sort(pdist(features.astype(np.float64), "cosine"))
        for threshold in distances[[200, 1500, 2900]] + 1e-9:
            assert_same(near_duplicates(features, threshold), by_pdist(features, threshold))

    def test_torch_gives_the_same_answer(self):
        rng = np.random.default_rng(2)
        features = rng.random((20, 90)).astype(np.float32)[rng.integers(0, 20, 120)]
        features += rng.normal(0, 0.05, features.shape).astype(np.float32)
        groups = rng.integers(0, 2, 120)
        assert_same(near_duplicates(features, 0.01, groups, device="cpu"), by_pdist(features, 0.01, groups))

    def test_all_equal_rows_are_all_pairs(self):
        features = np.tile(np.random.default_rng(3).random(300).astype(np.float32), (90, 1))
        pairs, distances = near_duplicates(features)
        assert len(pairs) == 90 * 89 // 2
        assert distances.max() < 1e-12
        assert len(near_duplicates(features, 0)[0]) == 0

    def test_a_row_of_zeros_is_in_no_pair(self):
        features = np.zeros((4, 50), np.float32)
        features[2:, 0] = 1
        np.testing.assert_array_equal(near_duplicates(features, 2)[0], [[2, 3]])

    def test_no_rows_and_one_row(self):
        for n in (0, 1):
            pairs, distances = near_duplicates(np.ones((n, 70)))
            assert pairs.shape == (0, 2)
            assert distances.shape == (0,)

    def test_memory_grows_with_the_rows_not_with_their_square(self):
        rng = np.random.default_rng(4)

        def peak(n: int) -> int:
            features = rng.random((n, 96)).astype(np.float32)
            tracemalloc.start()
            near_duplicates(features, 1e-4)
            _, most = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            return most

        small, large = peak(2000), peak(8000)
        assert large < 60e6  # the table of 8,000 would be 512 MB
        assert large < 4.5 * small

    @pytest.mark.parametrize(
        ("features", "settings", "found"),
        [
            (np.ones(3), {}, r"shape \(3,\)"),
            (np.ones((2, 2), complex), {}, "complex"),
            (np.array([[1.0, 2.0], [np.nan, 1.0]]), {}, "row 1"),
            (np.array([[np.inf, 2.0], [2.0, 1.0]]), {}, "row 0"),
            (np.array([[1e200, 2.0], [2.0, 1.0]]), {}, "row 0"),
            (np.ones((2, 2)), {"threshold": float("nan")}, "threshold"),
            (np.ones((2, 2)), {"threshold": -0.1}, "threshold"),
            (np.ones((2, 2)), {"groups": np.zeros(3)}, r"shape \(2,\); found \(3,\)"),
        ],
    )
    def test_bad_input_is_named(self, features, settings, found):
        with pytest.raises(ValueError, match=found):
            near_duplicates(features, **settings)


class TestCleaning:
    empty = np.zeros((4, 4), bool)
    left = empty.copy()
    left[:, :2] = True
    right = ~left
    masks = np.stack([empty, left, right, empty, left])  # 0 .. 4
    pairs = np.array([[0, 1], [0, 3], [1, 2], [1, 4]])

    def test_both_asks_whether_exactly_one_is_empty(self):
        assert contradictory_pairs(self.pairs, self.masks).tolist() == [True, False, False, False]
        assert contradictory_pairs(self.pairs, self.masks.any(axis=(1, 2))).tolist() == [True, False, False, False]
        assert dropped(self.pairs, self.masks).tolist() == [True, True, False, False, False]

    def test_origin_asks_for_overlap_and_drops_only_the_empty_one(self):
        assert contradictory_pairs(self.pairs, self.masks, "origin").tolist() == [True, False, True, False]
        assert dropped(self.pairs, self.masks, "origin").tolist() == [True, False, False, False, False]

    def test_dice_of_pairs(self):
        np.testing.assert_array_equal(pair_dice(self.pairs, self.masks), [0, 1, 0, 1])
        half = np.stack([self.left, np.ones((4, 4), bool)])
        assert pair_dice(np.array([[0, 1]]), half)[0] == pytest.approx(2 * 8 / (8 + 16))

    def test_no_pairs_drop_nothing(self):
        none = np.empty((0, 2), np.int64)
        for rule in ("both", "origin"):
            assert contradictory_pairs(none, self.masks, rule).shape == (0,)
            assert not dropped(none, self.masks, rule).any()

    @pytest.mark.parametrize(
        ("pairs", "masks", "rule", "found"),
        [
            (pairs, masks, "neither", "neither"),
            (pairs, masks.astype(int), "both", "bool"),
            (pairs, masks.any(axis=(1, 2)), "origin", "shape"),
            (pairs + 1, masks, "both", "5 masks"),
            (pairs.ravel(), masks, "both", "pairs"),
        ],
    )
    def test_bad_input_is_named(self, pairs, masks, rule, found):
        with pytest.raises(ValueError, match=found):
            dropped(pairs, masks, rule)


class TestPrecisionRecall:
    def test_equals_scikit_learn(self):
        rng = np.random.default_rng(0)
        truth = rng.random(300) < 0.3
        distances = np.round(rng.random(300) - 0.3 * truth, 2)  # with ties
        thresholds, precision, recall = precision_recall(distances, truth)
        their_precision, their_recall, scores = precision_recall_curve(truth, -distances)
        np.testing.assert_allclose(thresholds, -scores[::-1])
        np.testing.assert_allclose(precision, their_precision[:-1][::-1])
        np.testing.assert_allclose(recall, their_recall[:-1][::-1])

    def test_counts_duplicates_that_were_never_listed(self):
        thresholds, precision, recall = precision_recall(np.array([0.2, 0.1, np.nan]), np.array([False, True, True]), 4)
        assert thresholds.tolist() == [0.1, 0.2]
        assert precision.tolist() == [1, 0.5]
        assert recall.tolist() == [0.25, 0.25]

    def test_truth_of_pairs(self):
        pairs = np.array([[0, 1], [1, 2]])
        assert truth_pairs(pairs, np.array([5, 5, 6])).tolist() == [True, False]

    def test_nothing_to_find_is_an_error(self):
        with pytest.raises(ValueError, match="no duplicate"):
            precision_recall(np.array([0.1]), np.array([False]))
