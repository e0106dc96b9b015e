"""Claims 79-81: the submission's run lengths, the metric, and what predicting nothing scores. Nothing is trained."""

from __future__ import annotations

import numpy as np

from reprise.claims.evidence import Expect, Finding, between, equals
from reprise.data import rle
from reprise.data.ultrasound import Prepared
from reprise.metrics.segmentation import dice
from reprise.statistics import SHARE, exact, paired_effect
from reprise.studies.ultrasound.published import DICE, NOTHING, written


def exact_findings(prepared: Prepared, generated: bool) -> list[Finding]:
    """Of all labelled frames."""
    masks = prepared.masks
    shape = masks.shape[1:]
    round_trips = sum(np.array_equal(rle.decode(rle.encode(mask), shape), mask) for mask in masks)
    empty = np.zeros((1, *shape), bool)
    speck = empty.copy()
    speck[0, shape[0] // 2, shape[1] // 2] = True
    of_nothing = paired_effect(dice(masks, np.zeros_like(masks)), prepared.subject, "dice", possible=SHARE)
    leaderboard = written(DICE["nothing"]["leaderboard"])
    return [
        Finding(
            79,
            "Share of masks that the submission file's run lengths give back bit for bit",
            exact(round_trips / len(masks), len(masks), "share"),
            equals(1),
            note="Kaggle's form: column-major, 1-indexed",
        ),
        Finding(
            80, "Dice of an empty mask and an empty prediction", exact(dice(empty, empty)[0], unit="dice"), equals(1)
        ),
        Finding(
            80,
            "Dice of an empty mask and a prediction of one pixel",
            exact(dice(empty, speck)[0], unit="dice"),
            equals(0),
            published="“even a single pixel … kills the score” (S2)",
        ),
        Finding(
            81,
            "Mean dice of predicting nothing, all labelled frames",
            of_nothing,
            between(0.55, 0.65) if not generated else Expect(),
            kind="context" if generated else "claim",
            published=f"{NOTHING} (S2); {leaderboard} on the leaderboard (Tyantov's slides)",
            note="equals the share of empty masks" + (", which was planted" if generated else ""),
        ),
    ]
