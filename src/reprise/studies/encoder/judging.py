"""Who judges codes and pictures, with nothing trained: the nearest image, the nearest mean, noise of a given length."""

from __future__ import annotations

import numpy as np

WITH_DIGITS = 47  # classes of EMNIST's Balanced and ByMerge, of which the first ten are digits
AT_ONCE = 500


def flat(images: np.ndarray) -> np.ndarray:
    """(n, h, w, c), 0 to 255 -> (n, pixels) float32 in [0, 1]."""
    return images.reshape(len(images), -1).astype(np.float32) / 255


def nearest(pictures: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n, p) and (m, p) -> (n,) which of the known is nearest, and its root mean square distance."""
    lengths = (known**2).sum(axis=1)
    found = np.concatenate(
        [(lengths - 2 * pictures[k : k + AT_ONCE] @ known.T).argmin(axis=1) for k in range(0, len(pictures), AT_ONCE)]
    )
    return found, np.sqrt(((pictures - known[found]) ** 2).mean(axis=1))


def noised(pictures: np.ndarray, distances: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each picture moved by noise of just that root mean square distance, in a random direction of its pixels."""
    noise = rng.standard_normal(pictures.shape)
    noise *= (distances / np.sqrt((noise**2).mean(axis=1)))[:, None]
    return (pictures + noise).astype(np.float32)


def by_means(
    train: np.ndarray,
    test: np.ndarray,
    train_labels: np.ndarray,
    test_labels: np.ndarray,
    shots: int,
    rng: np.random.Generator,
) -> float:
    """Accuracy of the nearest mean, each of a few examples of a class that are drawn.

    Raises:
        ValueError: a class has fewer.
    """
    classes = np.unique(train_labels)
    means = []
    for label in classes:
        members = np.flatnonzero(train_labels == label)
        if len(members) < shots:
            raise ValueError(f"probe.shots: found {shots}, but class {label} has {len(members)} images")
        means.append(train[rng.choice(members, shots, replace=False)].mean(axis=0))
    found, _ = nearest(test, np.array(means))
    return float((classes[found] == test_labels).mean())
