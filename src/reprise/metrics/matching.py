"""Which detection finds which object, by COCO's rules, for all pictures at once.

In each picture and class, detections come in order of score, and each takes the free object that it overlaps most.
That is a loop by its nature; but pictures and classes do not know of each other, so that the k-th detections of all of
them take their turn together, for every threshold and every range of areas.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Pairs(NamedTuple):
    """Detections and objects of one picture and class, every one with every other.

    ``detection`` and ``object`` (p,) are places, rising; ``overlap`` (p,) says how far they overlap.
    """

    detection: np.ndarray
    object: np.ndarray
    overlap: np.ndarray


class Matches(NamedTuple):
    """(ranges, thresholds, detections) bool: whether a detection took an object, and whether that one is ignored."""

    found: np.ndarray
    ignored: np.ndarray


def pairs_within(detections: np.ndarray, objects: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places of every detection with every object of the same group; both groups' labels must rise."""
    start = np.searchsorted(objects, detections, side="left")
    count = np.searchsorted(objects, detections, side="right") - start
    detection = np.repeat(np.arange(len(detections)), count)
    before = np.cumsum(count) - count
    return detection, np.arange(len(detection)) - np.repeat(before - start, count)


def box_overlaps(
    detections: np.ndarray, objects: np.ndarray, detection: np.ndarray, found: np.ndarray, crowd: np.ndarray
) -> np.ndarray:
    """Intersection over union of pairs of boxes; over the detection's own area where the object is a crowd.

    Args:
        detections, objects: (n, 4) x, y, width, height.
        detection, found: (p,) places of the pairs.
        crowd: (objects,) bool.

    Returns:
        (p,) float64.
    """
    one, other = detections[detection].T, objects[found].T
    wide = np.minimum(one[0] + one[2], other[0] + other[2]) - np.maximum(one[0], other[0])
    high = np.minimum(one[1] + one[3], other[1] + other[3]) - np.maximum(one[1], other[1])
    shared = np.where((wide > 0) & (high > 0), wide * high, 0.0)
    own = one[2] * one[3]
    union = np.where(crowd[found], own, own + other[2] * other[3] - shared)
    return np.divide(shared, union, out=np.zeros_like(shared), where=shared > 0)


def match(pairs: Pairs, groups: np.ndarray, ignored: np.ndarray, crowd: np.ndarray, thresholds: np.ndarray) -> Matches:
    """Lets every detection take an object.

    An object that counts is preferred to one that is ignored, whatever they overlap; of equal overlaps the last object
    is taken. A crowd can be taken again and again.

    Args:
        pairs: of detections that stand in order: group by group, the best score first.
        groups: (detections,) labels of picture and class.
        ignored: (ranges, objects) bool.
        crowd: (objects,) bool.
        thresholds: (t,) overlaps from which a detection may take an object.
    """
    least = np.minimum(thresholds, 1 - 1e-10)  # an overlap of 1 may have been rounded down
    near = pairs.overlap >= least.min()
    detection, found, overlap = (column[near] for column in pairs)
    shape = (len(ignored), len(thresholds))
    result = Matches(np.zeros((*shape, len(groups)), bool), np.zeros((*shape, len(groups)), bool))
    taken = np.zeros((*shape, len(crowd)), bool)
    turn = _turns(detection, groups)
    order = np.argsort(turn, kind="stable")
    detection, found, overlap, turn = detection[order], found[order], overlap[order], turn[order]
    for first, last in _runs(turn):
        here, objects, over = detection[first:last], found[first:last], overlap[first:last]
        starts = np.flatnonzero(np.diff(here, prepend=-1))
        free = (~taken[:, :, objects] | crowd[objects]) & (over >= least[:, None])
        aside = ignored[:, None, objects]
        chosen = _best(free & ~aside, over, starts)
        chosen = np.where(chosen < 0, _best(free & aside, over, starts), chosen)
        a, t, which = np.nonzero(chosen >= 0)
        object_taken = objects[chosen[a, t, which]]
        taken[a, t, object_taken] = True
        result.found[a, t, here[starts][which]] = True
        result.ignored[a, t, here[starts][which]] = ignored[a, object_taken]
    return result


def _turns(detection: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """(p,) for each pair, the how-manieth of its group its detection is, of those that have a pair at all."""
    several, place = np.unique(detection, return_inverse=True)
    labels = groups[several]
    first = np.flatnonzero(np.diff(labels, prepend=-1)) if len(labels) else np.zeros(0, int)
    begin = np.repeat(first, np.diff(np.append(first, len(labels))))
    return (np.arange(len(labels)) - begin)[place]


def _runs(values: np.ndarray) -> list[tuple[int, int]]:
    """(start, stop) of each run of equal values."""
    ends = np.flatnonzero(np.diff(values)) + 1
    return list(zip([0, *ends], [*ends, len(values)], strict=True)) if len(values) else []


def _best(allowed: np.ndarray, overlap: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """(..., detections) place of the last of the largest allowed overlaps of each; -1 where none is allowed."""
    value = np.where(allowed, overlap, -1.0)
    largest = np.maximum.reduceat(value, starts, axis=-1)
    lengths = np.diff(np.append(starts, len(overlap)))
    best = allowed & (value == np.repeat(largest, lengths, axis=-1))
    return np.maximum.reduceat(np.where(best, np.arange(len(overlap)), -1), starts, axis=-1)
