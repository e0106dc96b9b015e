"""Real ultrasound frames with their masks from a folder: Kaggle's files, or anyone's pictures (claims 79-87).

All or nothing: every file that is wrong is named in one error. What is left out without harm is said on stderr.
"""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reprise.data.folders import composed, natural, pictures
from reprise.data.images import bits_needed, read_grey, read_header
from reprise.data.many import each
from reprise.data.masks import read_mask
from reprise.data.opening import SUFFIXES, quiet
from reprise.files import shown

SUBJECTS = 3  # at least: training, validation and test
KAGGLE_NAME = re.compile(r"(\d+)_(\d+)(_mask)?", re.IGNORECASE)


class DataError(ValueError):
    """Files are not as they must be; the message lists every one of them."""


@dataclass(frozen=True)
class Frames:
    """Frames, their labels, and for generated ones what was planted.

    Attributes:
        images: (n, h, w) uint8.
        masks: (n, h, w) bool, as labelled.
        true_masks: (n, h, w) bool, before any label was flipped; the same as ``masks`` for real data.
        subject: (n,) int32.
        frame: (n,) int32, the order in time within a subject.
        names: (n,) str.
        duplicate_group: (n,) int32, frames with one value are near-duplicates of each other; -1 where unknown.
        duplicate_of: (n,) int32, index of the frame this one repeats; -1 for originals.
        flipped: (n,) bool, the label contradicts the truth.
    """

    images: np.ndarray
    masks: np.ndarray
    true_masks: np.ndarray
    subject: np.ndarray
    frame: np.ndarray
    names: np.ndarray
    duplicate_group: np.ndarray
    duplicate_of: np.ndarray
    flipped: np.ndarray


def read(raw: Path) -> Frames:
    """Real frames from a folder: Kaggle's layout (there or in ``train/``), or ``images/`` and ``masks/``.

    Raises:
        DataError: every file that is wrong, by name, with what was found; or too few subjects to split.
    """
    if (raw / "images").is_dir():
        frames, used = read_pairs(raw), [raw / "images", raw / "masks"]
    else:
        used = [raw / "train" if (raw / "train").is_dir() else raw]
        frames = read_kaggle(used[0])
    if raw not in used:
        left = [path for path in pictures(raw) if not any(folder in path.parents for folder in used)]
        for parent, count in Counter(path.parent for path in left).items():
            print(f"{shown(parent)}: {count} pictures not read, since {shown(used[0])} is there", file=sys.stderr)
    check_subjects(frames.subject, f"{shown(raw)}: ")
    return frames


def read_kaggle(folder: Path) -> Frames:
    """``<subject>_<frame>.tif`` and ``<subject>_<frame>_mask.tif``, all of one size; any subset of subjects.

    Raises:
        DataError: see :func:`read`.
    """
    problems: list[str] = []
    images: dict[tuple[int, int], Path] = {}
    masks: dict[tuple[int, int], Path] = {}
    for path in _files(folder, problems):
        match = KAGGLE_NAME.fullmatch(path.stem)
        if match is None:
            problems.append(f"{shown(path.name)}: the name is not SUBJECT_FRAME.tif or SUBJECT_FRAME_mask.tif")
            continue
        key, kind = (int(match[1]), int(match[2])), masks if match[3] else images
        if max(key) > np.iinfo(np.int32).max:
            problems.append(f"{shown(path.name)}: subjects and frames are counted up to {np.iinfo(np.int32).max}")
            continue
        if key in kind:
            problems.append(f"{shown(path.name)}: the same frame as {shown(kind[key].name)}")
        kind.setdefault(key, path)
    keys = sorted(images.keys() | masks.keys())
    pairs = [(images.get(key), masks.get(key), f"{key[0]}_{key[1]}") for key in keys]
    return _assemble(folder, pairs, np.array(keys, np.int32).reshape(-1, 2), problems)


def read_pairs(folder: Path) -> Frames:
    """``images/NAME.png`` with ``masks/NAME.png``, for other people's data, in natural order.

    The part of a name before its first ``_`` is the subject; names without one are subjects by themselves.

    Raises:
        DataError: see :func:`read`.
    """
    problems: list[str] = []
    sides: list[dict[str, Path]] = []
    for side in ("images", "masks"):
        found: dict[str, Path] = {}
        for path in _files(folder / side, problems):
            name = composed(path.stem)
            if name in found:
                problems.append(f"{side}/{shown(path.name)}: the same name as {side}/{shown(found[name].name)}")
            found.setdefault(name, path)
        sides.append(found)
    names = sorted(sides[0].keys() | sides[1].keys(), key=natural)
    subjects: dict[str, list[str]] = {}
    for name in names:
        subjects.setdefault(name.split("_")[0], []).append(name)
    ordered = [
        ((who, when), name)
        for who, subject in enumerate(sorted(subjects, key=natural), 1)
        for when, name in enumerate(subjects[subject], 1)
    ]
    pairs = [(sides[0].get(name), sides[1].get(name), name) for _, name in ordered]
    return _assemble(folder, pairs, np.array([key for key, _ in ordered], np.int32).reshape(-1, 2), problems)


