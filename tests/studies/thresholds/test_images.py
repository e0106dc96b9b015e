"""Photographs of eight bits, and random images of every kind that the lesson takes."""

from __future__ import annotations

import numpy as np

from reprise.studies.thresholds.images import PHOTOGRAPHS, photographs, random_images


def test_photographs_are_grey_and_have_eight_bits():
    pictures = photographs()
    assert tuple(pictures) == PHOTOGRAPHS
    assert {(image.dtype, image.ndim) for image in pictures.values()} == {(np.dtype(np.uint8), 2)}


def test_random_images_are_of_many_kinds():
    images = random_images(50)
    assert {image.dtype for image in images} == {np.dtype(kind) for kind in ("u1", "u2", "i2", "f8")}
    assert any(image.min() < 0 for image in images)
    assert any(image.min() == image.max() for image in images)
    assert all(image.size for image in images)


def test_the_same_images_come_every_time():
    again = zip(random_images(10), random_images(12), strict=False)
    assert all(one.dtype == other.dtype and one.tobytes() == other.tobytes() for one, other in again)
