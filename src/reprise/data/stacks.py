"""The membrane challenge's files (ISBI 2012): stacks of pages in TIFF, or folders of PNG; inside white, membrane black.

All or nothing: everything that is wrong is named in one error.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from reprise.data.folders import natural, pictures
from reprise.data.images import read_grey
from reprise.data.label_pictures import read_labels
from reprise.data.many import LISTED, each
from reprise.data.opening import quiet
from reprise.files import one_line, shown

TIFF = (".tif", ".tiff")
VOLUMES = (("train-volume.tif", "train-labels.tif"), ("train-volume.tiff", "train-labels.tiff"))
FOLDERS = (("train/image", "train/label"), ("train/images", "train/labels"), ("image", "label"), ("images", "labels"))
INSIDE = (1, 255)  # both are found for what lies inside cells


class StackError(ValueError):
    """Files are not as they must be; the message lists every one of them."""


class Stack(NamedTuple):
    """``images`` (n, h, w) uint8, ``inside`` (n, h, w) bool: slices in order, true inside cells."""

    images: np.ndarray
    inside: np.ndarray


def read_stack(raw: Path) -> Stack:
    """Labelled slices: ``train-volume.tif`` with ``train-labels.tif``, or ``train/image`` with ``train/label``.

    Raises:
        StackError: everything that is wrong, by file and page.
    """
    problems: list[str] = []
    for images, labels in VOLUMES:
        if (raw / images).exists() or (raw / labels).exists():
            sides = [_read_pages(raw / name, problems) for name in (images, labels)]
            break
    else:
        chosen = next((names for names in FOLDERS if (raw / names[0]).is_dir()), None)
        if chosen is None:
            raise StackError(f"{shown(raw)}: neither {VOLUMES[0][0]} nor a folder {FOLDERS[0][0]}")
        images, labels = chosen
        sides = _read_folders(raw / images, raw / labels, problems)
    if not problems and len(sides[0]) != len(sides[1]):
        problems.append(f"{images} has {len(sides[0])} slices, {labels} {len(sides[1])}")
    if not problems and not sides[0]:
        problems.append(f"{images}: no slices")
    sizes = {page.shape for side in sides for _, page in side}
    usual = sides[0][0][1].shape if sides[0] else ()
    if len(sizes) > 1:
        problems += [
            f"{name}: {page.shape[0]} x {page.shape[1]}, the first slice is {usual[0]} x {usual[1]}"
            for side in sides
            for name, page in side
            if page.shape != usual
        ]
    for name, page in sides[1]:
        wrong = [value for value in np.unique(page).tolist() if value != 0 and value not in INSIDE]
        if wrong or {1, 255} <= set(np.unique(page).tolist()):
            found = ", ".join(map(str, (wrong or [1, 255])[:4]))
            problems.append(f"{name}: has label {found}; expected 0 for membranes and 255 (or 1) inside")
    if problems:
        listed = sorted(set(problems))
        more = [f"... and {len(listed) - LISTED} more"] if len(listed) > LISTED else []
        lines = "\n  ".join([*listed[:LISTED], *more])
        raise StackError(f"{shown(raw)}: {len(listed)} problems, nothing was written:\n  {lines}")
    return Stack(np.stack([page for _, page in sides[0]]), np.stack([page for _, page in sides[1]]) > 0)


def _read_pages(path: Path, problems: list[str]) -> list[tuple[str, np.ndarray]]:
    """All pages of a TIFF of 8 bits."""
    import tifffile

    try:
        with tifffile.TiffFile(path) as file:
            pages = [page.asarray() for page in file.pages]
    except Exception as error:  # tifffile's own, struct's, zlib's, the operating system's
        reason = error.strerror if isinstance(error, OSError) and error.strerror else one_line(error)
        problems.append(f"{shown(path.name)}: cannot be read ({shown(reason)})")
        return []
    found = []
    if not pages:
        problems.append(f"{shown(path.name)}: holds no page; damaged, or cut off")
    for number, page in enumerate(pages):
        name = f"{shown(path.name)}, page {number}"
        if page.ndim != 2 or page.dtype not in (np.uint8, bool):
            problems.append(f"{name}: {page.dtype} of shape {page.shape}; expected grey of 8 bits")
        else:
            found.append((name, page.astype(np.uint8)))
    return found


def _read_folders(images: Path, labels: Path, problems: list[str]) -> list[list[tuple[str, np.ndarray]]]:
    """The pictures of both folders by name, in natural order."""
    sides, bad = [], {}
    for folder, read in ((images, read_grey), (labels, lambda path: read_labels(path, 256, None))):
        if not folder.is_dir():
            problems.append(f"{shown(folder)}: no such folder")
            sides.append({})
            continue
        paths = sorted(pictures(folder), key=lambda path: natural(path.stem))
        with quiet():
            pages = list(each(paths, read, bad))
        sides.append(
            {
                path.stem: (f"{shown(folder.name)}/{shown(path.name)}", page)
                for path, page in zip(paths, pages, strict=True)
            }
        )
    problems += [f"{shown(path)}: {found}" for path, found in bad.items()]
    for one, other, folder in ((sides[0], sides[1], labels), (sides[1], sides[0], images)):
        problems += [f"{one[name][0]}: no fellow in {shown(folder.name)}" for name in one.keys() - other.keys()]
    return [[found for found in side.values() if found[1] is not None] for side in sides]
