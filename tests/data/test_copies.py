"""Copies are searched once and found all the same; too many pairs stop the search early and in little memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reprise.data import near_search
from reprise.data.copies import pairs_with_copies
from reprise.data.duplicates import TooManyPairsError, near_duplicates


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 25), st.integers(1, 8), st.sampled_from([0.0, 0.01, 0.3, 2.0]))
def test_pairs_with_copies_are_those_of_a_plain_search_and_every_copy(seed, n, contents, threshold):
    rng = np.random.default_rng(seed)
    which, groups = rng.integers(0, contents, n), rng.integers(0, 2, n)
    rows = rng.integers(0, 3, (contents, 5)).astype(np.float32)  # some are zero, some equal to others
    features, digests = rows[which], [str(k).encode() for k in which]
    for labels in (None, groups):
        pairs, distances = pairs_with_copies(features, digests, threshold, labels)
        plain, expected = near_duplicates(features, threshold, labels)
        wanted = {tuple(pair): distance for pair, distance in zip(plain.tolist(), expected.tolist(), strict=True)}
        for i, j in zip(*np.triu_indices(n, 1), strict=True):
            if which[i] == which[j] and threshold > 0 and (labels is None or labels[i] == labels[j]):
                wanted[i, j] = 0.0
        assert [tuple(pair) for pair in pairs.tolist()] == sorted(wanted)
        np.testing.assert_allclose(distances, [wanted[pair] for pair in sorted(wanted)], rtol=0, atol=1e-14)
        if len(pairs):
            with pytest.raises(TooManyPairsError):
                pairs_with_copies(features, digests, threshold, labels, len(pairs) - 1)
        assert len(pairs_with_copies(features, digests, threshold, labels, len(pairs))[0]) == len(pairs)


@pytest.mark.parametrize("device", [None, "cpu"])
def test_the_limit_is_a_number_of_pairs_and_not_of_tiles(device):
    features = np.random.default_rng(0).random((90, 40)).astype(np.float32)
    pairs, distances = near_duplicates(features, 0.2, device=device)
    assert len(pairs) > 100
    exact = near_duplicates(features, 0.2, device=device, most_pairs=len(pairs))
    np.testing.assert_array_equal(exact[0], pairs)
    np.testing.assert_array_equal(exact[1], distances)
    for fewer in (len(pairs) - 1, 1, 0):
        with pytest.raises(TooManyPairsError, match=f"more than {fewer} pairs"):
            near_duplicates(features, 0.2, device=device, most_pairs=fewer)
    assert len(near_duplicates(features[:1], 2, device=device, most_pairs=0)[0]) == 0


def test_too_many_pairs_stop_the_search_early_and_in_little_memory(monkeypatch):
    """6,000 rows that are all near: 18 million pairs would take 430 MB."""
    features = 1 + 0.01 * np.random.default_rng(0).random((6000, 9)).astype(np.float32)
    begun = []
    within = near_search._within
    monkeypatch.setattr(near_search, "_within", lambda *tile: begun.append(tile) or within(*tile))
    tracemalloc.start()
    with pytest.raises(TooManyPairsError):
        near_duplicates(features, 0.008, most_pairs=500_000, threads=2)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 250e6
    assert len(begun) < 30  # of 78 tiles


def test_copies_cost_no_square_of_their_number():
    features = np.ones((200_000, 3), np.float32)
    tracemalloc.start()
    with pytest.raises(TooManyPairsError, match="19,999,900,000 pairs are copies"):
        pairs_with_copies(features, [b"one"] * 200_000, 0.008, most_pairs=1_000_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 50e6


def test_copies_of_one_content_in_two_groups_are_no_pair():
    features = np.array([[1, 0], [1, 0], [1, 0], [0, 1]], np.float32)
    contents = [b"a", b"a", b"a", b"b"]
    pairs, distances = pairs_with_copies(features, contents, 0.5, np.array(["x", "y", "x", "y"]))
    assert pairs.tolist() == [[0, 2]]
    assert distances.tolist() == [0]
    assert len(pairs_with_copies(features, contents, 0.0)[0]) == 0  # nothing lies under 0


def test_no_images_at_all():
    assert pairs_with_copies(np.empty((0, 4)), [], 0.1)[0].shape == (0, 2)
