"""Handwritten digits as rows of pixels, for many small networks: scikit-learn's, or MNIST where data are real.

Both are real images. scikit-learn's 1,797 come with a dependency, so that they are there for everybody; MNIST's 70,000
allow more of them to be tested.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_digits

from reprise.data.cifar import load
from reprise.workspace import Workspace

SHRINK = 2  # squares of so many pixels of MNIST become their mean: 14 x 14


@dataclass(frozen=True)
class Handwritten:
    """Images and what they show.

    Attributes:
        inputs: (n, pixels) float32 in [0, 1].
        labels: (n,) int64, 0 to 9.
        words: which they are, for captions.
    """

    inputs: np.ndarray
    labels: np.ndarray
    words: str


def words(source: str) -> str:
    """What the images are called."""
    return "MNIST, 14 x 14" if source == "real" else "scikit-learn's handwritten digits, 8 x 8"


def handwritten(workspace: Workspace) -> Handwritten:
    """All images, in the order of their files: MNIST's training images stand before its test images.

    Raises:
        FileNotFoundError: there is no prepared file.
        ValueError: it is damaged.
    """
    if workspace.source != "real":
        found = load_digits()
        return Handwritten((found.data / 16).astype(np.float32), found.target.astype(np.int64), words("generated"))
    file = load(workspace.prepared("digits"))
    images = np.concatenate([file.train_images, file.test_images])
    side = images.shape[1] // SHRINK
    means = images.reshape(len(images), side, SHRINK, side, SHRINK, -1).mean(axis=(2, 4, 5), dtype=np.float32)
    labels = np.concatenate([file.train_labels, file.test_labels]).astype(np.int64)
    return Handwritten(means.reshape(len(images), -1) / 255, labels, words("real"))
