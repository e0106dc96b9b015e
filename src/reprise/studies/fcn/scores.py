"""What trained networks answer for test pictures, scored: confusion and boundaries by network and picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import stats

from reprise.data.scenes import Scenes
from reprise.metrics.boundary import boundary_counts, boundary_iou
from reprise.metrics.confusion import Confusion
from reprise.metrics.segmentation import confusion_scores
from reprise.runs import Run
from reprise.statistics import SHARES_APART, Effect, seeds_effect

IGNORE = 255
Measure = Callable[["Counts"], float]
FOUR = ("pixel_accuracy", "mean_accuracy", "mean_iu", "frequency_weighted_iu")


@dataclass(frozen=True)
class Counts:
    """``confusion`` (k, k) and ``boundaries`` (k, 2), added up over pictures."""

    confusion: np.ndarray
    boundaries: np.ndarray


def mean_iu(counts: Counts) -> float:
    """Mean IU over the classes that occur."""
    return confusion_scores(counts.confusion).mean_iu


def boundary(counts: Counts) -> float:
    """Mean boundary IU over the classes that the truth has."""
    return float(np.nanmean(boundary_iou(counts.boundaries)[counts.confusion.sum(axis=1) > 0]))


@dataclass(frozen=True)
class Scored:
    """The test pictures of one variant.

    Attributes:
        name: of the variant.
        predicted: (seeds, n, h, w) uint8.
        truth: (n, h, w) uint8.
        classes: how many there are.
    """

    name: str
    predicted: np.ndarray
    truth: np.ndarray
    classes: int

    @classmethod
    def of(cls, run: Run, scenes: Scenes) -> Scored:
        """Reads what training predicted."""
        (predicted,) = run.arrays("test/predicted")
        return cls(run.name, predicted, scenes.labels[run.common("test/index")], len(scenes.classes))

    @cached_property
    def confusion(self) -> np.ndarray:
        """(seeds, n, k, k)."""
        return np.array(
            [
                [
                    Confusion(self.classes, IGNORE).add(true, said).matrix
                    for true, said in zip(self.truth, each, strict=True)
                ]
                for each in self.predicted
            ]
        )

    @cached_property
    def boundaries(self) -> np.ndarray:
        """(seeds, n, k, 2)."""
        return np.array(
            [
                [boundary_counts(true, said, self.classes) for true, said in zip(self.truth, each, strict=True)]
                for each in self.predicted
            ]
        )

    @property
    def seeds(self) -> int:
        """How many networks there are."""
        return len(self.predicted)

    def counts(self, seed: int, keep: np.ndarray | slice = slice(None)) -> Counts:
        """One network's counts over the pictures that are kept."""
        return Counts(self.confusion[seed, keep].sum(axis=0), self.boundaries[seed, keep].sum(axis=0))

    def values(self, measure: Measure) -> np.ndarray:
        """(seeds,) a measure of each network."""
        return np.array([measure(self.counts(seed)) for seed in range(self.seeds)])

    def left_out(self, measure: Measure) -> np.ndarray:
        """(n,) the mean over networks with one picture left out in turn."""
        pictures = np.arange(len(self.truth))
        return np.array(
            [np.mean([measure(self.counts(seed, pictures != out)) for seed in range(self.seeds)]) for out in pictures]
        )

    @property
    def unlearned(self) -> str:
        """Why it may not be judged: no better than the commonest class everywhere; empty where it is."""
        commonest = mean_iu(commonest_class(self.confusion[0].sum(axis=(0, 2))))
        score = float(np.median(self.values(mean_iu)))
        return f"{self.name} has a mean IU of {score:.3f}, the commonest class {commonest:.3f}" * (score <= commonest)


def commonest_class(pixels: np.ndarray) -> Counts:
    """What the commonest of (k,) numbers of pixels scores everywhere."""
    confusion = np.zeros((len(pixels), len(pixels)), np.int64)
    confusion[:, pixels.argmax()] = pixels
    return Counts(confusion, np.zeros((len(pixels), 2), np.int64))


def jackknife(left_out: np.ndarray) -> float:
    """Standard error of a measure from its values with one of n pictures left out in turn."""
    count = len(left_out)
    return float(np.sqrt((count - 1) / count * ((left_out - left_out.mean()) ** 2).sum()))


def apart(one: Scored, other: Scored, measure: Measure, level: float = 0.05, together: int = 1) -> Effect:
    """A measure of one minus the other: chance of seeds, and of which pictures were tested.

    Few pictures know little of their own spread, so their part is as wide as Student's t has it, at the stricter level.
    Pictures are taken for independent: frames of one video are not, and intervals over them are too short.
    """
    rows = min(one.seeds, other.seeds)  # the seeds that both have come first
    differences = one.values(measure)[:rows] - other.values(measure)[:rows]
    error = jackknife(one.left_out(measure) - other.left_out(measure))
    tail, freedom = 1 - level / together / 2, len(one.truth) - 1
    wider = float(stats.t.ppf(tail, freedom) / stats.norm.ppf(tail)) if freedom else float("inf")
    effect = seeds_effect(
        differences, "", SHARES_APART, error * wider if error else 0.0, level=level, together=together
    )
    return replace(effect, examples_error=error)
