"""Would a person read it? Two criteria, stated beforehand, that know pictures of digits and not the network.

The nearest training image (pixels cut to [0, 1], Euclid), and a linear map of the pixels (ridge regression on the
training images). A result counts as read where one of them names the class that it was made for.
"""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import RidgeClassifier
from sklearn.neighbors import KNeighborsClassifier

from reprise.data.digits import Images

RIDGE = 100.0  # weight of the ridge; pixels lie in [0, 1]


class Readers:
    """Fitted on the first training images of a prepared set.

    Args:
        images: of the set.
        count: training images that are used.
    """

    def __init__(self, images: Images, count: int) -> None:
        pixels = images.train_images[:count].reshape(min(count, len(images.train_images)), -1) / 255.0
        labels = images.train_labels[:count].astype(int)
        self.count = len(labels)
        self._fitted = (KNeighborsClassifier(1).fit(pixels, labels), RidgeClassifier(RIDGE).fit(pixels, labels))

    def names(self, pictures: np.ndarray) -> np.ndarray:
        """(..., 28, 28) -> (2, ...): the class that each names."""
        flat = np.clip(pictures, 0, 1).reshape(-1, pictures.shape[-2] * pictures.shape[-1])
        return np.stack([each.predict(flat) for each in self._fitted]).reshape(2, *pictures.shape[:-2])

    def read(self, pictures: np.ndarray) -> np.ndarray:
        """(seeds, 10, n, 28, 28) made for class 0, 1, ... -> (seeds, 10, n) booleans."""
        return (self.names(pictures) == np.arange(10)[None, None, :, None]).any(axis=0)

    def accuracy(self, images: Images, most: int = 1000) -> tuple[float, float]:
        """Share of test images that each names rightly."""
        names = self.names(images.test_images[:most, ..., 0] / 255.0)
        return tuple(float((each == images.test_labels[:most]).mean()) for each in names)
