"""Claim 9: which class varies most, by the source's own measure."""

from __future__ import annotations

import numpy as np

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, primary
from reprise.data.digits import Images
from reprise.statistics import Effect

TWO = 2


def spreads(images: np.ndarray, labels: np.ndarray, resamples: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Sum over pixels of the standard deviation within each class.

    Args:
        images: (n, ...) pixels in [0, 255].
        labels: (n,) classes from 0 on; each must have an image.
        resamples: of the images of each class, with replacement.
        seed: of the resampling.

    Returns:
        (classes,) and (resamples, classes), of pixels in [0, 1].
    """
    rng = np.random.default_rng(seed)
    classes = int(labels.max()) + 1
    values, drawn = np.empty(classes), np.empty((resamples, classes))
    for label in range(classes):
        count = int((labels == label).sum())
        if not count:
            raise ValueError(f"class {label} has no image")
        pixels = images[labels == label].reshape(count, -1).astype(np.float32) / 255
        values[label] = pixels.std(axis=0, dtype=np.float64).sum()
        weights = rng.multinomial(count, np.full(count, 1 / count), resamples).astype(np.float32) / count
        variance = weights @ pixels**2 - (weights @ pixels) ** 2
        drawn[:, label] = np.sqrt(np.maximum(variance, 0)).sum(axis=1)
    return values, drawn


def variability_finding(
    declared: Declaration, images: Images, resamples: int
) -> tuple[Finding, np.ndarray, np.ndarray]:
    """The finding, each class's number and (2, classes) its 95 % interval."""
    values, drawn = spreads(images.train_images, images.train_labels.astype(int), resamples)

    def ahead(rows: np.ndarray) -> np.ndarray:
        return rows[..., TWO] - np.delete(rows, TWO, axis=-1).max(axis=-1)

    low, high = np.quantile(ahead(drawn), [0.025, 0.975])
    value = float(ahead(values))
    # what resampling adds on average (variances of resamples are too small by 1 / n) is taken off again
    shift = value - float(np.median(ahead(drawn)))
    effect = Effect(value, min(low + shift, value), max(high + shift, value), len(images.train_labels), unit="pixels")
    order = np.argsort(-values)
    note = ", ".join(f"{label}: {values[label]:.1f}" for label in order)
    finding = primary(declared, effect, note=f"in order {note}", figures=("variability",))
    return finding, values, np.quantile(drawn, [0.025, 0.975], axis=0) + values - np.median(drawn, axis=0)
