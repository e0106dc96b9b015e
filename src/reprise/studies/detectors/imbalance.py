"""Claim 128: the focal loss for the single pass, and what easy empty cells weigh with and without it."""

from __future__ import annotations

import numpy as np

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Expect, Finding, primary
from reprise.statistics import exact, seeds_effect
from reprise.studies.detectors.proposals import Searched
from reprise.studies.detectors.scores import Ladder

EASY = 0.9  # an empty cell of which the network is surer than this


def findings(declared: Declaration, ladder: Ladder, searched: Searched) -> list[Finding]:
    """The declared comparison; the same with sixteen times the cells; the weight of easy cells."""
    one, other = "grid_focal", "grid"
    seeds = min(ladder.runs[one].seeds, ladder.runs[other].seeds)
    levels = ", ".join(f"{name} {ladder.precision(name).mean():.3f}" for name in (one, other))
    idle = [name for name in (one, other) if ladder.unlearned(name)]
    both = ladder.unlearned(one, other) if len(idle) == 2 else ""
    effect = ladder.difference(one, other, level=declared.level(seeds))
    return [
        primary(declared, effect, undecided=both, note=levels, figures=("ladder",)),
        Finding(
            128,
            "Average precision, `fine_grid_focal` minus `fine_grid` (sixteen times as many cells, as many objects)",
            ladder.difference("fine_grid_focal", "fine_grid"),
            note="planted imbalance",
            figures=("ladder",),
        ),
        Finding(
            128,
            "Largest difference of the focal loss with γ = 0 from PyTorch's cross-entropy",
            exact(searched.parity["128"]),
            Expect(0, 0, closed=True),
            kind="oracle",
            oracle="torch.nn.functional.binary_cross_entropy_with_logits",
        ),
        *[
            _easy(ladder, name, loss)
            for name in ("fine_grid", "fine_grid_focal")
            for loss in ("cross-entropy", "focal loss")
        ],
    ]


def _easy(ladder: Ladder, name: str, loss: str) -> Finding:
    shares = easy_share(ladder, name, loss)
    words = f"Share of the {loss} of cells that easy empty ones have, {name}"
    return Finding(128, words, seeds_effect(shares, "share of the loss", (0, 1)), note=f"surer than {EASY:g}")


def easy_share(ladder: Ladder, name: str, loss: str) -> np.ndarray:
    """(seeds,) of the loss over all cells of the test pictures."""
    settings = ladder.runs[name].settings
    gamma, alpha = (settings["gamma"], settings["alpha"]) if loss == "focal loss" else (0.0, 0.5)
    (logits,) = ladder.runs[name].arrays("test/there")
    filled = filled_cells(ladder, settings["stride"])
    signed = np.where(filled, logits, -logits).astype(float)
    right = 1 / (1 + np.exp(-signed))
    weight = np.where(filled, alpha, 1 - alpha)
    each = weight * (1 - right) ** gamma * np.logaddexp(0, -signed)
    easy = ~filled & (right > EASY)
    return (each * easy).sum(axis=(1, 2)) / each.sum(axis=(1, 2))


def filled_cells(ladder: Ladder, stride: int) -> np.ndarray:
    """(pictures, cells) in which the middle of an object lies."""
    pictures, places = ladder.pictures, ladder.places
    rows, columns = (side // stride for side in pictures.size)
    boxes = pictures.boxes[places]
    middle = ((boxes[..., :2] + boxes[..., 2:]) / 2 / stride).astype(int)
    there = np.arange(boxes.shape[1]) < pictures.count[places][:, None]
    found = np.zeros((len(places), rows * columns), bool)
    picture, which = np.nonzero(there)
    cells = np.minimum(middle[picture, which], [columns - 1, rows - 1])
    found[picture, cells[:, 1] * columns + cells[:, 0]] = True
    return found