def check_subjects(subject: np.ndarray, where: str = "") -> None:
    """Refuses data of fewer subjects than a split needs.

    Raises:
        DataError: with ``where`` in front.
    """
    count = len(np.unique(subject))
    if count < SUBJECTS:
        raise DataError(f"{where}{count} subjects; a split that keeps subjects whole needs at least {SUBJECTS}")


def _files(folder: Path, problems: list[str]) -> list[Path]:
    """Pictures directly in a folder. Hidden ones and those in folders below are left out, with a notice."""
    if not folder.is_dir():
        raise DataError(
            f"{shown(folder)} is missing; data/raw/ultrasound/README.md says what goes there. Nothing was written"
        )
    here = folder.resolve()
    files, hidden = [], 0
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            hidden += path.suffix.lower() in SUFFIXES
        elif (
            path.is_symlink() and here not in Path(os.path.realpath(path)).parents
        ):  # a loop is no error, as in resolve
            problems.append(f"{shown(path.name)}: a link out of the folder")
        elif path.is_symlink() and not path.exists():
            problems.append(f"{shown(path.name)}: a link to nothing")
        elif path.is_file() and path.suffix.lower() in SUFFIXES:
            files.append(path)
    if hidden:
        print(f"{shown(folder)}: {hidden} hidden pictures (._X, as macOS writes them) left out", file=sys.stderr)
    below = Counter(path.relative_to(folder).parts[0] for path in pictures(folder) if path.parent != folder)
    for name, count in below.items():
        print(f"{shown(folder / name)}: {count} pictures in a folder of their own, left out", file=sys.stderr)
    if below and not files:
        problems.append(f"{shown(folder.name)}: no pictures but in folders below it; move them up")
    return files


def _assemble(
    folder: Path, pairs: list[tuple[Path | None, Path | None, str]], keys: np.ndarray, problems: list[str]
) -> Frames:
    """Decodes all pairs in parallel and raises all problems at once."""

    def name(path: Path) -> str:
        return shown(path.relative_to(folder).as_posix())

    problems += [f"{name(image)}: no mask" for image, mask, _ in pairs if mask is None]
    for image, mask, _ in pairs:
        if image is None:  # nothing is lost by leaving it out; that its frame is missing should be known
            print(f"{name(mask)}: a mask without its frame, left out", file=sys.stderr)
    keys = keys[[image is not None for image, _, _ in pairs]]
    pairs = [pair for pair in pairs if pair[0] is not None]
    if not pairs and not problems:
        problems.append("no frames; data/raw/ultrasound/README.md says what goes here")
    frames, masks, bad = _decode([image for image, _, _ in pairs], [mask for _, mask, _ in pairs if mask is not None])
    problems += [f"{name(path)}: {found}" for path, found in bad.items()]
    shapes = [frame.shape for frame in frames.values()]
    usual = max(set(shapes), key=shapes.count) if shapes else None
    for image, mask, _ in pairs:
        frame, label = frames.get(image), masks.get(mask)
        if frame is not None and frame.shape != usual:
            problems.append(f"{name(image)}: {_size(frame)}, the others are {usual[0]} x {usual[1]}")
        if frame is not None and label is not None and frame.shape != label.shape:
            problems.append(f"{name(mask)}: {_size(label)}, its frame is {_size(frame)}")
    if problems:
        listed = "\n  ".join(sorted(set(problems)))
        raise DataError(f"{shown(folder)}: {len(set(problems))} problems, nothing was written:\n  {listed}")
    labels = np.stack([masks[mask] for _, mask, _ in pairs])
    n = len(pairs)
    return Frames(
        images=np.stack([frames[image] for image, _, _ in pairs]),
        masks=labels,
        true_masks=labels,
        subject=keys[:, 0],
        frame=keys[:, 1],
        names=np.array([label for _, _, label in pairs]),
        duplicate_group=np.full(n, -1, np.int32),
        duplicate_of=np.full(n, -1, np.int32),
        flipped=np.zeros(n, bool),
    )


def _decode(
    images: list[Path], masks: list[Path]
) -> tuple[dict[Path, np.ndarray], dict[Path, np.ndarray], dict[Path, str]]:
    """Frames (h, w) uint8 and masks (h, w) bool by path, and what is wrong with the others.

    Frames of more than 8 bits are all read by one range, which is said on stderr.
    """
    bad: dict[Path, str] = {}

    def read_all(paths: list[Path], work: Callable[[Path], Any]) -> dict[Path, Any]:
        found = zip(paths, each(paths, work, bad), strict=True)
        return {path: result for path, result in found if result is not None}

    with quiet():
        headers = read_all(images, read_header)
        ranges = read_all([path for path, header in headers.items() if header.deep], bits_needed)
        bits = max(ranges.values(), default=None)
        if bits:
            print(f"{len(ranges)} frames of more than 8 bits, read as {bits} bits", file=sys.stderr)
        frames = read_all([path for path in headers if path not in bad], lambda path: read_grey(path, bits=bits))
        return frames, read_all(masks, read_mask), bad


def _size(array: np.ndarray) -> str:
    return f"{array.shape[0]} x {array.shape[1]}"
