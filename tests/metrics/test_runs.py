"""Overlaps of masks as runs against those of the pixels themselves."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from reprise.metrics import runs
from reprise.metrics.runs import Runs, run_overlaps

masks = hnp.arrays(bool, st.tuples(st.integers(0, 5), st.just(5), st.just(4)))


@given(masks, masks, st.integers(1, 9))
def test_overlaps_are_those_of_the_pixels(one, other, chunk):
    pairs = np.indices((len(one), len(other))).reshape(2, -1)
    crowd = np.arange(len(other)) % 2 == 1
    before, runs.CHUNK = runs.CHUNK, chunk
    try:
        found = run_overlaps(Runs.from_masks(one), Runs.from_masks(other), *pairs, crowd)
    finally:
        runs.CHUNK = before
    for (i, j), value in zip(pairs.T, found, strict=True):
        shared = (one[i] & other[j]).sum()
        whole = one[i].sum() if crowd[j] else (one[i] | other[j]).sum()
        assert value == (shared / whole if whole else 0)


@given(masks)
def test_areas_are_counts_of_pixels(these):
    assert Runs.from_masks(these).area.tolist() == these.sum((1, 2)).tolist()


def test_counts_begin_with_what_is_empty_and_may_hold_empty_runs():
    found = Runs.from_counts([[2, 3, 0, 1, 4], [0, 10], [10], [1, 0, 2, 2]])
    assert found.area.tolist() == [4, 10, 0, 2]
    assert found.starts.tolist() == [2, 5, 0, 3]
    assert found.stops.tolist() == [5, 6, 10, 5]
