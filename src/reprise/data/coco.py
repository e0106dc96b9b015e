"""COCO's JSON: what truly is in pictures, and what was detected. All that is wrong with a file is told at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reprise.data.coco_fields import (
    AnnotationError,
    boxes_column,
    ids_column,
    is_finite,
    is_id,
    masks_column,
    numbers_column,
    short,
    where,
)  # fmt: skip
from reprise.data.coco_runs import counts_of, encode_string
from reprise.files import parse_json, shown, write_json
from reprise.metrics.detection import Objects
from reprise.npz import REMEDY


@dataclass(frozen=True)
class Truth:
    """What is in pictures.

    Attributes:
        images: id -> (height, width); (0, 0) where the file does not say.
        files: id -> file name; "" where the file does not say.
        categories: id -> name.
        objects: in the file's order.
        remarks: what is odd and does no harm, in words.
    """

    images: dict[int, tuple[int, int]]
    files: dict[int, str]
    categories: dict[int, str]
    objects: Objects
    remarks: tuple[str, ...] = ()


def read_truth(path: Path, masks: bool = False) -> Truth:
    """Reads annotations.

    Args:
        path: a JSON object with ``images``, ``categories`` and ``annotations``.
        masks: read segmentations too: polygons, or runs as a list or a string.

    Raises:
        AnnotationError: with every fault: unknown pictures and classes, ids that stand twice, boxes that are no boxes,
            masks that fit no picture.
        ValueError: not JSON, or no such object at all.
    """
    found = _parsed(path)
    lists = {}
    for key in ("images", "categories", "annotations"):
        rows = found.get(key) if isinstance(found, dict) else None
        if not (isinstance(rows, list) and all(isinstance(row, dict) for row in rows)):
            what = f"a list of {key}" if isinstance(found, dict) else "an object with images, categories, annotations"
            hint = "; a bare list is what detections look like" if isinstance(found, list) else ""
            raise ValueError(f"{shown(path)}: expected {what}, as COCO has it{hint}")
        lists[key] = rows
    faults: list[str] = []
    images = _sizes(lists["images"], faults)
    files = {row["id"]: str(row.get("file_name", "")) for row in lists["images"] if is_id(row.get("id"))}
    categories = {row["id"]: str(row.get("name", row["id"])) for row in lists["categories"] if is_id(row.get("id"))}
    for name, rows in lists.items():
        _check_ids(name, rows, faults)
    rows = lists["annotations"]
    image, category = _places("annotations", rows, set(images), set(categories), faults)
    boxes = boxes_column("annotations", rows, faults)
    crowd = _crowds(rows, faults)
    area = _areas(rows, faults)
    runs = masks_column("annotations", rows, images, faults) if masks and not faults else None
    if faults:
        raise AnnotationError(path, faults)
    area = np.where(np.isnan(area), boxes[:, 2] * boxes[:, 3] if runs is None else runs.area, area)
    objects = Objects(image, category, boxes, np.zeros(0), area, crowd, runs)
    return Truth(images, files, categories, objects, tuple(_remarks(objects, images)))


def read_detections(path: Path, truth: Truth, masks: bool = False) -> Objects:
    """Reads detections in pictures of which the truth is known.

    Args:
        path: a JSON list of objects with ``image_id``, ``category_id``, ``score`` and ``bbox`` (or, for masks,
            ``segmentation``).
        truth: of the same pictures.
        masks: read masks in place of boxes.

    Raises:
        AnnotationError: with every fault.
        ValueError: not JSON, or no list.
    """
    rows = _parsed(path)
    if not (isinstance(rows, list) and all(isinstance(row, dict) for row in rows)):
        hint = ""
        if isinstance(rows, dict):
            inside = [key for key, value in rows.items() if isinstance(value, list)]
            hint = f", not an object with {', '.join(map(short, inside)) or 'no lists'}"
            hint = "; this looks like annotations: give them first" if "annotations" in inside else hint
        raise ValueError(f"{shown(path)}: expected a list of detections, as COCO's results have it{hint}")
    faults: list[str] = []
    image, category = _places("detections", rows, set(truth.images), set(truth.categories), faults)
    scores = numbers_column("detections", rows, "score", faults)
    boxes = np.zeros((len(rows), 4)) if masks else boxes_column("detections", rows, faults)
    runs = masks_column("detections", rows, truth.images, faults) if masks and not faults else None
    if faults:
        raise AnnotationError(path, faults)
    return Objects(image, category, boxes, scores, masks=runs)


def write_truth(path: Path, truth: Truth) -> None:
    """Writes annotations that :func:`read_truth` reads again, masks as strings of runs."""
    objects, area = truth.objects, truth.objects.areas()
    crowd = np.zeros(len(objects), bool) if objects.crowd is None else objects.crowd
    rows = [
        {"id": i + 1, "area": float(area[i]), "iscrowd": int(crowd[i])} | _row(objects, i, truth.images)
        for i in range(len(objects))
    ]
    images = [
        {"id": key, "file_name": truth.files.get(key, ""), "height": size[0], "width": size[1]}
        for key, size in truth.images.items()
    ]
    categories = [{"id": key, "name": name} for key, name in truth.categories.items()]
    write_json(path, {"images": images, "categories": categories, "annotations": rows})


def write_detections(path: Path, detected: Objects, images: dict[int, tuple[int, int]]) -> None:
    """Writes detections that :func:`read_detections` reads again."""
    scores = detected.scores.tolist()
    write_json(path, [{"score": scores[i]} | _row(detected, i, images) for i in range(len(detected))])


def _row(objects: Objects, place: int, images: dict[int, tuple[int, int]]) -> dict[str, Any]:
    image = int(objects.image[place])
    row = {"image_id": image, "category_id": int(objects.category[place]), "bbox": objects.boxes[place].tolist()}
    if objects.masks is not None:
        height, width = images[image]
        runs, (first, last) = objects.masks, objects.masks.first[place : place + 2]
        mask = np.zeros(height * width, bool)
        for start, stop in zip(runs.starts[first:last], runs.stops[first:last], strict=True):
            mask[start:stop] = True
        counts = encode_string(counts_of(mask.reshape(width, height).T))
        row["segmentation"] = {"size": [height, width], "counts": counts}
    return row


def _places(
    name: str, rows: list[dict], images: set[int], categories: set[int], faults: list[str]
) -> tuple[np.ndarray, np.ndarray]:
    return (
        ids_column(name, rows, "image_id", images, "a picture", faults),
        ids_column(name, rows, "category_id", categories, "a class", faults),
    )


def _check_ids(name: str, rows: list[dict], faults: list[str]) -> None:
    seen: set[int] = set()
    for place, row in enumerate(rows):
        key = row.get("id")
        if not is_id(key):
            if name != "annotations" or "id" in row:
                faults.append(f"{name}[{place}]: id: found {short(key)}, expected a whole number")
        elif key in seen:
            faults.append(f"{name}[{place}]: id {key} stands twice")
        else:
            seen.add(key)


def _sizes(rows: list[dict], faults: list[str]) -> dict[int, tuple[int, int]]:
    sizes = {}
    for place, row in enumerate(rows):
        if not is_id(row.get("id")):
            continue  # told with the ids
        size = row.get("height", 0), row.get("width", 0)
        if not all(type(side) is int and 0 <= side < 2**20 for side in size):
            faults.append(f"{where('images', place, row)}: height and width: found {short(size)}")
            size = 0, 0
        sizes[row["id"]] = size
    return sizes


def _parsed(path: Path) -> Any:
    """JSON of anyone's: a byte order mark is no fault, and nothing here makes the file again."""
    content = Path(path).read_bytes()
    if content[:2] == b"\x1f\x8b":
        raise ValueError(f"{shown(path)}: is compressed; unpack it with gunzip")
    try:
        return parse_json(content.removeprefix(b"\xef\xbb\xbf"), shown(path))
    except ValueError as error:
        raise ValueError(str(error).removesuffix(f"; {REMEDY}")) from None


