"""What a variant's predictions score: post-processed as the source's, at the frames' own size, by Kaggle's dice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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


@dataclass(frozen=True)
class Scores:
    """One variant on its test frames; first axis seeds, second frames."""

    index: np.ndarray
    dice: np.ndarray
    true_dice: np.ndarray
    soft: np.ndarray
    iou: np.ndarray
    present: np.ndarray
    predicted_present: np.ndarray
    pixel_accuracy: np.ndarray  # (seeds,)
    mean_iu: np.ndarray
    best: np.ndarray  # seed 0's masks


def score(run: Run, prepared: Prepared) -> Scores:
    """Post-processes and scores one variant's test predictions, seed by seed."""
    index, (probability,) = run.common("test/index"), run.arrays("test/probability")
    heads = run.arrays("test/has_mask_logit")[0] if run.has("test/has_mask_logit") else None
    truth, clean_truth = prepared.masks[index], prepared.true_masks[index]
    soft_truth = prepared.targets[index] / np.float32(255)
    rows: dict[str, list[np.ndarray]] = {}
    for seed, maps in enumerate(probability.astype(np.float32)):
        has_mask = None if heads is None else 1 / (1 + np.exp(-heads[seed].astype(np.float64)))
        predicted = postprocess(maps, has_mask, truth.shape[1:])
        confusion = confusion_scores(confusion_matrix(truth, predicted, 2))
        values = {
            "dice": dice(truth, predicted),
            "true_dice": dice(clean_truth, predicted),
            "soft": soft_dice(soft_truth, maps),
            "iou": intersection_over_union(truth, predicted),
            "predicted_present": predicted.any((1, 2)),
            "pixel_accuracy": confusion.pixel_accuracy,
            "mean_iu": confusion.mean_iu,
        }
        for name, value in values.items():
            rows.setdefault(name, []).append(value)
        if seed == 0:
            best = predicted
    return Scores(
        index=index, present=truth.any((1, 2)), best=best, **{name: np.array(value) for name, value in rows.items()}
    )
