"""Handwritten digits as rows: scikit-learn's as they are, MNIST's as means of squares, training images first."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits
from tests.conftest import copy_params

from reprise import config
from reprise.data import cifar
from reprise.data.handwritten import handwritten
from reprise.workspace import Workspace


@pytest.fixture
def space(tmp_path):
    copy_params(tmp_path)
    return Workspace("thinned", tmp_path)


def test_without_real_data_they_are_scikit_learns(space):
    found = handwritten(space)
    assert found.inputs.shape == (1797, 64)
    assert found.inputs.dtype == np.float32
    np.testing.assert_array_equal(found.inputs * 16, load_digits().data)
    np.testing.assert_array_equal(found.labels, load_digits().target)


def test_real_ones_are_means_of_four_pixels_and_training_images_come_first(space):
    config.set_value(space.root, "data.source=real")
    rng = np.random.default_rng(0)
    train, test = (rng.integers(0, 256, (count, 28, 28, 1), dtype=np.uint8) for count in (7, 3))
    labels = rng.integers(0, 10, 10).astype(np.uint8)
    cifar.prepare(cifar.Images(train, labels[:7], test, labels[7:]), space.prepared("digits"))
    found = handwritten(Workspace("thinned", space.root))
    assert found.inputs.shape == (10, 196)
    assert found.labels.tolist() == labels.tolist()
    assert found.words == "MNIST, 14 x 14"
    for image, row in zip([*train, *test], found.inputs, strict=True):
        expected = [image[i : i + 2, j : j + 2].mean() / 255 for i in range(0, 28, 2) for j in range(0, 28, 2)]
        np.testing.assert_allclose(row, expected, rtol=1e-6)


def test_without_the_prepared_file_its_name_is_told(space):
    config.set_value(space.root, "data.source=real")
    with pytest.raises(FileNotFoundError, match="digits"):
        handwritten(Workspace("thinned", space.root))
