"""Folders of pictures with their label pictures: CamVid's layout, VOC's, and any two folders with the same names.

All or nothing: every file that is wrong is named in one error.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np

from reprise.data.folders import composed, natural, pictures
from reprise.data.label_pictures import read_colour, read_labels, voc_palette
from reprise.data.many import LISTED, each
from reprise.data.opening import quiet
from reprise.files import shown

PARTS = ("train", "validation", "test")
IGNORE = 255
CAMVID = (
    "sky", "building", "pole", "road", "pavement", "tree", "sign", "fence", "car", "pedestrian", "bicyclist",
)  # fmt: skip
VOC = (
    "background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable",
    "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
)  # fmt: skip


class SceneError(ValueError):
    """Files are not as they must be; the message lists every one of them."""


class Scenes(NamedTuple):
    """Pictures and their labels, of one size.

    Attributes:
        images: (n, h, w, 3) uint8.
        labels: (n, h, w) uint8; 255 counts nowhere.
        part: (n,) uint8: 0 training, 1 validation, 2 test.
        names: (n,) str.
        classes: (k,) str, names of the classes.
    """

    images: np.ndarray
    labels: np.ndarray
    part: np.ndarray
    names: np.ndarray
    classes: np.ndarray


class Pair(NamedTuple):
    """A picture, its labels, and the part that it belongs to."""

    image: Path
    labels: Path
    part: int


def read_camvid(raw: Path) -> Scenes:
    """``train/``, ``val/``, ``test/`` with ``trainannot/`` … beside them: grey PNG, 0 to 10, and 11 for void.

    Raises:
        SceneError: every file that is wrong, by name.
    """
    problems: list[str] = []
    pairs = []
    for part, name in enumerate(("train", "val", "test")):
        pairs += paired(raw / name, raw / f"{name}annot", part, problems)
    found = read_pairs(raw, pairs, len(CAMVID), 11, None, problems)
    return found._replace(classes=np.array(CAMVID))


def read_voc(raw: Path) -> Scenes:
    """``JPEGImages``, ``SegmentationClass`` and ``ImageSets/Segmentation``, there or in ``VOCdevkit/VOC20xx``.

    ``train.txt`` is trained on; of ``val.txt`` every other picture validates and the rest tests, since the test set's
    labels are kept back. Pictures differ in size: they are filled up on the right and below, with labels of 255.

    Raises:
        SceneError: every file that is wrong, by name.
    """
    root = next(
        (path.parent for path in (raw / "JPEGImages", *raw.glob("VOCdevkit/*/JPEGImages")) if path.is_dir()), raw
    )
    problems: list[str] = []
    pairs: list[Pair] = []
    for name in ("train", "val"):
        file = root / "ImageSets" / "Segmentation" / f"{name}.txt"
        try:
            listed = file.read_text(encoding="utf-8").split()
        except (OSError, UnicodeDecodeError) as error:
            problems.append(f"{shown(file)}: {getattr(error, 'strerror', None) or 'no text'}")
            continue
        for place, stem in enumerate(listed):
            part = 0 if name == "train" else 1 + place % 2
            if Path(stem).name != stem:
                problems.append(f"{shown(file)}: {shown(stem)} is no name of a picture")
                continue
            pairs.append(Pair(root / "JPEGImages" / f"{stem}.jpg", root / "SegmentationClass" / f"{stem}.png", part))
    found = read_pairs(root, pairs, len(VOC), IGNORE, voc_palette(len(VOC)), problems, fill=True)
    return found._replace(classes=np.array(VOC))


def paired(images: Path, labels: Path, part: int, problems: list[str]) -> list[Pair]:
    """Pictures and labels of the same name in two folders, in natural order; what has no fellow is a problem."""
    sides = []
    for folder in (images, labels):
        if not folder.is_dir():
            problems.append(f"{shown(folder)}: no such folder")
            return []
        by_name: dict[str, Path] = {}
        for path in sorted(pictures(folder)):
            name = composed(path.relative_to(folder).with_suffix("").as_posix())
            if name in by_name:
                problems.append(f"{shown(path)}: the same name as {shown(by_name[name].name)}")
            by_name.setdefault(name, path)
        sides.append(by_name)
    problems += [f"{shown(sides[0][name])}: no labels in {shown(labels)}" for name in sides[0].keys() - sides[1].keys()]
    problems += [
        f"{shown(sides[1][name])}: no picture in {shown(images)}" for name in sides[1].keys() - sides[0].keys()
    ]
    both = sorted(sides[0].keys() & sides[1].keys(), key=natural)
    return [Pair(sides[0][name], sides[1][name], part) for name in both]


def read_pairs(
    folder: Path,
    pairs: list[Pair],
    classes: int,
    ignore: int,
    palette: np.ndarray | None,
    problems: list[str],
    fill: bool = False,
) -> Scenes:
    """Decodes all pairs and raises all problems at once; the ignored label becomes 255.

    Args:
        folder: by which the message is headed.
        pairs: of files.
        classes: how many there are.
        ignore: label beside them.
        palette: that palette pictures must have.
        problems: found before.
        fill: pictures may differ in size.
    """
    bad: dict[Path, str] = {}
    with quiet():
        images = list(each([pair.image for pair in pairs], read_colour, bad))
        labels = list(
            each([pair.labels for pair in pairs], lambda path: read_labels(path, classes, ignore, palette), bad)
        )
    problems += [f"{shown(path)}: {found}" for path, found in bad.items()]
    sizes = Counter(image.shape[:2] for image in images if image is not None)
    usual = sizes.most_common(1)[0][0] if sizes else (0, 0)
    for pair, image, label in zip(pairs, images, labels, strict=True):
        if image is not None and not fill and image.shape[:2] != usual:
            problems.append(f"{shown(pair.image)}: {_size(image)}, the others are {usual[0]} x {usual[1]}")
        if image is not None and label is not None and image.shape[:2] != label.shape:
            problems.append(f"{shown(pair.labels)}: {_size(label)}, its picture is {_size(image)}")
    missing = [name for number, name in enumerate(PARTS) if not any(pair.part == number for pair in pairs)]
    if missing and not problems:
        problems.append(f"no pictures for {', '.join(missing)}")
    if problems:
        listed = sorted(set(problems))
        more = [f"... and {len(listed) - LISTED} more"] if len(listed) > LISTED else []
        lines = "\n  ".join([*listed[:LISTED], *more])
        raise SceneError(f"{shown(folder)}: {len(listed)} problems, nothing was written:\n  {lines}")
    height, width = (max(image.shape[axis] for image in images) for axis in (0, 1))
    whole = np.zeros((len(pairs), height, width, 3), np.uint8)
    marked = np.full((len(pairs), height, width), IGNORE, np.uint8)
    for place, (image, label) in enumerate(zip(images, labels, strict=True)):
        whole[place] = image.mean(axis=(0, 1)).astype(np.uint8)
        whole[place, : image.shape[0], : image.shape[1]] = image
        marked[place, : image.shape[0], : image.shape[1]] = np.where(label == ignore, IGNORE, label)
    return Scenes(
        whole,
        marked,
        np.array([pair.part for pair in pairs], np.uint8),
        np.array([pair.image.stem for pair in pairs]),
        np.array([str(number) for number in range(classes)]),
    )


def _size(array: np.ndarray) -> str:
    return f"{array.shape[0]} x {array.shape[1]}"
