"""Ultrasound frames with masks: Kaggle's files, anyone's PNG folders, or generated sweeps (claims 79-87).

Whatever they come from, frames become one prepared file: ``make`` is what the pipeline calls.
"""

from __future__ import annotations

import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image
from pydantic import Field

from reprise.data import speckle
from reprise.files import read_npz, write_npz
from reprise.settings import Strict

TRAIN, VALIDATION, TEST = 0, 1, 2
SIZE = (420, 580)
SUBJECTS = 3  # at least: training, validation and test
TIFF = (".tif", ".tiff")
OTHERS = (".jpg", ".jpeg", ".bmp", ".gif", ".webp")  # images that are not read
KAGGLE_NAME = re.compile(r"^(\d+)_(\d+)(_mask)?\.tiff?$", re.IGNORECASE)


class DataError(ValueError):
    """Files are not as they must be; the message lists every one of them."""


class Config(Strict):
    """The section ``data.ultrasound`` of params.yaml."""

    subjects: int = Field(ge=4)
    frames: int = Field(ge=2, description="of each subject")
    seed: int
    size: int = Field(ge=16, multiple_of=16, description="side of the images that are trained on")


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


def make(config: Config, source: str, raw: Path, out: Path) -> None:
    """Generates frames or reads ``raw``, and writes the prepared file."""
    frames = generate(config.subjects, config.frames, config.seed) if source == "generated" else read(raw)
    prepare(frames, out, config.size)


def generate(subjects: int, frames: int, seed: int, size: tuple[int, int] = SIZE) -> Frames:
    """Sweeps with planted near-duplicates and contradictory labels; see :mod:`reprise.data.speckle`.

    Subject k is the same whatever the number of subjects.

    Raises:
        ValueError: nothing to generate, or frames too small to show anything.
    """
    if subjects < 1 or frames < 1 or min(size) < 40:
        raise ValueError(
            f"found {subjects} subjects, {frames} frames, size {size}; at least 1, 1 and 40 x 40 are needed"
        )
    parts = speckle.subjects(subjects, frames, seed, size)
    offsets = np.cumsum([0] + [int(part.group.max()) + 1 for part in parts])[:-1]
    truth = np.concatenate([part.true_masks for part in parts])
    flipped = np.concatenate([part.flipped for part in parts])
    return Frames(
        images=np.concatenate([part.images for part in parts]),
        masks=truth & ~flipped[:, None, None],
        true_masks=truth,
        subject=np.repeat(np.arange(1, subjects + 1, dtype=np.int32), frames),
        frame=np.tile(np.arange(1, frames + 1, dtype=np.int32), subjects),
        names=np.array([f"{s}_{f}" for s in range(1, subjects + 1) for f in range(1, frames + 1)]),
        duplicate_group=np.concatenate([p.group + o for p, o in zip(parts, offsets, strict=True)]).astype(np.int32),
        duplicate_of=np.concatenate(
            [np.where(p.original < 0, -1, p.original + i * frames) for i, p in enumerate(parts)]
        ).astype(np.int32),
        flipped=flipped,
    )


def read(raw: Path) -> Frames:
    """Real frames from a folder: Kaggle's layout (there or in ``train/``), or ``images/`` and ``masks/``.

    Raises:
        DataError: every file that is wrong, by name, with what was found; or too few subjects to split.
    """
    if (raw / "images").is_dir():
        frames = read_pairs(raw)
    else:
        frames = read_kaggle(raw / "train" if (raw / "train").is_dir() else raw)
    _check_subjects(frames.subject, f"{raw}: ")
    return frames


