"""The prepared frames come back as they were."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.data import ultrasound
from reprise.data.ultrasound import Frames, load, prepare, resize

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
