"""Anyone's saved predictions, calibrated: table, diagrams, what was fitted. The work behind ``reprise calibration``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from reprise.calibration.base import Calibrator
from reprise.calibration.intervals import calibration_error_interval
from reprise.calibration.multilabel import PerLabel, evaluate_labels
from reprise.calibration.predictions import Predictions, load_predictions
from reprise.calibration.report import COLUMNS, METHODS, NLL_FLOOR, fit_methods
from reprise.calibration.saved import write_fitted
from reprise.files import check_writable, shown
from reprise.metrics import calibration as metrics

ALONE = 20_000  # classes or labels; each takes milliseconds of a method that fits it by itself
INTERVAL = ("ece_low", "ece_high", "ece_by_chance")
KINDS = {"classes": "{} classes", "binary": "two classes, one logit", "labels": "{} labels, any number of them true"}


def report(
    path: Path,
    bins: int = metrics.BINS,
    out: Path | None = None,
    save: Path | None = None,
    multilabel: bool = False,
    probabilities: bool = False,
    progress: bool = False,
) -> dict[str, Any]:
    """Fits every method and measures it on examples that it has not seen.

    The fit uses ``val_logits`` and ``val_labels`` where the file has them; otherwise one half of the file, drawn with a
    fixed seed, and the other half is measured.

    Args:
        path: an ``.npz`` with logits and labels, and optionally val_logits and val_labels, of one of the kinds of
            :mod:`reprise.calibration.predictions`.
        bins: equal-width bins of the calibration errors and diagrams.
        out: folder for ``reliability.svg`` and ``reliability.png``; None draws nothing.
        save: a JSON file for what was fitted, which :func:`reprise.calibration.saved.apply` takes.
        multilabel, probabilities: as :func:`~reprise.calibration.predictions.load_predictions` takes them.
        progress: say on the terminal which method is done.

    Returns:
        file, kind, classes, bins, fitted (examples), measured (examples), split (a sentence), warnings (sentences),
        rows, figures (paths) and saved (a path or None). A row has method, the numbers named in `report.COLUMNS` and
        `INTERVAL` (None where the method was left out) and note.
        ``changed`` is the share of predictions that differ from the uncalibrated ones; ``seconds``
        is the time of the fit; ``labels``, of several labels alone, each label's calibration error.

    Raises:
        FileNotFoundError: no such file.
        ValueError: missing arrays, wrong shapes, NaN or labels out of range, naming file, field and row.
        ModuleNotFoundError: Matplotlib is not there and something is to be drawn.
    """
    metrics.bin_edges(bins)
    given = load_predictions(Path(path), multilabel, probabilities)
    if out is not None:
        from reprise.calibration.diagrams import draw_reliability  # Matplotlib takes a second, and may be absent

        check_writable(Path(out) / "reliability.svg")  # refused now, not after the work
    if save is not None:
        check_writable(Path(save))
    fitted: dict[str, Calibrator | PerLabel] = {}
    rows, curves = [], {}
    for row, found, method in _measured(given, bins):
        rows.append(row)
        if progress:
            print(f"\r{row['method']:<13}done", end="\r", file=sys.stderr, flush=True)
        if method is not None:
            fitted[row["method"]] = method
        if out is not None and found is not None:
            curves[row["method"]] = metrics.reliability_curve(*_as_classes(found, given.test[1]), bins)
    figures = []
    if out is not None:
        figures = [str(draw_reliability(curves, Path(out) / f"reliability.{kind}")) for kind in ("svg", "png")]
    if save is not None:
        write_fitted(Path(save), fitted, given.kind, given.test[0].shape[1], probabilities, len(given.fit[1]))
    return {
        "file": str(path),
        "kind": given.kind,
        "classes": given.test[0].shape[1],
        "bins": bins,
        "fitted": len(given.fit[1]),
        "measured": len(given.test[1]),
        "split": given.split,
        "warnings": given.warnings,
        "rows": rows,
        "figures": figures,
        "saved": None if save is None else str(save),
    }


def _measured(
    given: Predictions, bins: int
) -> Iterator[tuple[dict[str, Any], np.ndarray | None, Calibrator | PerLabel | None]]:
    """A row, the test probabilities and what was fitted, method by method."""
    labels, k = given.kind == "labels", given.test[0].shape[1]
    alone = () if k <= ALONE else ("histogram", "isotonic", "BBQ", "Platt") if labels else ("isotonic", "BBQ", "Platt")
    methods = {name: method for name, method in METHODS.items() if name not in alone}
    if labels:
        yield from evaluate_labels(given.fit, given.test, methods, bins)
    else:
        for row, found, method in fit_methods(given.fit, given.test, bins, tuple(methods)):
            interval = [None] * 3 if found is None else calibration_error_interval(found, given.test[1], bins)[1:]
            yield row | dict(zip(INTERVAL, interval, strict=True)), found, method
    for name in alone:
        note = f"left out: it fits each of {k:,} {'labels' if labels else 'classes'} by itself, at most {ALONE:,}"
        yield {"method": name, **dict.fromkeys((*COLUMNS, *INTERVAL)), "note": note}, None, None


def _as_classes(found: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (n, k) and labels (n,) whose winners a diagram shows: of several labels, every answer by itself."""
    if labels.ndim == 1:
        return found, labels
    yes = found.ravel()
    return np.stack([1 - yes, yes], axis=1), labels.ravel().astype(int)


def as_text(result: dict[str, Any]) -> str:
    """The table of `report` for a terminal of 80 columns, without its warnings, which go to standard error."""
    lines = [
        f"{shown(result['file'])}: {KINDS[result['kind']].format(result['classes'])}, {result['bins']} bins",
        f"{result['split']} ({result['fitted']:,} and {result['measured']:,} examples)",
        "",
        f"{'method':<13}{'ECE %':>6}{'95 % interval':>16}{'MCE %':>7}{'NLL':>9}{'Brier':>8}{'error %':>9}"
        f"{'changed %':>11}",
    ]
    notes = [f"{row['method']}: {row['note']}" for row in result["rows"] if row["note"]]
    for row in result["rows"]:
        if row["ece"] is None:
            continue
        interval = f"[{100 * row['ece_low']:.2f}, {100 * row['ece_high']:.2f}]"
        line = f"{row['method']:<13}{100 * row['ece']:6.2f}{interval:>16}{100 * row['mce']:7.2f}{row['nll']:9.4f}"
        lines.append(f"{line}{row['brier']:8.4f}{100 * row['error']:9.2f}{100 * row['changed']:11.2f}")
    chance = [100 * row["ece_by_chance"] for row in result["rows"] if row["ece"] is not None]
    written = result["figures"] + ([result["saved"]] if result["saved"] else [])
    over = "averaged over answers" if result["kind"] == "labels" else "sums over classes (0 to 2)"
    lines += ["", *notes]
    lines += [f"Perfect calibration would show {min(chance):.2f} to {max(chance):.2f} % by chance on as many examples."]
    lines += [f"NLL in nats, 0 counted as {NLL_FLOOR:.1e}; Brier {over}."]
    return "\n".join([*lines, *(f"wrote {shown(path)}" for path in written)])
