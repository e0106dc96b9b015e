"""The seven methods on anyone's saved logits: a table, and reliability diagrams. Behind ``reprise calibration``."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from reprise import calibration as methods
from reprise.calibration.base import PROBABILITIES, Calibrator, check_logits, softmax
from reprise.files import check_writable, one_line, shown
from reprise.metrics import calibration as metrics
from reprise.metrics.checks import look_like_probabilities

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
SHOWN = 8  # names of arrays in a message
COLUMNS = ("ece", "mce", "nll", "brier", "error", "changed", "seconds")


def report(path: Path, bins: int = metrics.BINS, out: Path | None = None) -> dict[str, Any]:
    """Fits every method and measures it on examples that it has not seen.

    The fit uses ``val_logits`` and ``val_labels`` where the file has them; otherwise one half of the file, drawn with a
    fixed seed, and the other half is measured.

    Args:
        path: an ``.npz`` with logits (n, k) and labels (n,), and optionally val_logits (m, k) and val_labels (m,).
        bins: equal-width bins of the calibration errors and diagrams.
        out: folder for ``reliability.svg`` and ``reliability.png``; None draws nothing.

    Returns:
        file, classes, bins, fitted (examples), measured (examples), split (a sentence), warnings (sentences), rows and
        figures (paths). A row has method, the numbers named in `COLUMNS` (None where the method was left out) and note.
        ``changed`` is the share of predictions that differ from the uncalibrated ones; ``seconds`` is the time of the
        fit.

    Raises:
        FileNotFoundError: no such file.
        ValueError: missing arrays, wrong shapes, NaN or labels out of range, naming file, field and row.
    """
    metrics.bin_edges(bins)
    fit, test, split = load_predictions(Path(path))
    if out is not None:
        check_writable(Path(out) / "reliability.svg")  # refused now, not after the work
    rows, curves = [], {}
    for row, probabilities in evaluate_methods(fit, test, bins):
        rows.append(row)
        if out is not None and probabilities is not None:
            curves[row["method"]] = metrics.reliability_curve(probabilities, test[1], bins)
    figures = []
    if out is not None:
        from reprise.calibration.diagrams import draw_reliability  # matplotlib takes a second to import

        figures = [str(draw_reliability(curves, Path(out) / f"reliability.{kind}")) for kind in ("svg", "png")]
    return {
        "file": str(path),
        "classes": test[0].shape[1],
        "bins": bins,
        "fitted": len(fit[1]),
        "measured": len(test[1]),
        "split": split,
        "warnings": [PROBABILITIES] if look_like_probabilities(fit[0]) or look_like_probabilities(test[0]) else [],
        "rows": rows,
        "figures": figures,
    }


def evaluate_methods(
    fit: tuple[np.ndarray, np.ndarray],
    test: tuple[np.ndarray, np.ndarray],
    bins: int = metrics.BINS,
    names: tuple[str, ...] = tuple(METHODS),
) -> Iterator[tuple[dict[str, Any], np.ndarray | None]]:
    """Yields a row of measures and the test probabilities: uncalibrated first, then each method.

    Args:
        fit: held-out logits (m, k) and labels (m,).
        test: logits (n, k) and labels (n,) that are measured.
        bins: of the calibration errors.
        names: which of `METHODS`.
    """
    logits, labels = test
    predicted = logits.argmax(axis=1)
    uncalibrated = softmax(check_logits(logits))
    yield _row("uncalibrated", uncalibrated, labels, predicted, bins, 0.0), uncalibrated
    for name in names:
        if name == "matrix" and logits.shape[1] > MATRIX_CLASSES:
            note = f"left out: {logits.shape[1]} classes are {logits.shape[1] * (logits.shape[1] + 1):,} numbers"
            yield {"method": name, **dict.fromkeys(COLUMNS), "note": note}, None
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
        yield row, probabilities


def load_predictions(path: Path) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray], str]:
    """(logits, labels) to fit on, (logits, labels) to measure on, and a sentence on which is which. Never unpickles."""
    if not path.is_file():
        what = "a folder" if path.is_dir() else "no such file"
        raise FileNotFoundError(f"{path}: {what}; expected an .npz with the arrays logits and labels")
    try:
        archive = np.load(path, allow_pickle=False)
    except Exception as error:  # zipfile, zlib, tokenize and NumPy each raise their own
        found = _reason(error, path)
        raise ValueError(
            f"{path}: not an .npz archive ({found}); write it with np.savez(path, logits=..., labels=...)"
        ) from error
    if not isinstance(archive, np.lib.npyio.NpzFile):
        raise ValueError(f"{path}: a single array, expected an .npz archive with the arrays logits and labels")
    with archive:
        test = _pair(path, archive, "")
        if {"val_logits", "val_labels"} & set(archive.files):
            fit = _pair(path, archive, "val_")
            if fit[0].shape[1] != test[0].shape[1]:
                raise ValueError(f"{path}: val_logits has {fit[0].shape[1]} classes, logits has {test[0].shape[1]}")
            return fit, test, "fitted on val_logits, measured on logits"
    n = len(test[1])
    if n < 2:
        raise ValueError(f"{path}: logits has one row and there are no val_logits: nothing to fit on")
    order = np.random.default_rng(0).permutation(n)
    halves = [np.sort(order[: n // 2]), np.sort(order[n // 2 :])]
    fit, test = ((test[0][half], test[1][half]) for half in halves)
    return fit, test, "no val_logits: fitted on a random half (seed 0), measured on the other half"


def as_text(result: dict[str, Any]) -> str:
    """The table of `report` for a terminal."""
    lines = [
        f"{result['file']}: {result['classes']} classes, {result['bins']} bins",
        f"{result['split']} ({result['fitted']:,} and {result['measured']:,} examples)",
        *(f"warning: {sentence}" for sentence in result["warnings"]),
        "",
        f"{'method':<13}{'ECE %':>8}{'MCE %':>8}{'NLL':>9}{'Brier':>8}{'error %':>9}{'changed %':>11}{'fit s':>9}",
    ]
    for row in result["rows"]:
        if row["ece"] is None:
            lines.append(f"{row['method']:<13}  {row['note']}")
            continue
        percent = [100 * row[name] for name in ("ece", "mce", "error", "changed")]
        line = f"{row['method']:<13}{percent[0]:8.2f}{percent[1]:8.2f}{row['nll']:9.4f}{row['brier']:8.4f}"
        lines.append(f"{line}{percent[2]:9.2f}{percent[3]:11.2f}{row['seconds']:9.3f}  {row['note']}".rstrip())
    lines += ["", f"NLL in nats, a probability of 0 counted as {NLL_FLOOR:.1e}; Brier sums over classes (0 to 2)."]
    lines += [f"wrote {figure}" for figure in result["figures"]]
    return "\n".join(lines)


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


def _reason(error: Exception, path: Path) -> str:
    """What NumPy says, but for its advice to load unsafely, which it gives for anything that it does not know."""
    said = one_line(error)
    with path.open("rb") as stream:
        if "pickle" in said and not stream.read(6).startswith((b"PK\3\4", b"\x93NUMPY", b"\x80")):
            return "it is something else"
    return "it holds pickled objects, which are never loaded" if "pickle" in said else said


def _pair(path: Path, archive: np.lib.npyio.NpzFile, prefix: str) -> tuple[np.ndarray, np.ndarray]:
    """Checked (logits, labels) of an archive; messages name the file and the array."""
    more = f" and {len(archive.files) - SHOWN} more" if len(archive.files) > SHOWN else ""
    found = (", ".join(map(shown, archive.files[:SHOWN])) or "nothing") + more
    for name in (f"{prefix}logits", f"{prefix}labels"):
        if name not in archive.files:
            raise ValueError(f"{path}: array {name} is missing (found: {found})")
        if archive.files.count(name) > 1:
            raise ValueError(f"{path}: array {name} stands {archive.files.count(name)} times; which is meant?")
    try:
        logits, labels = archive[f"{prefix}logits"], archive[f"{prefix}labels"]
    except Exception as error:  # encrypted, cut, compressed otherwise, a header that claims more than there is memory
        raise ValueError(f"{path}: {prefix}logits or {prefix}labels cannot be read ({_reason(error, path)})") from error
    try:
        logits = check_logits(logits)
        return logits, metrics.check_labels(labels, *logits.shape)
    except ValueError as error:
        raise ValueError(f"{path}: {prefix}{error}") from error
