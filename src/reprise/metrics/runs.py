"""Masks as runs of pixels, and how far pairs of them overlap, without drawing any.

Pixels are counted column by column from the upper left corner, from 0, as COCO's run lengths have them.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

CHUNK = 4_000_000  # ends of runs that are looked up at once


class Runs:
    """Masks of any sizes.

    Args:
        starts: (r,) first pixel of every run, mask after mask, rising within a mask.
        stops: (r,) the pixel behind its last.
        first: (n + 1,) where each mask's runs begin.
    """

    def __init__(self, starts: np.ndarray, stops: np.ndarray, first: np.ndarray) -> None:
        self.starts, self.stops, self.first = starts, stops, first
        self.before = np.append(0, np.cumsum(stops - starts))  # filled pixels before each run, of all masks
        self.area = self.before[first[1:]] - self.before[first[:-1]]

    def __len__(self) -> int:
        return len(self.first) - 1

    @classmethod
    def from_masks(cls, masks: Iterable[np.ndarray]) -> Runs:
        """From boolean (h, w) masks."""
        starts, stops = [], []
        for mask in masks:
            edges = np.flatnonzero(np.diff(np.pad(np.asarray(mask, bool).T.ravel().view(np.int8), 1)))
            starts.append(edges[::2])
            stops.append(edges[1::2])
        return cls._joined(starts, stops)

    @classmethod
    def from_counts(cls, counts: Iterable[np.ndarray]) -> Runs:
        """From lengths of runs of empty and filled pixels in turn, empty ones first; empty runs may be among them."""
        starts, stops = [], []
        for lengths in counts:
            ends = np.cumsum(lengths)
            kept = np.asarray(lengths)[1::2] > 0
            starts.append(ends[: len(ends) // 2 * 2 : 2][kept])
            stops.append(ends[1::2][kept])
        return cls._joined(starts, stops)

    @classmethod
    def _joined(cls, starts: list[np.ndarray], stops: list[np.ndarray]) -> Runs:
        none = np.zeros(0, np.int64)
        first = np.append(0, np.cumsum([len(each) for each in starts], dtype=np.int64))
        return cls(*(np.concatenate([none, *each]).astype(np.int64) for each in (starts, stops)), first)


def run_overlaps(
    detections: Runs, objects: Runs, detection: np.ndarray, found: np.ndarray, crowd: np.ndarray
) -> np.ndarray:
    """Intersection over union of pairs of masks; over the detection's own area where the object is a crowd.

    Of every run of the object it is looked up how much of the detection lies before its ends.

    Args:
        detections, objects: masks.
        detection, found: (p,) places of the pairs.
        crowd: (objects,) bool.

    Returns:
        (p,) float64; 0 where both are empty.
    """
    shared = np.zeros(len(detection), np.int64)
    length = 1 + max((int(each.stops.max()) for each in (detections, objects) if len(each.stops)), default=0)
    owner = np.repeat(np.arange(len(detections)), np.diff(detections.first))
    starts = detections.starts + owner * length  # every mask has a stretch of its own
    runs = np.diff(objects.first)[found]
    ends = np.cumsum(runs)
    for first, last in _chunks(ends):
        pair = np.repeat(np.arange(first, last), runs[first:last])
        begin = ends[first] - runs[first]
        run = np.arange(len(pair)) - np.repeat(ends[first:last] - runs[first:last] - begin, runs[first:last])
        run += objects.first[found[pair]]
        mask = detection[pair]
        inside = [
            _filled_before(detections, starts, mask, ends_of[run], length)
            for ends_of in (objects.stops, objects.starts)
        ]
        np.add.at(shared, pair, inside[0] - inside[1])
    own = detections.area[detection]
    union = np.where(crowd[found], own, own + objects.area[found] - shared)
    return np.divide(shared, union, out=np.zeros(len(shared)), where=union > 0)


def _filled_before(masks: Runs, starts: np.ndarray, mask: np.ndarray, pixel: np.ndarray, length: int) -> np.ndarray:
    """How many filled pixels of each mask lie before a pixel."""
    place = np.searchsorted(starts, mask * length + pixel, side="right")
    inside = place > masks.first[mask]
    last = np.maximum(place - 1, 0)
    covered = masks.before[last] + np.minimum(pixel, masks.stops[last]) - masks.starts[last] if len(starts) else 0
    return np.where(inside, covered - masks.before[masks.first[mask]], 0)


def _chunks(ends: np.ndarray) -> list[tuple[int, int]]:
    """(first, last) of consecutive pairs whose runs together are not many more than CHUNK."""
    if not len(ends):
        return []
    marks = np.searchsorted(ends, np.arange(CHUNK, ends[-1] + CHUNK, CHUNK))
    cuts = np.unique(np.concatenate([[0], np.minimum(marks + 1, len(ends)), [len(ends)]]))
    return list(zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True))
