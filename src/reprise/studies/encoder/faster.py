"""Claim 48: training on codes against training from pixels on, and letters told from a few examples."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, above, primary
from reprise.comparing.findings import also, sooner, unlearned
from reprise.runs import Probed, Run, apart
from reprise.statistics import SHARES_APART, seeds_effect
from reprise.workspace import Workspace

GOAL = 0.8  # accuracy to which epochs are counted
ENCODER = "code_32"


def findings(declared: Declaration, workspace: Workspace, runs: Mapping[str, Run]) -> list[Finding]:
    """Speed decides; where both end, epochs to a goal, and few-shot letters stand beside it."""
    code, pixels = runs["from_code"], runs["from_pixels"]
    level = declared.level(min(code.seeds, pixels.seeds))
    trained = f"{code.record['parameters']:,} of {pixels.record['parameters']:,} weights are trained on codes"
    found = [
        primary(
            declared, sooner(code, pixels, level), undecided=unlearned(code, pixels), note=trained, figures=("curves",)
        ),
        *also(48, [(code, pixels)], figures=("curves",)),
    ]
    reached = {run.name: run.epochs_to(GOAL) for run in (code, pixels)}
    if not any(np.isnan(epochs).any() for epochs in reached.values()):
        means = ", ".join(f"{name} {epochs.mean():.1f}" for name, epochs in reached.items())
        gap = apart(reached["from_code"], reached["from_pixels"])
        words = f"Epochs to a validation accuracy of {GOAL:g}, codes minus pixels"
        found.append(
            Finding(48, words, seeds_effect(gap, "epochs"), note=f"{means}; the encoder's own are not counted")
        )
    return [*found, *_letters(workspace)]


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
