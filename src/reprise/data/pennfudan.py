"""The Penn-Fudan pedestrians: pictures, masks of numbered pedestrians, and boxes in an old text form of PASCAL."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from reprise.data.annotated import Annotated
from reprise.data.many import UnreadableImagesError
from reprise.data.opening import PictureError, opened

CLASS = "pedestrian"
BOX = re.compile(r"\(Xmin, Ymin\) - \(Xmax, Ymax\) : \((\d+), (\d+)\) - \((\d+), (\d+)\)")
NEAR = 3  # pixels by which a drawn box and its mask may differ


def read(folder: Path) -> list[Annotated]:
    """All annotated pictures, in the order of their names; boxes are those of the masks.

    Args:
        folder: that holds ``PNGImages``, ``PedMasks`` and ``Annotation``, itself or in ``PennFudanPed``.

    Raises:
        FileNotFoundError: no such folders.
        UnreadableImagesError: with every file at fault: masks that are missing, cannot be read, show nobody, or do not
            agree with the boxes that the annotation gives.
    """
    root = folder / "PennFudanPed" if (folder / "PennFudanPed").is_dir() else folder
    pictures = sorted((root / "PNGImages").glob("*.png"))
    if not pictures:
        raise FileNotFoundError(f"{root}/PNGImages has no pictures; unpack PennFudanPed.zip to {folder}")
    problems: dict[Path, str] = {}
    rows = []
    for picture in pictures:
        mask_file = root / "PedMasks" / f"{picture.stem}_mask.png"
        try:
            with opened(mask_file) as image:
                numbers = np.asarray(image)  # a palette's indices, as they are
        except (PictureError, OSError) as error:
            problems[mask_file] = str(error) if isinstance(error, PictureError) else error.strerror or str(error)
            continue
        masks = numbers == np.arange(1, int(numbers.max(initial=0)) + 1, dtype=numbers.dtype)[:, None, None]
        if numbers.ndim != 2 or not len(masks) or not masks.any((1, 2)).all():
            problems[mask_file] = "expected pedestrians numbered from 1 on, one after the other, on 0"
            continue
        boxes = boxes_of(masks)
        text = root / "Annotation" / f"{picture.stem}.txt"
        if text.is_file() and (fault := _disagrees(text, boxes)):
            problems[text] = fault
        rows.append(Annotated(picture, mask_file, (CLASS,) * len(masks), boxes, numbers.shape, masks))
    if problems:
        raise UnreadableImagesError(problems)
    return rows


def boxes_of(masks: np.ndarray) -> np.ndarray:
    """(k, 4) boxes around (k, h, w) masks, none of which is empty."""
    columns, rows = masks.any(1), masks.any(2)
    low = [axis.argmax(1) for axis in (columns, rows)]
    high = [axis.shape[1] - axis[:, ::-1].argmax(1) for axis in (columns, rows)]
    return np.stack([*low, *high], axis=1).astype(float)


def _disagrees(text: Path, boxes: np.ndarray) -> str:
    """Where the annotation's boxes (from 1 on, ends within) are not the masks'; "" where they are."""
    found = BOX.findall(text.read_text(encoding="utf-8", errors="replace"))
    given = np.array(found, dtype=float).reshape(-1, 4) - [1, 1, 0, 0]
    if len(given) != len(boxes):
        return f"has {len(given)} boxes, its mask {len(boxes)} pedestrians"
    far = np.abs(given - boxes).max(axis=1)
    wrong = [f"{place + 1} by {far[place]:g} pixels" for place in np.flatnonzero(far > NEAR)]
    return f"boxes differ from the mask: pedestrian {', '.join(wrong)}" if wrong else ""
