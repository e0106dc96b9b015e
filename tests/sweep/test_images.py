"""Prepared images for a sweep: the right ones, in [0, 1], made smaller by means, and never more than there are."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.data.cifar import Images, prepare
from reprise.sweep.images import image_examples


@pytest.fixture
def path(tmp_path):
    """Ten training and four test images of 4 x 4; each is its number everywhere but for a bright corner."""
    pixels = np.broadcast_to(np.arange(10, dtype=np.uint8)[:, None, None, None], (10, 4, 4, 1)).copy()
    pixels[:, 0, 0] = 255
    prepare(Images(pixels, np.arange(10), pixels[:4], np.arange(4)), tmp_path / "dots.npz")
    return tmp_path / "dots.npz"


def test_they_are_spread_over_the_file_and_keep_their_labels(path):
    (images, labels), (tested, answers) = image_examples(path, 5, 4)
    assert labels.tolist() == [0, 2, 4, 6, 8]
    assert answers.tolist() == [0, 1, 2, 3]
    assert images.shape == (5, 1, 4, 4)
    assert (images[:, 0, 3, 3] * 255).round().tolist() == labels.tolist()
    assert float(tested.max()) == 1.0


def test_smaller_ones_are_means_of_squares(path):
    (images, _), _ = image_examples(path, 10, 4, shrink=2)
    assert images.shape == (10, 1, 2, 2)
    assert images[8, 0].numpy() * 255 == pytest.approx(np.array([[(255 + 3 * 8) / 4, 8], [8, 8]]))


@pytest.mark.parametrize(("train", "test"), [(11, 4), (10, 5), (0, 4)])
def test_more_than_there_are_or_none_is_refused(path, train, test):
    with pytest.raises(ValueError, match=r"dots\.npz: \d+ images, \d+ are asked for; raise data\.dots"):
        image_examples(path, train, test)
