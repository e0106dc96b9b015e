"""What the segmentation networks say: the decision on every pixel, and the has_mask head's on the whole frame.

Both are two-class problems with logits [0, z], asked of validation and of test frames and answered by the labels as
they are stored.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logit

from reprise.data.ultrasound import Prepared
from reprise.runs import Run

PIXELS = 1_000_000  # at most so many of validation and of test, one from each of equal stretches
LEAST, MOST = 2.0**-25, 1 - 2.0**-12  # half precision rounds what is no larger to 0, and what is no smaller to 1
SHOWN = {"pixels": "raw", "head": "cleaned_has_mask"}  # by target, the variant that is drawn


@dataclass(frozen=True)
class Answers:
    """What one variant's networks say to a yes-or-no question, asked of pixels or of frames.

    Attributes:
        logits: (seeds, n) log-odds of yes.
        labels: (n,) 0 or 1.
        subject: (n,) whose frame it is.
    """

    logits: np.ndarray
    labels: np.ndarray
    subject: np.ndarray


def answers(run: Run, prepared: Prepared) -> dict[str, tuple[Answers, Answers]]:
    """Validation's and test's answers: ``pixels``, and ``head`` where the variant has one."""
    parts = ("validation", "test")
    index = [run.common(f"{part}/index") for part in parts]
    maps = run.arrays(*(f"{part}/probability" for part in parts))
    found = {"pixels": tuple(_of_pixels(prepared, i, p) for i, p in zip(index, maps, strict=True))}
    if run.has("test/has_mask_logit"):
        logits = run.arrays(*(f"{part}/has_mask_logit" for part in parts))
        found["head"] = tuple(_of_frames(prepared, i, z) for i, z in zip(index, logits, strict=True))
    return found


def _of_pixels(prepared: Prepared, index: np.ndarray, probability: np.ndarray) -> Answers:
    total = probability[0].size
    ends = np.arange(min(total, PIXELS) + 1) * total // min(total, PIXELS)
    drawn = np.random.default_rng(0).integers(ends[:-1], ends[1:])  # a fixed stride could follow a few columns
    inside = np.clip(probability.reshape(len(probability), -1)[:, drawn].astype(np.float64), LEAST, MOST)
    labels = prepared.targets[index].reshape(-1)[drawn] > 127
    return Answers(logit(inside), labels.astype(np.intp), prepared.subject[index][drawn // probability[0, 0].size])


def _of_frames(prepared: Prepared, index: np.ndarray, logits: np.ndarray) -> Answers:
    return Answers(logits.astype(np.float64), prepared.nonempty[index].astype(np.intp), prepared.subject[index])


def shown(runs: dict[str, Run], prepared: Prepared) -> dict[str, Answers]:
    """By target, what the drawn variant answers on test."""
    return {target: answers(runs[variant], prepared)[target][1] for target, variant in SHOWN.items()}
