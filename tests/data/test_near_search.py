"""Each way that the pair search takes, against scipy's pdist: the way decides the speed, never the answer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist

from reprise.data import near_search_numpy, subspace
from reprise.data.near_search import near_duplicates


def by_pdist(features: np.ndarray, threshold: float, groups: np.ndarray | None = None):
    """The whole table of distances, then a comparison."""
    distances = pdist(np.asarray(features, np.float64), "cosine")
    i, j = np.triu_indices(len(features), 1)
    near = distances < threshold
    if groups is not None:
        near &= groups[i] == groups[j]
    return np.stack([i[near], j[near]], axis=1), distances[near]


def assert_as_pdist(features: np.ndarray, threshold: float = 0.008, groups: np.ndarray | None = None) -> int:
    """How many pairs both find."""
    found, expected = near_duplicates(features, threshold, groups), by_pdist(features, threshold, groups)
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_allclose(found[1], expected[1], rtol=0, atol=1e-14)
    assert found[0].dtype == np.int64
    assert found[1].dtype == np.float64
    return len(found[0])


def around(cosine: float, n: int, d: int) -> np.ndarray:
    """Rows that all have about this cosine with each other."""
    rng = np.random.default_rng(n + d)
    centre = rng.gamma(0.5, size=d)
    return centre + rng.normal(0, np.linalg.norm(centre) * np.sqrt((1 / cosine - 1) / d), (n, d))


def copies(sizes: list[int], d: int) -> np.ndarray:
    """Groups of near-copies, mixed."""
    rng = np.random.default_rng(len(sizes))
    centres = np.repeat(rng.gamma(0.5, size=(len(sizes), d)), sizes, axis=0)
    return (centres * rng.normal(1, 0.05, centres.shape))[rng.permutation(len(centres))]


def never(*_):
    """Whole rows."""


def always(features, norms, order, bounds, threshold):
    """Bounds."""
    return subspace.subspace(features, norms, order) if len(order) else None


@pytest.fixture(params=[never, always, subspace.cheapest], ids=["whole", "bound", "chosen"])
def way(request, monkeypatch):
    """Whole rows or bounds, in small tiles that the features do not fit into at once."""
    monkeypatch.setattr(near_search_numpy, "cheapest", request.param)
    monkeypatch.setattr(near_search_numpy.NumpySearch, "tile", (29, 64))
    monkeypatch.setattr(near_search_numpy.NumpySearch, "whole", (53, 53))
    monkeypatch.setattr(near_search_numpy, "WORK_BYTES", 30_000)
    monkeypatch.setattr(near_search_numpy, "CACHE_BYTES", 5_000)
    return request.param


TYPES = [np.float32, np.float64, np.float16, np.uint8, np.int64]


def of_type(features: np.ndarray, dtype: type) -> np.ndarray:
    """Whole numbers up to 255 where the type has no others."""
    scaled = features / np.abs(features).max() * 255 if np.dtype(dtype).kind != "f" else features
    return np.maximum(scaled, 0).astype(dtype)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("grouped", [False, True])
class TestEveryWay:
    def test_all_near(self, way, dtype, grouped):
        groups = np.arange(200) % 3 if grouped else None
        found = assert_as_pdist(of_type(around(0.9985, 200, 90), dtype), 0.05, groups)
        assert found == (67 * 66 + 66 * 65 // 2 if grouped else 200 * 199 // 2)

    def test_none_near_and_none_far(self, way, dtype, grouped):
        features = np.abs(around(0.978, 200, 90))
        assert_as_pdist(of_type(features, dtype), 0.008, np.arange(200) % 3 if grouped else None)

    def test_half_of_all_near(self, way, dtype, grouped):
        features = of_type(around(0.98, 150, 90), dtype)
        middle = float(np.median(pdist(features.astype(np.float64), "cosine")))
        assert assert_as_pdist(features, middle, np.arange(150) % 2 if grouped else None) > 1000

    def test_copies_of_few_among_many(self, way, dtype, grouped):
        features = of_type(copies([40, 25, 25, 8, 3, 2] + [1] * 80, 90), dtype)
        assert assert_as_pdist(features, 0.02, np.arange(len(features)) % 2 if grouped else None) > 300

    def test_rows_of_zeros_between_them(self, way, dtype, grouped):
        features = of_type(copies([30, 20] + [1] * 40, 70), dtype)
        features[::7] = 0
        assert assert_as_pdist(features, 0.02, np.arange(len(features)) % 2 if grouped else None) > 20


@pytest.mark.parametrize("columns", [1, 2, 3, 33, 40])
@pytest.mark.parametrize("n", [2, 3, 17, 130])
def test_few_rows_and_few_columns(way, n, columns):
    rng = np.random.default_rng(n * columns)
    for features in (rng.normal(size=(n, columns)), rng.integers(-1, 3, (n, columns)).astype(np.float32)):
        for threshold in (0, 1e-9, 0.008, 1, 2):
            assert_as_pdist(features, threshold)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("exponents", [(-18, -12), (12, 18), (-18, 18)])
def test_extreme_lengths(way, dtype, exponents):
    features = copies([40, 20] + [1] * 60, 80)
    scale = 10.0 ** np.random.default_rng(0).integers(*exponents, (len(features), 1))
    assert assert_as_pdist((features * scale).astype(dtype), 0.02) > 500


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_mixture_of_copies(data):
    sizes = data.draw(st.lists(st.integers(1, 40), min_size=1, max_size=8))
    dtype = data.draw(st.sampled_from([np.float32, np.float64]))
    features = copies(sizes, data.draw(st.integers(1, 120))).astype(dtype)
    threshold = data.draw(st.sampled_from([0.001, 0.004, 0.008, 0.3]))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(near_search_numpy, "cheapest", data.draw(st.sampled_from([never, always])))
        patched.setattr(near_search_numpy.NumpySearch, "whole", (31, 31))
        patched.setattr(near_search_numpy, "DENSE", data.draw(st.sampled_from([0.0, 0.05, 2.0])))
        patched.setattr(near_search_numpy, "MOST", data.draw(st.sampled_from([-1.0, 0.5, 2.0])))
        assert_as_pdist(features, threshold)


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_every_distance_on_the_threshold(way, dtype):
    assert assert_as_pdist(np.eye(60, 70, dtype=dtype), 1) == 0
    assert assert_as_pdist(np.eye(60, 70, dtype=dtype), np.nextafter(1, 2)) == 60 * 59 // 2


class TestWhichWay:
    def asked(self, features: np.ndarray) -> np.ndarray | None:
        features = features.astype(np.float32)
        norms = np.linalg.norm(features.astype(np.float64), axis=1)
        return subspace.cheapest(features, norms, np.arange(len(features)), [0, len(features)], 0.008)

    def test_rows_that_no_bound_separates_are_multiplied_whole(self):
        assert self.asked(around(0.978, 4000, 600)) is None
        assert self.asked(around(0.999, 4000, 600)) is None

    def test_few_rows_are_multiplied_whole_without_asking(self, monkeypatch):
        monkeypatch.setattr(subspace, "subspace", None)
        assert self.asked(np.random.default_rng(0).gamma(0.3, size=(500, 600))) is None

    def test_rows_that_few_directions_separate_are_bounded(self):
        assert self.asked(np.random.default_rng(0).normal(size=(4000, 600))).shape == (600, 32)

    def test_more_directions_are_taken_where_few_rule_out_too_little(self):
        assert self.asked(np.random.default_rng(0).gamma(0.3, size=(4000, 3000))).shape == (3000, 128)

    def test_directions_stand_at_right_angles_where_rows_repeat(self):
        features = np.repeat(np.random.default_rng(0).random((3, 50)), 40, axis=0)
        basis = subspace.subspace(features, np.linalg.norm(features, axis=1), np.arange(120))
        np.testing.assert_allclose(basis.T @ basis, np.eye(basis.shape[1]), atol=1e-14)
