"""Several yes-or-no answers an example, each with a logit of its own: a calibrator a label, measured label by label.

One label is two classes with the logits 0 and z, so that the methods for classes serve. Temperature scaling keeps one
number for all labels. Vector and matrix scaling of one label are Platt scaling but for its smooth targets, so they are
left out.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from typing import Any, Self

import numpy as np
from scipy.special import expit

from reprise.calibration.base import Calibrator
from reprise.calibration.intervals import gap_interval
from reprise.calibration.temperature import TemperatureScaling
from reprise.metrics.bins import BINS, bin_edges, bin_sums

LEFT_OUT = ("vector", "matrix")


class PerLabel:
    """A calibrator for each label, or for `TemperatureScaling` one for all.

    Attributes:
        calibrators: one a label, after `fit`; a single one where it is shared.
    """

    def __init__(self, method: type[Calibrator]):
        """Settings.

        Args:
            method: of the calibrators.
        """
        self.method, self.calibrators = method, list[Calibrator]()
        self.labels = 0

    @property
    def shared(self) -> bool:
        """Whether one calibrator serves all labels."""
        return issubclass(self.method, TemperatureScaling)

    def fit(self, logits: np.ndarray, labels: np.ndarray) -> Self:
        """Fits on held-out data: logits (n, k) finite numbers before a sigmoid, labels (n, k) booleans."""
        self.labels = logits.shape[1]
        parts = [(logits.ravel(), labels.ravel())] if self.shared else zip(logits.T, labels.T, strict=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # 0 and z hardly look like two probabilities: nothing is known
            self.calibrators = [self.method().fit(_two(z), y.astype(int)) for z, y in parts]
        return self

    def transform(self, logits: np.ndarray) -> np.ndarray:
        """(n, k) probabilities that each label is true, for (n, k) logits.

        Raises:
            ValueError: another number of labels than in the fit.
        """
        if logits.shape[1] != self.labels:
            raise ValueError(f"logits: {logits.shape[1]} labels, but {self.labels} were fitted")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            if self.shared:
                return self.calibrators[0].transform(_two(logits.ravel()))[:, 1].reshape(logits.shape)
            columns = zip(self.calibrators, logits.T, strict=True)
            return np.stack([each.transform(_two(z))[:, 1] for each, z in columns], axis=1)


def _two(z: np.ndarray) -> np.ndarray:
    """(n, 2) logits of "no" and "yes"."""
    return np.stack([np.zeros_like(z), z], axis=1)


def evaluate_labels(
    fit: tuple[np.ndarray, np.ndarray],
    test: tuple[np.ndarray, np.ndarray],
    methods: dict[str, type[Calibrator]],
    bins: int = BINS,
) -> Iterator[tuple[dict[str, Any], np.ndarray, PerLabel | None]]:
    """Yields a row of measures, the test probabilities (n, k) and what was fitted: uncalibrated first.

    Args:
        fit: held-out logits (m, k) and labels (m, k), booleans.
        test: the same that are measured.
        methods: by name; those of `LEFT_OUT` are left out.
        bins: of the calibration errors.
    """
    logits, labels = test
    uncalibrated = expit(logits)
    yield _row("uncalibrated", uncalibrated, labels, uncalibrated, bins, 0.0), uncalibrated, None
    for name, method in methods.items():
        if name in LEFT_OUT:
            continue
        start = time.perf_counter()
        fitted = PerLabel(method).fit(*fit)
        seconds = time.perf_counter() - start
        found = fitted.transform(logits)
        row = _row(name, found, labels, uncalibrated, bins, seconds)
        if fitted.shared:
            row["note"] = f"T = {fitted.calibrators[0].temperature:.4g} for all labels"
        yield row, found, fitted


def _row(
    name: str, probabilities: np.ndarray, labels: np.ndarray, before: np.ndarray, bins: int, seconds: float
) -> dict[str, Any]:
    p = probabilities.astype(float)
    mean = gap_interval(probabilities, labels, bins)
    counts, sums = _gaps(probabilities, labels, bins)
    floor = float(np.finfo(np.float64).eps)
    own = np.clip(np.where(labels, p, 1 - p), floor, 1)
    return {
        "method": name,
        "ece": mean.value,
        "ece_low": mean.low,
        "ece_high": mean.high,
        "ece_by_chance": mean.by_chance,
        "mce": float(np.divide(sums, counts, out=np.zeros_like(sums), where=counts > 0).max()),
        "nll": float(abs(np.log(own).mean())),
        "brier": float(((p - labels) ** 2).mean()),
        "error": float(((p > 0.5) != labels).mean()),
        "changed": float(((p > 0.5) != (before > 0.5)).mean()),
        "seconds": seconds,
        "note": "",
        "labels": (sums.sum(axis=1) / len(labels)).tolist(),
    }


def _gaps(scores: np.ndarray, truth: np.ndarray, bins: int) -> tuple[np.ndarray, np.ndarray]:
    """(k, bins) examples of each label, and its gaps as sums."""
    k = scores.shape[1]
    index = np.searchsorted(bin_edges(bins, scores.dtype)[1:-1], scores, side="left") + bins * np.arange(k)
    counts = np.bincount(index.ravel(), minlength=k * bins)
    sums = bin_sums(index.ravel(), (truth - scores.astype(float)).ravel(), k * bins)
    return counts.reshape(k, bins), np.abs(sums).reshape(k, bins)