def read_kaggle(folder: Path) -> Frames:
    """``<subject>_<frame>.tif`` and ``<subject>_<frame>_mask.tif``, 8 bit, all of one size; any subset of subjects.

    Raises:
        DataError: see :func:`read`.
    """
    problems: list[str] = []
    images: dict[tuple[int, int], Path] = {}
    masks: dict[tuple[int, int], Path] = {}
    for path in _files(folder, problems):
        match = KAGGLE_NAME.match(path.name)
        if match is None:
            if path.suffix.lower() in (".png", *OTHERS):
                problems.append(f"{path.name}: frames and masks are .tif here")
            elif path.suffix.lower() in TIFF:
                problems.append(f"{path.name}: the name is not SUBJECT_FRAME.tif or SUBJECT_FRAME_mask.tif")
            continue
        key, kind = (int(match[1]), int(match[2])), masks if match[3] else images
        if max(key) > np.iinfo(np.int32).max:
            problems.append(f"{path.name}: subjects and frames are counted up to {np.iinfo(np.int32).max}")
            continue
        if key in kind:
            problems.append(f"{path.name}: the same frame as {kind[key].name}")
        kind.setdefault(key, path)
    keys = sorted(images.keys() | masks.keys())
    pairs = [(images.get(key), masks.get(key), f"{key[0]}_{key[1]}") for key in keys]
    return _assemble(folder, pairs, np.array(keys, np.int32).reshape(-1, 2), problems)


def read_pairs(folder: Path) -> Frames:
    """``images/NAME.png`` with ``masks/NAME.png``, for other people's data.

    The part of a name before its first ``_`` is the subject; names without one are subjects by themselves.

    Raises:
        DataError: see :func:`read`.
    """
    problems: list[str] = []
    sides: list[dict[str, Path]] = []
    for side in ("images", "masks"):
        found: dict[str, Path] = {}
        for path in _files(folder / side, problems):
            if path.suffix.lower() in OTHERS:
                problems.append(f"{side}/{path.name}: frames and masks are .png or .tif")
            if path.suffix.lower() not in (".png", *TIFF):
                continue
            if path.stem in found:
                problems.append(f"{side}/{path.name}: the same name as {side}/{found[path.stem].name}")
            found.setdefault(path.stem, path)
        sides.append(found)
    names = sorted(sides[0].keys() | sides[1].keys())
    subjects = {name: i + 1 for i, name in enumerate(sorted({name.split("_")[0] for name in names}))}
    order: dict[int, int] = {}
    keys = []
    for name in names:
        who = subjects[name.split("_")[0]]
        order[who] = order.get(who, 0) + 1
        keys.append((who, order[who]))
    pairs = [(sides[0].get(name), sides[1].get(name), name) for name in names]
    return _assemble(folder, pairs, np.array(keys, np.int32).reshape(-1, 2), problems)


def _files(folder: Path, problems: list[str]) -> list[Path]:
    if not folder.is_dir():
        raise DataError(f"{folder} is missing; data/raw/ultrasound/README.md says what goes there. Nothing was written")
    here = folder.resolve()
    files = []
    for path in sorted(folder.iterdir()):
        if path.is_symlink() and here not in Path(os.path.realpath(path)).parents:  # unlike resolve, a loop is no error
            problems.append(f"{path.name}: a link out of the folder")
        elif path.is_symlink() and not path.exists():
            problems.append(f"{path.name}: a link to nothing")
        elif path.is_file():
            files.append(path)
    return files


