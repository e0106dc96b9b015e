"""Judges that nobody trains, against loops and against what must come out."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestCentroid, NearestNeighbors

from reprise.studies.encoder import judging
from reprise.studies.encoder.reconstruction import components


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_the_nearest_image_is_scikit_learns(rng):
    known, asked = rng.random((90, 12)).astype(np.float32), rng.random((1100, 12)).astype(np.float32)
    found, distances = judging.nearest(asked, known)
    far, place = NearestNeighbors(n_neighbors=1).fit(known).kneighbors(asked)
    assert np.array_equal(found, place[:, 0])
    assert distances == pytest.approx(far[:, 0] / np.sqrt(12), rel=1e-4)
    assert judging.nearest(known, known)[0].tolist() == list(range(90))


def test_noise_is_just_as_far_as_asked(rng):
    pictures, distances = rng.random((20, 50)), rng.random(20)
    moved = judging.noised(pictures, distances, rng)
    assert np.sqrt(((moved - pictures) ** 2).mean(axis=1)) == pytest.approx(distances, rel=1e-4)
    assert judging.noised(pictures, np.zeros(20), rng) == pytest.approx(pictures, rel=1e-6)


def test_nearest_means_of_all_examples_are_scikit_learns(rng):
    labels = np.repeat([3, 5, 9], 8)
    train, test = rng.random((24, 6)) + labels[:, None] / 8, rng.random((30, 6)) + 0.7
    truth = rng.choice([3, 5, 9], 30)
    expected = (NearestCentroid().fit(train, labels).predict(test) == truth).mean()
    assert judging.by_means(train, test, labels, truth, 8, rng) == pytest.approx(expected)
    with pytest.raises(ValueError, match=r"probe\.shots: found 9, but class 3 has 8"):
        judging.by_means(train, test, labels, truth, 9, rng)


@pytest.mark.parametrize("count", [1, 4, 10])
def test_principal_components_are_scikit_learns(rng, count):
    train, test = (rng.random((n, 3)) @ rng.random((3, 10)) + 0.1 * rng.random((n, 10)) for n in (60, 25))
    pca = PCA(count).fit(train)
    left = test - pca.inverse_transform(pca.transform(test))
    found = components(train, test, count)
    assert found.error == pytest.approx((left**2).mean(axis=1), abs=1e-10)
    assert found.variance == pytest.approx(((test - train.mean(axis=0)) ** 2).mean())
