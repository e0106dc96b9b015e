"""Claims 79-81: the submission's run lengths, the metric, and what predicting nothing scores. Nothing is trained."""

from __future__ import annotations

import numpy as np
from scipy.spatial import distance

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Finding, equals, primary
from reprise.data import rle
from reprise.data.ultrasound import Prepared
from reprise.metrics.segmentation import dice
from reprise.statistics import exact
from reprise.studies.ultrasound.effects import of_the_set, part_of_the_set
from reprise.studies.ultrasound.published import DICE, NOTHING, written

COMPARED = 50  # masks on which the dice is compared with SciPy's


def exact_findings(declared: Declarations, prepared: Prepared, generated: bool) -> list[Finding]:
    """Of all labelled frames."""
    masks, nonempty = prepared.masks, prepared.nonempty
    right = sum(np.array_equal(numbered(rle.encode(mask)), np.flatnonzero(mask.T) + 1) for mask in masks)
    empty = np.zeros((1, *masks.shape[1:]), bool)
    speck = empty.copy()
    speck[0, masks.shape[1] // 2, masks.shape[2] // 2] = True
    of_nothing = dice(masks, np.zeros_like(masks))
    leaderboard = written(DICE["nothing"]["leaderboard"])
    smoothed = (0 + 1) / (1 + 1)
    wrong = masks | (speck & ~nonempty[:, None, None])
    lost, pooled = 1 - dice(masks, wrong).mean(), 1 - 2 * masks.sum() / (masks.sum() + wrong.sum())
    return [
        Finding(
            79,
            "Share of masks whose run lengths name their pixels and no others, as the competition numbers them",
            exact(right / len(masks), len(masks), "share"),
            equals(1),
            kind="oracle",
            oracle="the pixels counted one by one, from 1",
        ),
        primary(
            declared[80],
            exact(dice(empty, empty)[0] - dice(empty, speck)[0], unit="dice"),
            published="“even a single pixel … kills the score” (S2)",
            note=f"by the dice with a smoothing term of 1 that the source trains with it would be {1 - smoothed:g}",
        ),
        Finding(
            80,
            "Largest difference between our dice and an independent one, masks against themselves moved",
            exact(_apart_from_scipy(masks[nonempty])),
            equals(0, 1e-12),
            kind="oracle",
            oracle="scipy.spatial.distance.dice",
        ),
        Finding(
            80,
            "What a perfect submission loses by one pixel on every empty mask, mean of the images' dice",
            exact(lost, len(masks), "dice"),
            note=f"by one dice of all pixels together it would lose {pooled:.1g}: it is the mean that kills",
        ),
        primary(
            declared[81],
            of_the_set(of_nothing, prepared.subject, "dice"),
            undecided=part_of_the_set(len(masks)),
            published=f"{NOTHING} (S2); {leaderboard} on the leaderboard (Tyantov's slides)",
            note="equals the share of empty masks" + (", which was planted" if generated else ""),
        ),
    ]


def numbered(text: str) -> np.ndarray:
    """The pixels that run lengths name."""
    runs = np.array(text.split(), int).reshape(-1, 2)
    return np.concatenate([np.arange(start, start + length) for start, length in runs] or [np.zeros(0, int)])


def _apart_from_scipy(masks: np.ndarray) -> float:
    some = masks[:COMPARED]
    moved = np.roll(some, masks.shape[2] // 7, axis=2)
    theirs = [1 - distance.dice(a.ravel(), b.ravel()) for a, b in zip(some, moved, strict=True)]
    return float(np.abs(dice(some, moved) - theirs).max(initial=0))