def _crowds(rows: list[dict], faults: list[str]) -> np.ndarray:
    """(n,) bool: whether an annotation stands for a crowd; it does not where nothing is said."""
    given = [row.get("iscrowd", 0) for row in rows]
    for place, value in enumerate(given):
        if value not in (0, 1) or not isinstance(value, int):
            faults.append(f"{where('annotations', place, rows[place])}: iscrowd: found {short(value)}, expected 0 or 1")
    return np.array([value == 1 for value in given], bool)


def _areas(rows: list[dict], faults: list[str]) -> np.ndarray:
    """(n,) areas as given, NaN where none is."""
    given = [row.get("area") for row in rows]
    for place, value in enumerate(given):
        if value is not None and not (is_finite(value) and value >= 0):
            found = short(value)
            faults.append(
                f"{where('annotations', place, rows[place])}: area: found {found}, expected a number from 0 on"
            )
            given[place] = None
    return np.array([np.nan if value is None else value for value in given], dtype=float)


def _remarks(objects: Objects, images: dict[int, tuple[int, int]]) -> list[str]:
    """Boxes that nothing can find, counted: they make recall smaller and are allowed."""
    empty = int((objects.boxes[:, 2:] <= 0).any(axis=1).sum())
    sizes = np.array([images[key] for key in objects.image.tolist()], dtype=float).reshape(-1, 2)[:, ::-1]
    low, high = objects.boxes[:, :2], objects.boxes[:, :2] + objects.boxes[:, 2:]
    outside = int(((sizes > 0) & ((low >= sizes) | (high <= 0))).any(axis=1).sum())
    counts = ((empty, "without area, which nothing overlaps"), (outside, "outside their picture"))
    return [f"{count} box{'es' if count > 1 else ''} {what}" for count, what in counts if count]
