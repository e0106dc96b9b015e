"""What interpolation loses: nothing at quarter turns, and elsewhere what turning there and back changes."""

from __future__ import annotations

import numpy as np

from reprise.studies.rotation.season import damage


def test_quarter_turns_lose_nothing_and_other_angles_something():
    images = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)
    lost = damage(images, np.arange(8) * 45.0)
    np.testing.assert_allclose(lost[::2], 0, atol=1e-6)
    assert (lost[1::2] > 10).all()


def test_a_flat_picture_loses_nothing_within_the_disc():
    lost = damage(np.full((1, 32, 32, 3), 100, np.uint8), np.array([0.0, 10.0, 45.0]))
    assert (lost < 1).all()
