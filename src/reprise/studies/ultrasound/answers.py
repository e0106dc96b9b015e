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
from reprise.studies.ultrasound.folds import distinct

PARTS = ("validation", "test")
PIXELS = 1_000_000  # at most so many of validation and of test, one from each of equal stretches
LEAST, MOST = 2.0**-25, 1 - 2.0**-12  # half precision rounds what is no larger to 0, and what is no smaller to 1
SHOWN = {"pixels": "raw", "head": "cleaned_has_mask"}  # by target, the variant that is drawn


@dataclass(frozen=True)
class Answers:
    """What one network says to a yes-or-no question, asked of pixels or of frames.

    Attributes:
        logits: (n,) log-odds of yes.
        labels: (n,) 0 or 1.
        subject: (n,) whose frame it is.
    """

    logits: np.ndarray
    labels: np.ndarray
    subject: np.ndarray


Asked = tuple[Answers, Answers]  # validation's and test's


def answers(run: Run, prepared: Prepared) -> dict[str, list[Asked]]:
    """Every seed's answers: ``pixels``, and ``head`` where the variant has one."""
    of = {"pixels": ("probability", _of_pixels)}
    if run.has("test/has_mask_logit"):
        of["head"] = ("has_mask_logit", _of_frames)
    places = run.arrays(*(f"{part}/index" for part in PARTS))
    found = {}
    for target, (name, each) in of.items():
        said = run.arrays(*(f"{part}/{name}" for part in PARTS))
        found[target] = [
            tuple(each(prepared, place[seed], values[seed]) for place, values in zip(places, said, strict=True))
            for seed in range(len(said[0]))
        ]
    return found


def _of_pixels(prepared: Prepared, place: np.ndarray, probability: np.ndarray) -> Answers:
    first = distinct(place)
    index, probability = place[first], probability[first]
    ends = np.arange(min(probability.size, PIXELS) + 1) * probability.size // min(probability.size, PIXELS)
    drawn = np.random.default_rng(0).integers(ends[:-1], ends[1:])  # a fixed stride could follow a few columns
    inside = np.clip(probability.reshape(-1)[drawn].astype(np.float64), LEAST, MOST)
    labels = prepared.targets[index].reshape(-1)[drawn] > 127
    return Answers(logit(inside), labels.astype(np.intp), prepared.subject[index][drawn // probability[0].size])


def _of_frames(prepared: Prepared, place: np.ndarray, logits: np.ndarray) -> Answers:
    first = distinct(place)
    index = place[first]
    labels = prepared.nonempty[index].astype(np.intp)
    return Answers(logits[first].astype(np.float64), labels, prepared.subject[index])


def shown(runs: dict[str, Run], prepared: Prepared) -> dict[str, Answers]:
    """By target, what the first network of the drawn variant answers on test."""
    return {target: answers(runs[variant], prepared)[target][0][1] for target, variant in SHOWN.items()}
