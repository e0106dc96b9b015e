"""What each picture is labelled as: by its mask, by the folder that it lies in, or by a row of a CSV."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path

from reprise.data.folders import composed
from reprise.files import one_line, shown

BY_FOLDER = "folders"
COLUMNS = ("image", "label")


def labels_of(labels: str, roots: list[tuple[Path, list[Path]]], passed_over: Counter[str]) -> dict[Path, str]:
    """The label of each picture that has one.

    Args:
        labels: ``folders``: the first folder below the root (cats/1.jpg is of the class cats), as torchvision's
            ImageFolder takes it; else a CSV with the columns image and label. Its images are named as seen from the
            folder, or by a part of that from the right (1.jpg, 1) where only one ends so.
        roots: folders, and the pictures in each.
        passed_over: counts rows that name no picture.

    Raises:
        FileNotFoundError: no such CSV.
        ValueError: it is none, names a picture ambiguously or labels one twice; or no picture has a label.
    """
    if labels == BY_FOLDER:
        found = {
            path: path.relative_to(root).parts[0]
            for root, paths in roots
            for path in paths
            if len(path.relative_to(root).parts) > 1
        }
    else:
        found = _from_csv(Path(labels), roots, passed_over)
    if not found:
        where = "folders below the folder of images" if labels == BY_FOLDER else shown(labels)
        raise ValueError(f"no picture has a label in {where}")
    return found


def _from_csv(file: Path, roots: list[tuple[Path, list[Path]]], passed_over: Counter[str]) -> dict[Path, str]:
    if not file.is_file():
        raise FileNotFoundError(f"{shown(file)}: no such CSV of labels (or say `{BY_FOLDER}`)")
    by_name: dict[str, set[Path]] = {}
    for root, paths in roots:
        for path in paths:
            for name in _names(path.relative_to(root)):
                by_name.setdefault(name, set()).add(path)
    found: dict[Path, str] = {}
    line = 1
    try:
        reader = csv.reader(io.StringIO(file.read_bytes().decode("utf-8-sig"), newline=""), strict=True)
        header = next(reader, [])
        if not set(COLUMNS) <= set(header):
            raise ValueError(f"expected the columns {' and '.join(COLUMNS)}, found {shown(','.join(header))[:80]!r}")
        image, label = (header.index(name) for name in COLUMNS)
        for row in reader:
            line = reader.line_num
            if not row:
                continue
            if len(row) != len(header):
                raise ValueError(f"{len(row)} fields, expected {len(header)}")
            named = by_name.get(composed(row[image].removeprefix("./")), set())
            if len(named) > 1:
                raise ValueError(f"{shown(row[image])} is the name of {len(named)} pictures; give the folder as well")
            if not named:
                passed_over[f"rows of {shown(file.name)} for no picture"] += 1
            for path in named:
                if found.setdefault(path, row[label]) != row[label]:
                    raise ValueError(f"a second label for {shown(row[image])}")
    except (ValueError, csv.Error) as error:
        raise ValueError(f"{shown(file)}: line {line}: {one_line(error)}") from None
    return found


def _names(path: Path) -> set[str]:
    """Every way to name a picture: a/b/1.jpg, b/1.jpg, 1.jpg, and these without .jpg."""
    parts = path.parts
    tails = ["/".join(parts[k:]) for k in range(len(parts))]
    return {composed(name) for tail in tails for name in (tail, tail.removesuffix(path.suffix))}