def _assemble(
    folder: Path, pairs: list[tuple[Path | None, Path | None, str]], keys: np.ndarray, problems: list[str]
) -> Frames:
    """Decodes all pairs in parallel and raises all problems at once."""

    def name(path: Path) -> str:
        return path.relative_to(folder).as_posix()

    problems += [f"{name(image)}: no mask" for image, mask, _ in pairs if mask is None]
    for image, mask, _ in pairs:
        if image is None:  # nothing is lost by leaving it out; that its frame is missing should be known
            print(f"{name(mask)}: a mask without its frame, left out", file=sys.stderr)
    keys = keys[[image is not None for image, _, _ in pairs]]
    pairs = [pair for pair in pairs if pair[0] is not None]
    if not pairs and not problems:
        problems.append("no frames; data/raw/ultrasound/README.md says what goes here")
    paths = [path for image, mask, _ in pairs for path in (image, mask) if path is not None]
    with ThreadPoolExecutor() as pool:
        decoded = dict(zip(paths, pool.map(_decode, paths), strict=True))
    problems += [f"{name(path)}: {found}" for path, found in decoded.items() if isinstance(found, str)]
    shapes = [decoded[i].shape for i, _, _ in pairs if i is not None and not isinstance(decoded[i], str)]
    usual = max(set(shapes), key=shapes.count) if shapes else None
    for image, mask, _ in pairs:
        frame = decoded.get(image)
        label = decoded.get(mask)
        if isinstance(frame, np.ndarray) and frame.shape != usual:
            problems.append(f"{name(image)}: {_size(frame)}, the others are {usual[0]} x {usual[1]}")
        if isinstance(label, np.ndarray):
            if isinstance(frame, np.ndarray) and frame.shape != label.shape:
                problems.append(f"{name(mask)}: {_size(label)}, its frame is {_size(frame)}")
            values = np.unique(label)
            if len(values) > 2 or (len(values) == 2 and values[0] != 0):
                shown = ", ".join(map(str, values[:6])) + (", ..." if len(values) > 6 else "")
                problems.append(f"{name(mask)}: a mask has two values, one of them 0; found {shown}")
            elif len(values) == 1 and values[0] not in (0, 1, 255):
                problems.append(f"{name(mask)}: every pixel is {values[0]}; expected 0 (empty) or 255 (full)")
    if problems:
        listed = "\n  ".join(sorted(set(problems)))
        raise DataError(f"{folder}: {len(set(problems))} problems, nothing was written:\n  {listed}")
    masks = np.stack([decoded[mask] > 0 for _, mask, _ in pairs])
    n = len(pairs)
    return Frames(
        images=np.stack([decoded[image] for image, _, _ in pairs]),
        masks=masks,
        true_masks=masks,
        subject=keys[:, 0],
        frame=keys[:, 1],
        names=np.array([label for _, _, label in pairs]),
        duplicate_group=np.full(n, -1, np.int32),
        duplicate_of=np.full(n, -1, np.int32),
        flipped=np.zeros(n, bool),
    )


def _decode(path: Path) -> np.ndarray | str:
    """(h, w) uint8, or what is wrong with the file."""
    try:
        with Image.open(path) as image:
            if image.mode not in ("L", "1", "P", "RGB", "RGBA"):
                return f"mode {image.mode}; expected 8 bit grey"
            return np.asarray(image.convert("L"))
    except Exception as error:  # damaged bytes make decoders raise anything, TypeError and SyntaxError among them
        return f"not a readable image ({type(error).__name__}: {str(error).split(':')[0]})"


def _size(array: np.ndarray) -> str:
    return f"{array.shape[0]} x {array.shape[1]}"


def resize(images: np.ndarray, size: int) -> np.ndarray:
    """(n, h, w) uint8 -> (n, size, size) uint8, bilinear with a kernel as wide as the reduction.

    The source resized bilinearly without it, which samples four pixels of a 3.6 x 2.6 patch and keeps the speckle's
    full noise; averaging the patch is what "smaller" means, and at equal size both agree.
    """
    with ThreadPoolExecutor() as pool:
        rows = pool.map(lambda image: np.asarray(Image.fromarray(image).resize((size, size), Image.BILINEAR)), images)
        return np.stack(list(rows))


