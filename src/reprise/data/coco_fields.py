"""Fields of many JSON objects as columns; who is at fault is only looked for where something is."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np

from reprise.data.coco_runs import FARTHEST, crossings, decode_strings, polygon_counts
from reprise.files import shown
from reprise.metrics.runs import Runs

LISTED = 20  # faults in one message; the rest are counted
MOST = 1e300  # larger ones are no measurements; infinity and NaN are not smaller
PASSED = 1 << 22  # columns that one annotation's polygons may pass, each counted as often as an edge passes it
RUNS = 1 << 23, 1 << 10  # numbers that all masks drawn from polygons may take, and as many more for each annotation


class AnnotationError(ValueError):
    """A file of annotations cannot be used; the message has a line for each fault."""

    def __init__(self, path: Path | str, faults: Sequence[str]) -> None:
        self.faults = list(faults)
        lines = [f"  {fault}" for fault in self.faults[:LISTED]]
        more = len(self.faults) - LISTED
        lines += [f"  ... and {more} more"] if more > 0 else []
        count = f"{len(self.faults)} fault{'s' if len(self.faults) > 1 else ''}"
        super().__init__("\n".join([f"{shown(path)}: {count}:", *lines]))


def is_id(value: Any) -> bool:
    """Whether it is a whole number that fits 64 bits."""
    return type(value) is int and abs(value) < 2**62


def is_finite(value: Any) -> bool:
    """Whether it is a number that a float holds."""
    return type(value) in (int, float) and abs(value) <= MOST


def ids_column(name: str, rows: list[dict], key: str, known: set[int], what: str, faults: list[str]) -> np.ndarray:
    """(n,) ids that must be known."""
    places = np.array(sorted(known), dtype=np.int64)

    def fits(values: np.ndarray) -> bool:
        return values.dtype.kind == "i" and values.ndim == 1 and bool(np.isin(values, places).all())

    return _column(name, rows, key, f"the id of {what} of the file", fits, lambda v: is_id(v) and v in known, faults)


def numbers_column(name: str, rows: list[dict], key: str, faults: list[str]) -> np.ndarray:
    """(n,) finite numbers."""

    def fits(values: np.ndarray) -> bool:
        return values.dtype.kind in "if" and values.ndim == 1 and bool(np.isfinite(values).all())

    return _column(name, rows, key, "a finite number", fits, is_finite, faults).astype(float)


def boxes_column(name: str, rows: list[dict], faults: list[str]) -> np.ndarray:
    """(n, 4) boxes x, y, width, height; a side may be 0."""

    def fits(values: np.ndarray) -> bool:
        right = values.dtype.kind in "if" and values.shape[1:] == (4,)
        return right and bool(np.isfinite(values).all() and (values[:, 2:] >= 0).all())

    def fits_one(value: Any) -> bool:
        return type(value) is list and len(value) == 4 and all(map(is_finite, value)) and min(value[2:]) >= 0

    expected = "[x, y, width, height], finite and not reversed"
    return _column(name, rows, "bbox", expected, fits, fits_one, faults).astype(float).reshape(-1, 4)


def _column(
    name: str,
    rows: list[dict],
    key: str,
    expected: str,
    fits: Callable[[np.ndarray], bool],
    fits_one: Callable[[Any], bool],
    faults: list[str],
) -> np.ndarray:
    """Values of a key; rows that lack it, or where it does not fit, are told."""
    if not rows:
        return np.zeros(0, np.int64)
    try:
        values = np.array(list(map(itemgetter(key), rows)))
        if fits(values):
            return values
    except (KeyError, ValueError, OverflowError):  # not there, or of several lengths
        pass
    before = len(faults)
    for place, row in enumerate(rows):
        if key not in row:
            faults.append(f"{where(name, place, row)}: no {key}")
        elif not fits_one(row[key]):
            faults.append(f"{where(name, place, row)}: {key}: found {short(row[key])}, expected {expected}")
    if len(faults) == before:
        faults.append(f"{name}: {key}: numbers of several kinds or too large, expected {expected}")
    return np.zeros(0, np.int64)


def masks_column(name: str, rows: list[dict], images: dict[int, tuple[int, int]], faults: list[str]) -> Runs | None:
    """Segmentations, as runs; None where one is at fault."""
    counts: list[np.ndarray] = [np.zeros(0, np.int64)] * len(rows)
    strings: dict[int, str] = {}
    left = RUNS[0] + RUNS[1] * len(rows)
    for place, row in enumerate(rows):
        try:
            found = _one_mask(row.get("segmentation"), images[row["image_id"]])
            if isinstance(row["segmentation"], list) and (left := left - len(found)) < 0:
                faults.append(f"{where(name, place, row)}: segmentation: up to here polygons have too many runs")
                return None
        except ValueError as error:
            faults.append(f"{where(name, place, row)}: segmentation: {error}")
            continue
        if isinstance(found, str):
            strings[place] = found
        else:
            counts[place] = found
    try:
        for place, found in zip(strings, decode_strings(list(strings.values())), strict=True):
            counts[place] = found
    except ValueError as error:
        place, _, what = str(error).partition(": ")
        at = list(strings)[int(place)]
        faults.append(f"{where(name, at, rows[at])}: segmentation: {what}")
    for place, row in enumerate(rows):
        size = images[row["image_id"]]
        lengths = counts[place]
        if not faults and ((lengths < 0).any() or lengths.sum() != size[0] * size[1]):
            faults.append(
                f"{where(name, place, row)}: segmentation: runs do not fill a picture of {size[0]} x {size[1]}"
            )
    return None if faults else Runs.from_counts(counts)


def _one_mask(found: Any, size: tuple[int, int]) -> np.ndarray | str:
    if 0 in size:
        raise ValueError("its picture has no height and width")
    if isinstance(found, dict):
        if found.get("size") != list(size):
            raise ValueError(f"size {short(found.get('size'))}, its picture has {list(size)}")
        counts = found.get("counts")
        if isinstance(counts, str) or (isinstance(counts, list) and all(map(is_id, counts))):
            return counts if isinstance(counts, str) else np.array(counts, dtype=np.int64)
        raise ValueError(f"counts: found {short(counts)}, expected a string or whole numbers")
    if isinstance(found, list) and found and all(map(_is_polygon, found)):
        polygons = [np.reshape(points, (-1, 2)) for points in found]
        farthest = max(np.abs(points).max() for points in polygons)
        passed = sum(crossings(points, size[1]) for points in polygons)
        if farthest > FARTHEST or passed > PASSED:
            what = f"a corner at {farthest:g}" if farthest > FARTHEST else f"edges that pass {passed:,} columns"
            raise ValueError(f"{what}, in a picture of {size[0]} x {size[1]}")
        drawn = [polygon_counts(points, size) for points in polygons]
        return drawn[0] if len(drawn) == 1 else _together(Runs.from_counts(drawn), size[0] * size[1])
    raise ValueError(f"found {short(found)}, expected polygons or runs")


def _together(runs: Runs, pixels: int) -> np.ndarray:
    """Lengths of runs of what any of the masks fills."""
    order = np.argsort(runs.starts)
    starts, stops = runs.starts[order], np.maximum.accumulate(runs.stops[order])
    first = starts > np.append(-1, stops)[:-1]
    last = np.append(first[1:], True)[: len(first)]
    return np.diff(np.stack([starts[first], stops[last]], axis=1).ravel(), prepend=0, append=pixels)


def _is_polygon(points: Any) -> bool:
    return isinstance(points, list) and len(points) >= 6 and len(points) % 2 == 0 and all(map(is_finite, points))


def where(name: str, place: int, row: dict) -> str:
    """Which row is meant."""
    key = row.get("id")
    return f"{name}[{place}]" + (f" (id {key})" if is_id(key) else "")


def short(value: Any) -> str:
    """What was found, as it may stand in a message."""
    words = re.sub(r"\s+", " ", repr(value))
    return shown(words if len(words) <= 60 else f"{words[:57]}...")
