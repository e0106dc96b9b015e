"""The official files of CIFAR-10 and CIFAR-100 (Krizhevsky 2009): python batches and binary records, checked.

Python batches are pickles, and a pickle is a program: ``safe_pickle`` reads them without running it.
"""

from __future__ import annotations

import hashlib
import posixpath
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from reprise.data.safe_pickle import load_batch
from reprise.files import shown

SIDE = 32
PIXELS = SIDE * SIDE * 3
CIFAR10_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
# Order-free digest of all images with their labels, from the official python batches: the binary version's files have
# no published sums, but they hold the same images.
CIFAR10_CONTENT = "cd3db3c938fe7b18a8edc613898566401868559d869e337ff290fd6cc29b784d"


CLASSES = {"cifar10": 10, "cifar100": 100}  # by the name of the folder in data/raw


class Images(NamedTuple):
    """``*_images``: (n, 32, 32, 3) uint8, RGB; ``*_labels``: (n,) int64."""

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray

    @property
    def classes(self) -> int:
        """How many classes the training images have."""
        return int(self.train_labels.max()) + 1


class CifarError(ValueError):
    """The files are not what they should be."""


@dataclass(frozen=True)
class Layout:
    """One of the four official distributions. Sums are md5; an empty one is not known."""

    classes: int
    folder: str
    archive: str
    archive_sum: str
    train: dict[str, str]
    test: dict[str, str]
    label_bytes: int = 0  # of a binary record; 0: python batches
    content: str = ""


LAYOUTS = (
    Layout(
        classes=10,
        folder="cifar-10-batches-py",
        archive="cifar-10-python.tar.gz",
        archive_sum="c58f30108f718f92721af3b95e74349a",
        train={
            "data_batch_1": "c99cafc152244af753f735de768cd75f",
            "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
            "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
            "data_batch_4": "634d18415352ddfa80567beed471001a",
            "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
        },
        test={"test_batch": "40351d587109b95175f43aff81a1287e"},
    ),
    Layout(
        classes=10,
        folder="cifar-10-batches-bin",
        archive="cifar-10-binary.tar.gz",
        archive_sum="c32a1d4ab5d03f1284b67883e8d87530",
        train={f"data_batch_{i}.bin": "" for i in range(1, 6)},
        test={"test_batch.bin": ""},
        label_bytes=1,
        content=CIFAR10_CONTENT,
    ),
    Layout(
        classes=100,
        folder="cifar-100-python",
        archive="cifar-100-python.tar.gz",
        archive_sum="eb9058c3a382ffc7106e4002c42a8d85",
        train={"train": "16019d7e3df5f24257cddd939b257f8d"},
        test={"test": "f0ef6b0ae62326f3e7ffdfab6717acfc"},
    ),
    Layout(
        classes=100,
        folder="cifar-100-binary",
        archive="cifar-100-binary.tar.gz",
        archive_sum="03b5dce01913d631647c71ecec9e9cb8",
        train={"train.bin": ""},
        test={"test.bin": ""},
        label_bytes=2,  # coarse, fine
    ),
)


def read(folder: Path, check_sums: bool = True) -> Images:
    """Reads CIFAR-10 or CIFAR-100, python or binary version, unpacked or still in its archive.

    Args:
        folder: holds one of the official folders or archives, or is one of those folders. One that is named cifar10 or
            cifar100 must hold that set.
        check_sums: compares with the official sums before anything is interpreted. The binary version of CIFAR-10 is
            compared by its content; the unpacked one of CIFAR-100 has no published sums, only its sizes are checked.

    Returns:
        All images; CIFAR-100 with its 100 fine labels.

    Raises:
        FileNotFoundError: no official files there.
        CifarError: everything that is wrong with them, file by file.
    """
    folder = Path(folder)
    layout, files = _find(folder)
    if layout.classes != CLASSES.get(folder.name, layout.classes):
        raise CifarError(
            f"{shown(folder)}: {layout.folder} holds CIFAR-{layout.classes}; it belongs into another folder"
        )
    problems = [f"{name}: missing" for name in {**layout.train, **layout.test} if name not in files]
    if check_sums:
        for name, expected in {**layout.train, **layout.test}.items():
            if name in files and expected and (found := _md5(files[name])) != expected:
                problems.append(f"{name}: md5 {found}, the official file has {expected}; fetch it again")
    if problems:
        raise CifarError(f"{shown(folder)}: " + "; ".join(problems))
    train, test = (_join([_batch(name, files[name], layout) for name in part]) for part in (layout.train, layout.test))
    images = Images(*train, *test)
    if check_sums and layout.content and content_digest(images) != layout.content:
        raise CifarError(
            f"{shown(folder)}: the images or labels of {layout.folder} are not the official ones; fetch it again"
        )
    return images


