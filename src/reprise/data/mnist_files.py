"""The official idx files of MNIST (LeCun et al. 1998) and EMNIST (Cohen et al. 2017): found, checked, upright."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reprise.data.cifar_files import Images
from reprise.data.idx import IdxError, read_idx
from reprise.files import shown

__all__ = ["SPLITS", "IdxError", "Split", "files", "read", "splits_in"]

SIDE = 28
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DIGITS = "0123456789"
MERGED = DIGITS + UPPER + "abdefghnqrt"  # the other small letters are one class with their capitals
PARTS = ("train-images", "train-labels", "test-images", "test-labels")


@dataclass(frozen=True)
class Split:
    """One official data set.

    Attributes:
        classes: what each label stands for, label 0 first.
        train, test: how many images there are.
        first: the label of the first class.
        transposed: rows and columns of the stored images are exchanged.
        sums: md5 of the four files, unpacked; empty where none are published.
    """

    classes: str
    train: int
    test: int
    first: int = 0
    transposed: bool = True
    sums: tuple[str, ...] = ()


SPLITS = {
    "mnist": Split(
        DIGITS,
        60_000,
        10_000,
        transposed=False,
        sums=(
            "6bbc9ace898e44ae57da46a324031adb",
            "a25bea736e30d166cdddb491f175f624",
            "2646ac647ad5339dbf082846283269ea",
            "27ae3e4e09519cfbb04c329615203637",
        ),
    ),
    "emnist-balanced": Split(MERGED, 112_800, 18_800),
    "emnist-bymerge": Split(MERGED, 697_932, 116_323),
    "emnist-letters": Split(UPPER, 124_800, 20_800, first=1),
    "emnist-digits": Split(DIGITS, 240_000, 40_000),
}


def files(name: str, raw: Path) -> dict[str, Path]:
    """Which of a split's four files there are, by part: ``train-images``, ``train-labels``, ``test-images``, ...

    They may lie in ``raw/mnist``, ``raw/emnist``, ``raw/emnist/gzip`` (as the official archive unpacks) or in a folder
    of the split's own name, unpacked or as ``.gz``.
    """
    return {part: path for part in PARTS for path in _places(name, part, raw)[:1]}


def splits_in(raw: Path, family: str) -> list[str]:
    """The splits of a family, ``mnist`` or ``emnist``, of which there is any file."""
    return [name for name in SPLITS if name.partition("-")[0] == family and files(name, raw)]


def read(name: str, raw: Path, check_sums: bool = True) -> Images:
    """Reads one split.

    Args:
        name: a key of ``SPLITS``.
        raw: the project's ``data/raw``.
        check_sums: insists on the official numbers of images, and on the published sums where there are any.

    Returns:
        Images (n, 28, 28, 1) uint8, upright, bright on black, and labels from 0 on.

    Raises:
        FileNotFoundError: none of its files are there.
        IdxError: everything that is wrong with them, file by file.
    """
    split, found = SPLITS[name], files(name, raw)
    if not found:
        raise FileNotFoundError(
            f"{shown(raw / name)}: no files of {name}; expected {_stem(name, PARTS[0])} and three more, or their .gz "
            f"(`reprise data fetch {name.partition('-')[0]}` downloads them)"
        )
    problems = [f"{_stem(name, part)}: missing beside the others" for part in PARTS if part not in found]
    arrays: dict[str, np.ndarray] = {}
    for part, path in found.items():
        try:
            arrays[part] = read_idx(path, 3 if part.endswith("images") else 1)
        except (IdxError, OSError) as error:
            problems.append(str(error))
    problems += [problem for part in ("train", "test") for problem in _wrong(part, split, found, arrays)]
    if not problems and check_sums:
        problems = [*_unofficial(split, found, arrays)]
    if problems:
        raise IdxError("; ".join(problems))
    return Images(*(_upright(arrays[part], split) for part in PARTS))


def _stem(name: str, part: str) -> str:
    kind, _, what = part.partition("-")
    start = f"{name}-{kind}" if name != "mnist" else {"train": "train", "test": "t10k"}[kind]
    return f"{start}-{what}-idx{3 if what == 'images' else 1}-ubyte"


def _places(name: str, part: str, raw: Path) -> list[Path]:
    stem, family = _stem(name, part), name.partition("-")[0]
    folders = dict.fromkeys((raw / name, raw / family, raw / family / "gzip"))
    paths = [folder / (stem + ending) for folder in folders for ending in ("", ".gz")]
    return [path for path in paths if path.is_file()]


def _wrong(part: str, split: Split, found: dict[str, Path], arrays: dict[str, np.ndarray]) -> Iterator[str]:
    """What two files that can be read say against each other, and against the format."""
    images, labels = arrays.get(f"{part}-images"), arrays.get(f"{part}-labels")
    if images is not None and images.shape[1:] != (SIDE, SIDE):
        yield f"{shown(found[f'{part}-images'])}: images of {images.shape[1]} x {images.shape[2]}, expected 28 x 28"
    if labels is not None:
        last = split.first + len(split.classes) - 1
        if labels.min() < split.first or labels.max() > last:
            yield (
                f"{shown(found[f'{part}-labels'])}: labels from {labels.min()} to {labels.max()}, expected "
                f"{split.first} to {last}"
            )
        if images is not None and len(images) != len(labels):
            yield (
                f"{shown(found[f'{part}-images'])} has {len(images)} images, {shown(found[f'{part}-labels'].name)} "
                f"{len(labels)} labels"
            )


def _unofficial(split: Split, found: dict[str, Path], arrays: dict[str, np.ndarray]) -> Iterator[str]:
    for number, part in enumerate(PARTS):
        array, official = arrays[part], split.train if part.startswith("train") else split.test
        if len(array) != official:
            yield f"{shown(found[part])}: {len(array)} of them, the official file has {official}; fetch it again"
        elif split.sums:
            header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
            digest = hashlib.md5(header, usedforsecurity=False)
            digest.update(array.data)
            if digest.hexdigest() != split.sums[number]:
                yield (
                    f"{shown(found[part])}: md5 {digest.hexdigest()} unpacked, the official file has "
                    f"{split.sums[number]}; fetch it again"
                )


def _upright(array: np.ndarray, split: Split) -> np.ndarray:
    if array.ndim == 1:
        return array.astype(np.int64) - split.first
    return np.ascontiguousarray(array.swapaxes(1, 2) if split.transposed else array)[..., None]
