"""The seven methods fitted on one part of what was predicted and measured on another: a row each."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from reprise import calibration as methods
from reprise.calibration.base import Calibrator, check_logits, softmax
from reprise.metrics import calibration as metrics

NLL_FLOOR = float(np.finfo(np.float64).eps)  # a probability of 0 counts as this; scikit-learn's log_loss does the same
MATRIX_CLASSES = 200  # matrix scaling has k * k + k numbers: beyond this it takes minutes and only overfits
METHODS: dict[str, type[Calibrator]] = {
    "histogram": methods.HistogramBinning,
    "isotonic": methods.IsotonicCalibration,
    "BBQ": methods.BayesianBinning,
    "Platt": methods.PlattScaling,
    "temperature": methods.TemperatureScaling,
    "vector": methods.VectorScaling,
    "matrix": methods.MatrixScaling,
}
COLUMNS = ("ece", "mce", "nll", "brier", "error", "changed", "seconds")


def evaluate_methods(
    fit: tuple[np.ndarray, np.ndarray],
    test: tuple[np.ndarray, np.ndarray],
    bins: int = metrics.BINS,
    names: tuple[str, ...] = tuple(METHODS),
) -> Iterator[tuple[dict[str, Any], np.ndarray | None]]:
    """Yields a row of measures and the test probabilities of what `fit_methods` fits."""
    yield from ((row, probabilities) for row, probabilities, _ in fit_methods(fit, test, bins, names))


def fit_methods(
    fit: tuple[np.ndarray, np.ndarray],
    test: tuple[np.ndarray, np.ndarray],
    bins: int = metrics.BINS,
    names: tuple[str, ...] = tuple(METHODS),
) -> Iterator[tuple[dict[str, Any], np.ndarray | None, Calibrator | None]]:
    """Yields a row of measures, the test probabilities and what was fitted: uncalibrated first, then each method.

    Args:
        fit: held-out logits (m, k) and labels (m,).
        test: logits (n, k) and labels (n,) that are measured.
        bins: of the calibration errors.
        names: which of `METHODS`.
    """
    logits, labels = test
    predicted = logits.argmax(axis=1)
    uncalibrated = softmax(check_logits(logits))
    yield _row("uncalibrated", uncalibrated, labels, predicted, bins, 0.0), uncalibrated, None
    for name in names:
        if name == "matrix" and logits.shape[1] > MATRIX_CLASSES:
            note = f"left out: {logits.shape[1]} classes are {logits.shape[1] * (logits.shape[1] + 1):,} numbers"
            yield {"method": name, **dict.fromkeys(COLUMNS), "note": note}, None, None
            continue
        with warnings.catch_warnings():
            # `report` says once that logits look like probabilities, and a row's note what a fit has to say
            warnings.simplefilter("ignore", (UserWarning, RuntimeWarning))
            start = time.perf_counter()
            method = METHODS[name]().fit(*fit)
            seconds = time.perf_counter() - start
            probabilities = method.transform(logits)
        row = _row(name, probabilities, labels, predicted, bins, seconds)
        if isinstance(method, methods.TemperatureScaling):
            row["note"] = f"T = {method.temperature:.4g}" + ("" if method.attained else " (no optimum)")
        elif not getattr(method, "converged", True):
            row["note"] = "not converged: the optimum is far or does not exist"
        yield row, probabilities, method


def _row(
    name: str, probabilities: np.ndarray, labels: np.ndarray, predicted: np.ndarray, bins: int, seconds: float
) -> dict[str, Any]:
    return {
        "method": name,
        "ece": metrics.expected_calibration_error(probabilities, labels, bins),
        "mce": metrics.maximum_calibration_error(probabilities, labels, bins),
        "nll": metrics.negative_log_likelihood(probabilities, labels, NLL_FLOOR),
        "brier": metrics.brier(probabilities, labels),
        "error": metrics.error_rate(probabilities, labels),
        "changed": float((probabilities.argmax(axis=1) != predicted).mean()),
        "seconds": seconds,
        "note": "",
    }
