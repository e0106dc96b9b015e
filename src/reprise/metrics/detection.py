"""Mean average precision and recall of detections by COCO's rules (Lin et al., 2014), as pycocotools counts them.

Twelve numbers: average precision over ten overlaps from 0.5 to 0.95, at 0.5 and 0.75 alone, of small, medium and large
objects; recall with 1, 10 and 100 detections a picture, and of the three sizes. Precision is read at 101 recalls. What
is a crowd, or lies outside the range of areas, is neither to be found nor wrong to find.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from reprise.metrics.matching import Pairs, box_overlaps, match, pairs_within
from reprise.metrics.runs import Runs, run_overlaps

OVERLAPS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0, 1, 101)
MOST = (1, 10, 100)  # detections of a picture and class that count
AREAS = {"all": (0.0, 1e10), "small": (0.0, 32.0**2), "medium": (32.0**2, 96.0**2), "large": (96.0**2, 1e10)}


@dataclass(frozen=True)
class Objects:
    """Objects of many pictures, in the order of their file.

    Attributes:
        image: (n,) which picture, as a number.
        category: (n,) which class, as a number.
        boxes: (n, 4) x, y, width, height in pixels.
        scores: (n,) of detections; the larger the surer. Empty for what truly is there.
        area: (n,) in square pixels, by which sizes are told; of the boxes, or masks, where it is left out.
        crowd: (n,) bool: several objects in one; none where it is left out.
        masks: as runs, to be compared in place of boxes.
    """

    image: np.ndarray
    category: np.ndarray
    boxes: np.ndarray
    scores: np.ndarray = field(default_factory=lambda: np.zeros(0))
    area: np.ndarray | None = None
    crowd: np.ndarray | None = None
    masks: Runs | None = None

    def __post_init__(self) -> None:
        columns = [self.image, self.category, self.boxes, self.area, self.crowd]
        lengths = {len(column) for column in columns if column is not None}
        if len(lengths) != 1 or np.shape(self.boxes)[1:] != (4,):
            raise ValueError(f"objects: expected (n, 4) boxes and columns of one length, found lengths {lengths}")
        if not (np.isfinite(self.boxes).all() and np.isfinite(self.scores).all()):
            raise ValueError("objects: boxes and scores must be finite")

    def __len__(self) -> int:
        return len(self.image)

    def areas(self) -> np.ndarray:
        """(n,) what was given, else the masks' or the boxes' own."""
        if self.area is not None:
            return self.area
        return self.boxes[:, 2] * self.boxes[:, 3] if self.masks is None else self.masks.area


@dataclass(frozen=True)
class Scores:
    """What detections are worth; NaN stands for a class of which there is nothing to be found.

    Attributes:
        precision: (overlaps, recalls, classes, ranges) with 100 detections a picture.
        recall: (overlaps, classes, ranges, most) with 1, 10 and 100.
        categories: (classes,) their numbers.
        ranges: names of the ranges of areas.
        overlaps: from which a detection may count.
    """

    precision: np.ndarray
    recall: np.ndarray
    categories: np.ndarray
    ranges: tuple[str, ...]
    overlaps: np.ndarray

    def average_precision(self, overlap: float | None = None, size: str = "all", category: int | None = None) -> float:
        """Mean over classes, recalls and overlaps, or at one overlap, of one size, of one class."""
        found = self.precision[..., self.ranges.index(size)]
        return _mean(self._chosen(np.moveaxis(found, 1, 2), overlap, category))

    def average_recall(self, most: int = MOST[-1], size: str = "all") -> float:
        """Mean recall over classes and overlaps, with at most so many detections of a picture and class."""
        return _mean(self.recall[..., self.ranges.index(size), MOST.index(most)])

    def _chosen(self, found: np.ndarray, overlap: float | None, category: int | None) -> np.ndarray:
        if overlap is not None:
            found = found[np.isclose(self.overlaps, overlap)]
        return found if category is None else found[:, self.categories == category]

    def table(self) -> dict[str, float]:
        """The twelve numbers by their usual names."""
        sizes = [size for size in self.ranges if size != "all"]
        return {
            "AP": self.average_precision(),
            "AP50": self.average_precision(0.5),
            "AP75": self.average_precision(0.75),
            **{f"AP {size}": self.average_precision(size=size) for size in sizes},
            **{f"AR{most}": self.average_recall(most) for most in MOST},
            **{f"AR {size}": self.average_recall(size=size) for size in sizes},
        }


def detection_scores(
    truth: Objects,
    detected: Objects,
    categories: Sequence[int] | None = None,
    areas: dict[str, tuple[float, float]] = AREAS,
    overlaps: np.ndarray = OVERLAPS,
) -> Scores:
    """Scores detections against what is there.

    Args:
        truth: all objects of all pictures.
        detected: all detections, of the same pictures. With masks on both sides masks are compared, else boxes.
        categories: the classes that count; by default those of which there is an object.
        areas: ranges by name, the first of them without limits.
        overlaps: from which a detection may count.

    Raises:
        ValueError: detections without scores.
    """
    if len(detected.scores) != len(detected):
        raise ValueError(f"detections: {len(detected)} boxes and {len(detected.scores)} scores")
    chosen = np.unique(truth.category if categories is None else np.asarray(categories, dtype=np.int64))
    images = np.unique(np.concatenate([truth.image, detected.image]))
    crowd = np.zeros(len(truth), bool) if truth.crowd is None else np.asarray(truth.crowd, bool)
    objects, object_groups = _in_groups(truth, images, chosen, None)
    order, groups = _in_groups(detected, images, chosen, -detected.scores)
    rank = np.arange(len(groups)) - np.searchsorted(groups, groups)
    order, groups, rank = (column[rank < MOST[-1]] for column in (order, groups, rank))
    one, other = pairs_within(groups, object_groups)
    if truth.masks is not None and detected.masks is not None:
        overlap = run_overlaps(detected.masks, truth.masks, order[one], objects[other], crowd)
    else:
        overlap = box_overlaps(detected.boxes, truth.boxes, order[one], objects[other], crowd)
    limits = np.array(list(areas.values()))
    ignored = crowd[objects] | _outside(truth.areas()[objects], limits)
    matches = match(Pairs(one, other, overlap), groups, ignored, crowd[objects], overlaps)
    skipped = matches.ignored | (~matches.found & _outside(detected.areas()[order], limits)[:, None])
    right, counted = matches.found & ~skipped, ~skipped
    kinds = object_groups % max(len(chosen), 1)
    wanted = np.stack([np.bincount(kinds[row], minlength=len(chosen)) for row in ~ignored])  # (ranges, classes)
    precision = np.full((len(overlaps), len(RECALLS), len(chosen), len(areas)), np.nan)
    recall = np.full((len(overlaps), len(chosen), len(areas), len(MOST)), np.nan)
    kind = groups % max(len(chosen), 1)
    best = np.lexsort((-detected.scores[order], kind))  # classes apart; equal scores in the order of pictures
    ends = np.searchsorted(kind[best], np.arange(len(chosen) + 1))
    for k in range(len(chosen)):
        here = best[ends[k] : ends[k + 1]]
        hits, seen = right[..., here], np.cumsum(counted[..., here], axis=-1)
        for a in np.flatnonzero(wanted[:, k]):
            for m, most in enumerate(MOST):
                recall[:, k, a, m] = hits[a][:, rank[here] < most].sum(axis=1) / wanted[a, k]
            for t in range(len(overlaps)):
                precision[t, :, k, a] = _at_recalls(seen[a, t, hits[a, t]], int(wanted[a, k]))
    return Scores(precision, recall, chosen, tuple(areas), overlaps)


def _in_groups(
    objects: Objects, images: np.ndarray, categories: np.ndarray, keys: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Places of the objects of these classes, ordered by picture, class and key, and their groups' labels."""
    place = np.searchsorted(categories, objects.category)
    ours = np.flatnonzero(np.isin(objects.category, categories))
    group = np.searchsorted(images, objects.image[ours]) * len(categories) + place[ours]
    order = np.lexsort((np.zeros(len(ours)) if keys is None else keys[ours], group))
    return ours[order], group[order]


def _outside(area: np.ndarray, limits: np.ndarray) -> np.ndarray:
    """(ranges, n) bool."""
    return (area < limits[:, :1]) | (area > limits[:, 1:])


def _at_recalls(seen: np.ndarray, wanted: int) -> np.ndarray:
    """(101,) the best precision at each recall or beyond; 0 at recalls that are not reached.

    Args:
        seen: for each right detection in order of score, how many counted up to it. Between them precision only falls.
        wanted: objects to be found.
    """
    hits = np.arange(1, len(seen) + 1)
    precision = np.append(np.maximum.accumulate((hits / (seen + np.spacing(1)))[::-1])[::-1], 0.0)
    return precision[np.searchsorted(hits / wanted, RECALLS, side="left")]


def _mean(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")