def content_digest(images: Images) -> str:
    """A sum of all images with their labels that does not depend on file format or order (training and test apart)."""
    digest = hashlib.sha256()
    for pixels, labels in ((images.train_images, images.train_labels), (images.test_images, images.test_labels)):
        records = np.column_stack([labels.astype(np.uint8), pixels.reshape(len(pixels), -1)])
        digest.update(b"".join(sorted(hashlib.sha256(record).digest() for record in records)))
    return digest.hexdigest()


def _find(folder: Path) -> tuple[Layout, dict[str, bytes]]:
    classes = CLASSES.get(folder.name)
    for layout in sorted(LAYOUTS, key=lambda layout: layout.classes != classes):
        for place in (folder / layout.folder, folder):
            names = {*layout.train, *layout.test}
            if place.is_dir() and (place.name == layout.folder or any((place / name).is_file() for name in names)):
                return layout, {name: (place / name).read_bytes() for name in names if (place / name).is_file()}
        if (folder / layout.archive).is_file():
            return layout, dict(_members(folder / layout.archive, layout))
    raise FileNotFoundError(
        f"{shown(folder)}: no CIFAR-10 or CIFAR-100 here; expected one of "
        f"{', '.join(layout.folder for layout in LAYOUTS)} or its .tar.gz "
        f"(`reprise data fetch {folder.name if classes else 'cifar10'}` downloads it)"
    )


def _members(archive: Path, layout: Layout) -> Iterator[tuple[str, bytes]]:
    """The batches in an archive, read where they are: nothing is unpacked."""
    wanted = {f"{layout.folder}/{name}": name for name in (*layout.train, *layout.test)}
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                name = posixpath.normpath(member.name)  # `tar -C folder -cf X .` writes ./folder/name
                if name in wanted and member.isfile():
                    yield wanted[name], tar.extractfile(member).read()
    except (tarfile.TarError, EOFError, OSError) as error:
        raise CifarError(f"{shown(archive)}: not a readable archive ({error}); fetch it again") from error


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _join(batches: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    pixels, labels = (np.concatenate(arrays) for arrays in zip(*batches, strict=True))
    images = pixels.reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(images), labels.astype(np.int64)


def _batch(name: str, data: bytes, layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    """(n, 3072) uint8 and (n,) labels of one file."""
    if layout.label_bytes:
        size = layout.label_bytes + PIXELS
        if not data or len(data) % size:
            raise CifarError(f"{name}: {len(data)} bytes, expected a multiple of {size} (one record an image)")
        records = np.frombuffer(data, np.uint8).reshape(-1, size)
        pixels, labels = records[:, layout.label_bytes :], records[:, layout.label_bytes - 1]
    else:
        batch = load_batch(data, name)
        pixels, labels = batch.get("data"), batch.get("fine_labels" if layout.classes == 100 else "labels")
        if not isinstance(pixels, np.ndarray) or pixels.ndim != 2 or pixels.shape[1] != PIXELS:
            raise CifarError(f"{name}: 'data' is no array of {PIXELS} bytes an image")
        if not isinstance(labels, list) or not all(type(label) is int for label in labels):
            raise CifarError(f"{name}: its labels are no list of whole numbers")
        labels = np.array(labels, np.int64)
    if len(labels) != len(pixels):
        raise CifarError(f"{name}: {len(pixels)} images but {len(labels)} labels")
    if len(labels) == 0 or labels.min() < 0 or labels.max() >= layout.classes:
        raise CifarError(f"{name}: labels must be 0 .. {layout.classes - 1}, one image at least")
    return pixels, labels