def whole_blocks(frames: np.ndarray, block: int = 20) -> np.ndarray:
    """(n, h, w) without the rows below and the columns on the right that fill no block of the histogram hashes."""
    height, width = frames.shape[1:]
    return frames[:, : height // block * block, : width // block * block]


def prepare(frames: Frames, out: Path, size: int) -> None:
    """Writes the one file that every later stage reads: frames as they are, images and soft targets at ``size``."""
    write_npz(
        out,
        frames=frames.images,
        masks=np.packbits(frames.masks, axis=-1),
        true_masks=np.packbits(frames.true_masks, axis=-1),
        images=resize(frames.images, size),
        targets=resize(frames.masks.astype(np.uint8) * 255, size),
        subject=frames.subject,
        frame=frames.frame,
        names=frames.names,
        duplicate_group=frames.duplicate_group,
        duplicate_of=frames.duplicate_of,
        flipped=frames.flipped,
    )


class Prepared:
    """The prepared file, read member by member when it is asked for. Attributes as in :class:`Frames`, and:

    ``frames`` (n, h, w) uint8 at their own size; ``images`` and ``targets`` (n, size, size) uint8; ``nonempty`` (n,)
    bool.
    """

    def __init__(self, path: Path) -> None:
        self._archive = read_npz(path)

    def __getattr__(self, name: str) -> np.ndarray:
        if name.startswith("_") or name not in self._archive.files:
            raise AttributeError(name)
        value = self._archive[name]
        if name in ("masks", "true_masks"):
            value = np.unpackbits(value, axis=-1, count=self.frames.shape[-1]).astype(bool)
        self.__dict__[name] = value
        return value

    @cached_property
    def nonempty(self) -> np.ndarray:
        """(n,) bool: the label shows something."""
        return self.masks.any((1, 2))


def load(path: Path) -> Prepared:
    """Opens what :func:`prepare` wrote."""
    return Prepared(path)


def _check_subjects(subject: np.ndarray, where: str = "") -> None:
    count = len(np.unique(subject))
    if count < SUBJECTS:
        raise DataError(f"{where}{count} subjects; a split that keeps subjects whole needs at least {SUBJECTS}")


def split_by_subject(subject: np.ndarray, seed: int, test: float = 0.2, validation: float = 0.15) -> np.ndarray:
    """(n,) int8 of TRAIN, VALIDATION, TEST with every subject whole on one side.

    Subjects are drawn in a random order and put where frames are missing, if that overshoots the share by at most a
    half: one that holds most of the frames stays in training. Where every subject overshoots, the smallest is taken.
    Test goes on to a second subject where that limit admits one, since intervals are over subjects.

    Raises:
        DataError: too few subjects for three parts.
    """
    _check_subjects(subject)
    names, counts = np.unique(subject, return_counts=True)
    total = len(subject)
    part = dict.fromkeys(names.tolist(), TRAIN)
    left = [int(i) for i in np.random.default_rng(seed).permutation(len(names))]
    for which, share in ((TEST, test), (VALIDATION, validation)):
        held = 0
        for i in list(left):
            drawn = sum(p == which for p in part.values())
            enough = held >= share * total and drawn >= (2 if which == TEST else 1)
            if not enough and held + counts[i] <= 1.5 * share * total and len(left) > (2 if which == TEST else 1):
                part[int(names[i])] = which
                held += counts[i]
                left.remove(i)
        if held == 0:
            smallest = min(left, key=lambda i: counts[i])
            part[int(names[smallest])] = which
            left.remove(smallest)
    return np.array([part[int(who)] for who in subject], np.int8)


def split_by_image(nonempty: np.ndarray, seed: int, test: float = 0.2, validation: float = 0.15) -> np.ndarray:
    """(n,) int8: the source's split, by image and stratified by mask presence, which puts one sweep on both sides."""
    rng = np.random.default_rng(seed)
    part = np.full(len(nonempty), TRAIN, np.int8)
    for value in (False, True):
        index = rng.permutation(np.flatnonzero(nonempty == value))
        tested, validated = round(test * len(index)), round(validation * len(index))
        part[index[:tested]] = TEST
        part[index[tested : tested + validated]] = VALIDATION
    return part
