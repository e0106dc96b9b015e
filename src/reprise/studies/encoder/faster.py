"""Claim 48: training on codes against training from pixels on, and letters told from a few examples."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, above, joined, primary
from reprise.comparing.findings import also, difference, sooner, unlearned
from reprise.runs import Probed, Run
from reprise.statistics import SHARES_APART, Effect, seeds_effect
from reprise.workspace import Workspace

COMMON = 0.95  # of the lower of both accuracies at the end: as good as this both become
CHANCE = 0.1  # accuracy before the first step
LINEAR = 0.88  # test accuracy that a linear map of a digit's pixels reaches, about
ENCODER = "code_32"


def findings(declared: Declaration, workspace: Workspace, runs: Mapping[str, Run]) -> list[Finding]:
    """Epochs to a goal that both reach decide; the whole course, both ends and few-shot letters stand beside them."""
    code, pixels = runs["from_code"], runs["from_pixels"]
    level = declared.level(min(code.seeds, pixels.seeds))
    why = joined(unlearned(code), unlearned(pixels, least=LINEAR))
    effect, means = _epochs_apart(code, pixels, level)
    trained = f"{code.record['parameters']:,} of {pixels.record['parameters']:,} weights are trained on codes"
    note = f"codes {means[0]:.2f}, pixels {means[1]:.2f}; the encoder's own are not counted; {trained}"
    words = "Mean validation accuracy over all epochs, codes minus pixels"
    return [
        primary(declared, effect, undecided=why, note=note, figures=("curves",)),
        Finding(48, words, sooner(code, pixels), note="it mixes speed with where both end", figures=("curves",)),
        *also(48, [(code, pixels)], figures=("curves",)),
        *_letters(workspace),
    ]


def epochs_to_common(*runs: Run) -> tuple[np.ndarray, np.ndarray]:
    """Epochs until validation accuracy is ``COMMON`` of the least accuracy with which one of the runs ends.

    Between the ends of two epochs accuracy is taken to rise evenly, from chance before the first.

    Returns:
        (runs, seeds) epochs, and how much accuracy an epoch adds there.
    """
    curves = [[rows["val_accuracy"] for rows in run.history] for run in runs]
    goals = [COMMON * min(curve[-1] for curve in each) for each in zip(*curves, strict=False)]
    found = np.array([[_reached(c, g) for c, g in zip(each, goals, strict=False)] for each in curves])
    return found[..., 0], found[..., 1]


def _reached(curve: np.ndarray, goal: float) -> tuple[float, float]:
    """Where a curve first comes to a goal that it reaches, and how steeply; at once where chance is as good."""
    levels = np.concatenate([[CHANCE], curve])
    at = max(int(np.flatnonzero(levels >= goal)[0]), 1)
    rise = float(levels[at] - levels[at - 1])
    return at - 1 + (max(float(goal - levels[at - 1]), 0) / rise if rise > 0 else 0.0), rise


def _epochs_apart(code: Run, pixels: Run, level: float) -> tuple[Effect, np.ndarray]:
    """Codes minus pixels, and (2,) the means; which images validate adds as much as accuracy is flat on the way."""
    times, rises = epochs_to_common(code, pixels)
    parts, rise = code.record["examples"], float(rises.mean(axis=1).min())
    error = difference(code, pixels).examples_error * np.sqrt(parts["test"] / parts["validation"])
    error = float(error / rise) if rise > 0 else 0.0
    return seeds_effect(times[0] - times[1], "epochs", examples_error=error, level=level), times.mean(axis=1)


def _letters(workspace: Workspace) -> list[Finding]:
    probed = Probed.of(workspace, ENCODER)
    shots = probed.record["settings"]["shots"]
    codes, pixels = (array.mean(axis=2) for array in probed.arrays("letters/code", "letters/pixels"))
    return [
        Finding(
            48,
            f"Accuracy on letters that the encoder never saw, {number} known of each, codes minus pixels",
            seeds_effect(codes[:, k] - pixels[:, k], "accuracy", SHARES_APART, together=len(shots)),
            above(0),
            "secondary",
            note=f"codes {codes[:, k].mean():.3f}, pixels {pixels[:, k].mean():.3f}; the nearest mean decides in both",
        )
        for k, number in enumerate(shots)
    ]
