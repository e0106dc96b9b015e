"""Claim 48: training on codes against training from pixels on, and letters told from a few examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, above, joined, primary
from reprise.comparing.findings import also, difference, sooner, unlearned
from reprise.runs import Probed, Run
from reprise.statistics import SHARES_APART, Effect, seeds_effect
from reprise.studies.encoder.counting import Operations
from reprise.workspace import Workspace

COMMON = 0.95  # of the lower of both accuracies at the end: as good as this both become
OTHERS = (0.9, 0.99)  # the same, sooner and later
CHANCE = 0.1  # accuracy before the first step
LINEAR = 0.88  # test accuracy that a linear map of a digit's pixels reaches, about
ENCODER = "code_32"


def findings(
    declared: Declaration, workspace: Workspace, runs: Mapping[str, Run], counted: Operations
) -> list[Finding]:
    """Operations to a goal that both reach decide; epochs, other goals and few-shot letters stand beside them."""
    code, pixels = runs["from_code"], runs["from_pixels"]
    level = declared.level(min(code.seeds, pixels.seeds))
    why = joined(unlearned(code), unlearned(pixels, least=LINEAR), _foregone(code, counted))
    effect, note = _operations_apart(code, pixels, counted, counted.codes, level=level)
    found = [primary(declared, effect, undecided=why, note=f"{note}; codes are made once", figures=("curves",))]
    for words, spent in (
        ("codes made anew in every epoch", counted.codes_again),
        ("codes that others have made", counted.codes_given),
    ):
        effect, note = _operations_apart(code, pixels, counted, spent)
        found.append(Finding(48, f"The same, {words}", effect, note=note, figures=("curves",)))
    for goal in OTHERS:
        effect, note = _operations_apart(code, pixels, counted, counted.codes, goal)
        words = f"The same to {goal:.0%} of what the worse of both reaches, codes made once"
        found.append(Finding(48, words, effect, note=note, figures=("curves",)))
    effect, means = _epochs_apart(code, pixels)
    trained = f"{code.record['parameters']:,} of {pixels.record['parameters']:,} weights are trained on codes"
    note = f"codes {means[0]:.2f}, pixels {means[1]:.2f}; {trained}, so that an epoch costs less"
    words = f"Epochs to {COMMON:.0%} of what the worse of both reaches, codes minus pixels"
    found.append(Finding(48, words, effect, note=note, figures=("curves",)))
    words = "Mean validation accuracy over all epochs, codes minus pixels"
    return [
        *found,
        Finding(48, words, sooner(code, pixels), note="it mixes speed with where both end", figures=("curves",)),
        *also(48, [(code, pixels)], figures=("curves",)),
        *_letters(workspace),
    ]


def _operations_apart(
    code: Run,
    pixels: Run,
    counted: Operations,
    spent: Callable[[float], float],
    goal: float = COMMON,
    level: float = 0.05,
) -> tuple[Effect, str]:
    """Logarithm of the multiply-adds to the goal, codes minus pixels, and both in words."""
    times, rises = epochs_to_common(code, pixels, goal=goal)
    operations = np.array([[spent(t) for t in times[0]], [counted.pixels(t) for t in times[1]]])
    operations = np.maximum(operations, 1)  # what chance reaches costs nothing, and has no logarithm
    # an epoch more, as a share of what was spent: how the epochs' error becomes one of the logarithm
    shares = [(spent(2) - spent(1)) / operations[0].mean(), counted.from_pixels / operations[1].mean()]
    error = _accuracy_error(code, pixels) * max(
        share / rise if rise > 0 else 0.0 for share, rise in zip(shares, rises.mean(axis=1), strict=True)
    )
    logs = np.log(operations)
    spent_on = zip(("codes", "pixels"), operations, strict=True)
    note = " and ".join(f"{name} {each.mean() / 1e6:.2f} million multiply-adds an image" for name, each in spent_on)
    ratio = float(np.exp((logs[1] - logs[0]).mean()))
    note = f"{note}, {ratio:.1f} times; the encoder's own training is not counted"
    return seeds_effect(logs[0] - logs[1], "log ratio", examples_error=float(error), level=level), note


def _foregone(code: Run, counted: Operations) -> str:
    """Why nothing that is learned could show codes to be slower; empty where it could."""
    epochs = code.settings["epochs"]
    if counted.codes(epochs) >= counted.pixels(1):
        return ""
    return f"all {epochs} epochs on codes cost less than one from pixels on, so that they could not have been slower"


def epochs_to_common(*runs: Run, goal: float = COMMON) -> tuple[np.ndarray, np.ndarray]:
    """Epochs until validation accuracy is that share of the least accuracy with which one of the runs ends.

    Between the ends of two epochs accuracy is taken to rise evenly, from chance before the first.

    Returns:
        (runs, seeds) epochs, and how much accuracy an epoch adds there.
    """
    curves = [[rows["val_accuracy"] for rows in run.history] for run in runs]
    goals = [goal * min(curve[-1] for curve in each) for each in zip(*curves, strict=False)]
    found = np.array([[_reached(c, g) for c, g in zip(each, goals, strict=False)] for each in curves])
    return found[..., 0], found[..., 1]


def _reached(curve: np.ndarray, goal: float) -> tuple[float, float]:
    """Where a curve first comes to a goal that it reaches, and how steeply; at once where chance is as good."""
    levels = np.concatenate([[CHANCE], curve])
    at = max(int(np.flatnonzero(levels >= goal)[0]), 1)
    rise = float(levels[at] - levels[at - 1])
    return at - 1 + (max(float(goal - levels[at - 1]), 0) / rise if rise > 0 else 0.0), rise


def _epochs_apart(code: Run, pixels: Run) -> tuple[Effect, np.ndarray]:
    """Codes minus pixels, and (2,) the means; which images validate adds as much as accuracy is flat on the way."""
    times, rises = epochs_to_common(code, pixels)
    rise = float(rises.mean(axis=1).min())
    error = _accuracy_error(code, pixels) / rise if rise > 0 else 0.0
    return seeds_effect(times[0] - times[1], "epochs", examples_error=error), times.mean(axis=1)


def _accuracy_error(code: Run, pixels: Run) -> float:
    """Standard error of a difference in validation accuracy for the images alone, taken from the test images."""
    parts = code.record["examples"]
    return float(difference(code, pixels).examples_error * np.sqrt(parts["test"] / parts["validation"]))


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
