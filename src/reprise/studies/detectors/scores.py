"""Average precision of every detector and seed, and how much of a difference is chance."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from scipy.linalg import hadamard

from reprise.data.annotated import Pictures
from reprise.metrics.detection import Objects, Scores, detection_scores
from reprise.metrics.runs import Runs
from reprise.runs import Run, same_seeds
from reprise.statistics import SHARES_APART, Effect, seeds_effect
from reprise.studies.detectors.masks import pasted

REPLICATES = 32  # halves of the test pictures, a power of two
LEAST = 0.01  # score below which no mask is drawn
FOUND = 0.1  # average precision at overlap 0.5 from which a network has learned to detect


class Ladder:
    """Test pictures, and what every detector found in them.

    Args:
        pictures: all of the prepared file.
        runs: by variant.
    """

    def __init__(self, pictures: Pictures, runs: dict[str, Run]) -> None:
        self.pictures, self.runs = pictures, runs
        self.detectors = [n for n, run in runs.items() if run.settings["kind"] not in ("tagging", "localise")]
        self.places = next(iter(runs.values())).common("test/index")
        self._scores: dict[tuple[str, str], list[Scores]] = {}
        self._halves: dict[str, np.ndarray] = {}

    @cached_property
    def areas(self) -> dict[str, tuple[float, float]]:
        """Ranges of areas: the three octaves of sizes, from a twelfth of the side to two thirds."""
        side = self.pictures.size[0]
        low, high = (side / 6) ** 2, (side / 3) ** 2
        return {"all": (0, 1e10), "small": (0, low), "medium": (low, high), "large": (high, 1e10)}

    @cached_property
    def truth(self) -> Objects:
        """What is in the test pictures."""
        p = self.pictures
        picture, which = np.nonzero(np.arange(p.boxes.shape[1]) < p.count[self.places][:, None])
        chosen = self.places[picture], which
        masks = p.masks[chosen] if p.masks.shape[1] else None
        area = None if masks is None else masks.sum((1, 2)).astype(float)
        runs = None if masks is None else Runs.from_masks(masks)
        return Objects(picture, p.classes[chosen].astype(int), _sides(p.boxes[chosen]), area=area, masks=runs)

    def detected(self, name: str, seed: int, masks: bool = False) -> Objects:
        """What one network found."""
        boxes, scores, classes = (
            each[seed] for each in self.runs[name].arrays("test/boxes", "test/scores", "test/classes")
        )
        picture, which = np.nonzero(scores > (LEAST if masks else 0))
        runs = None
        if masks:
            (small,) = self.runs[name].arrays("test/masks")
            drawn = pasted(small[seed][picture, which], boxes[picture, which], self.pictures.size)
            runs = Runs.from_masks(drawn)
        kinds, sure = classes[picture, which].astype(int), scores[picture, which].astype(float)
        return Objects(picture, kinds, _sides(boxes[picture, which]), sure, masks=runs)

    def scores(self, name: str, kind: str = "boxes") -> list[Scores]:
        """Of every seed; ``kind``: boxes or masks."""
        if (name, kind) not in self._scores:
            masks = kind == "masks"
            truth = self.truth if masks else _without_masks(self.truth)
            self._scores[name, kind] = [
                detection_scores(truth, self.detected(name, seed, masks), self._classes, self.areas)
                for seed in range(self.runs[name].seeds)
            ]
        return self._scores[name, kind]

    @property
    def _classes(self) -> list[int]:
        return list(range(len(self.pictures.class_names)))

    def precision(self, name: str, overlap: float | None = None, size: str = "all", kind: str = "boxes") -> np.ndarray:
        """(seeds,) average precision."""
        return np.array([each.average_precision(overlap, size) for each in self.scores(name, kind)])

    def halves(self, name: str, size: str = "all") -> np.ndarray:
        """(replicates,) mean average precision over seeds in balanced halves of the test pictures."""
        key = f"{name}/{size}"
        if key not in self._halves:
            self._halves[key] = np.array([self._within(name, kept, size) for kept in balanced_halves(len(self.places))])
        return self._halves[key]

    def _within(self, name: str, kept: np.ndarray, size: str) -> float:
        truth, found = _without_masks(self.truth), []
        for seed in range(self.runs[name].seeds):
            other = self.detected(name, seed)
            part = _part(truth, kept[truth.image]), _part(other, kept[other.image])
            found.append(detection_scores(*part, self._classes, self.areas).average_precision(size=size))
        return float(np.nanmean(found))

    def difference(self, one: str, other: str, size: str = "all", level: float = 0.05) -> Effect:
        """Average precision of one minus other, over seeds and pictures."""
        first, second = same_seeds(self.precision(one, size=size), self.precision(other, size=size))
        error = float((self.halves(one, size) - self.halves(other, size)).std())
        return seeds_effect(first - second, "average precision", SHARES_APART, examples_error=error, level=level)

    def unlearned(self, *names: str) -> str:
        """Why a comparison of these may not be judged; empty where all have learned to detect."""
        idle = [name for name in names if float(np.median(self.precision(name, 0.5))) < FOUND]
        return f"{', '.join(idle)} below {FOUND:g} average precision at overlap 0.5" if idle else ""


def balanced_halves(pictures: int) -> np.ndarray:
    """(REPLICATES, pictures) bool: halves that take one of each pair of groups, every pair of choices equally often.

    The spread of a score over them is its standard error over pictures (McCarthy, 1969). Average precision is no smooth
    function of the pictures: leaving out one at a time, the jackknife, makes its error twice too large.
    """
    signs = hadamard(REPLICATES)[:, 1:]
    pairs = max(1, min(signs.shape[1], pictures // 2))
    place = np.arange(pictures)
    return (signs[:, place % pairs] > 0) == (place // pairs % 2 == 0)


def _sides(boxes: np.ndarray) -> np.ndarray:
    """Corners -> x, y, width, height."""
    return np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1).astype(float)


def _without_masks(objects: Objects) -> Objects:
    return Objects(objects.image, objects.category, objects.boxes, objects.scores, objects.area, objects.crowd)


def _part(objects: Objects, kept: np.ndarray) -> Objects:
    area = None if objects.area is None else objects.area[kept]
    scores = objects.scores[kept] if len(objects.scores) else objects.scores
    return Objects(objects.image[kept], objects.category[kept], objects.boxes[kept], scores, area)
