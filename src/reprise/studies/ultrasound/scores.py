"""What a variant's predictions score: post-processed as the source's, at the frames' own size, by Kaggle's dice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from reprise.data.submission import postprocess
from reprise.data.ultrasound import Prepared
from reprise.metrics.segmentation import (
    confusion_matrix,
    confusion_scores,
    dice,
    intersection_over_union,
    soft_dice,
)
from reprise.runs import Run
from reprise.statistics import Effect
from reprise.studies.ultrasound.effects import crossed_effect
from reprise.studies.ultrasound.folds import distinct


@dataclass(frozen=True)
class Scores:
    """One variant; a row for every network and frame that it was tested on, seed by seed.

    Attributes:
        seed, index, subject: (m,) which network, which frame, whose.
        dice, true_dice, soft, iou: (m,) against the label; ``true_dice`` against that before any was flipped.
        loud_dice: (m,) dice had the has_mask head not emptied anything.
        present, predicted_present: (m,) whether there is a nerve.
        pixel_accuracy, mean_iu: (seeds,) over all of a network's frames.
        best: seed 0's masks.
    """

    seed: np.ndarray
    index: np.ndarray
    subject: np.ndarray
    dice: np.ndarray
    true_dice: np.ndarray
    loud_dice: np.ndarray
    soft: np.ndarray
    iou: np.ndarray
    present: np.ndarray
    predicted_present: np.ndarray
    pixel_accuracy: np.ndarray
    mean_iu: np.ndarray
    best: np.ndarray

    @property
    def seeds(self) -> int:
        """How many networks."""
        return len(self.mean_iu)

    def by_seed(self, values: np.ndarray) -> np.ndarray:
        """(seeds,) means of (m,) values."""
        return np.bincount(self.seed, values) / np.bincount(self.seed)

    def effect(self, values: np.ndarray, **more) -> Effect:
        """Mean of (m,) values, or of the first so many, over seeds and subjects; ``more`` as ``crossed_effect`` has."""
        return crossed_effect(values, self.seed[: len(values)], self.subject[: len(values)], "dice", **more)


def score(run: Run, prepared: Prepared) -> Scores:
    """Post-processes and scores one variant's test predictions, seed by seed."""
    places, maps = run.arrays("test/index", "test/probability")
    heads = expit(run.arrays("test/has_mask_logit")[0].astype(np.float64)) if run.has("test/has_mask_logit") else None
    rows: dict[str, list[np.ndarray]] = {}
    every: dict[str, list[float]] = {"pixel_accuracy": [], "mean_iu": []}
    best = None
    for seed, place in enumerate(places):
        first = distinct(place)
        index, probability = place[first], maps[seed, first].astype(np.float32)
        truth = prepared.masks[index]
        loud = predicted = postprocess(probability, None, truth.shape[1:])
        if heads is not None:
            predicted = postprocess(probability, heads[seed, first], truth.shape[1:])
        values = {
            "seed": np.full(len(index), seed),
            "index": index,
            "subject": prepared.subject[index],
            "dice": dice(truth, predicted),
            "true_dice": dice(prepared.true_masks[index], predicted),
            "loud_dice": dice(truth, loud),
            "soft": soft_dice(prepared.targets[index] / np.float32(255), probability),
            "iou": intersection_over_union(truth, predicted),
            "present": truth.any((1, 2)),
            "predicted_present": predicted.any((1, 2)),
        }
        for name, value in values.items():
            rows.setdefault(name, []).append(value)
        confusion = confusion_scores(confusion_matrix(truth, predicted, 2))
        for name, found in every.items():
            found.append(getattr(confusion, name))
        best = predicted if seed == 0 else best
    joined = {name: np.concatenate(value) for name, value in rows.items()}
    return Scores(best=best, **joined, **{name: np.array(value) for name, value in every.items()})


def check_same_frames(scores: dict[str, Scores]) -> None:
    """Comparisons are paired frame by frame, so all variants must have been tested on the same ones.

    Raises:
        ValueError: they were not.
    """
    first = next(iter(scores.values()))
    for name, other in scores.items():
        rows = [(s.seed < min(first.seeds, other.seeds)) for s in (first, other)]
        if not np.array_equal(first.index[rows[0]], other.index[rows[1]]):
            raise ValueError(f"{name} was tested on frames that are not those of the other variants; train it again")
