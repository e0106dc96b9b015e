"""The data sets there are: what each is, where its official files go, and whether they are whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from reprise.data import cifar_files, label_folders, mnist_files, pennfudan, stacks, ultrasound, voc
from reprise.data.annotated import Annotated, read_all
from reprise.data.fetch import SETS as ADDRESSES
from reprise.data.fetch import fetch
from reprise.files import shown
from reprise.registry import nearest


@dataclass(frozen=True)
class DataSet:
    """One official data set."""

    about: str
    how: str
    read: Callable[[Path], str]  # folder -> what was found; raises ValueError with everything that is wrong


def _ultrasound(folder: Path) -> str:
    frames = ultrasound.read(folder)
    subjects, filled = len(np.unique(frames.subject)), int(frames.masks.any((1, 2)).sum())
    return f"{len(frames.images)} frames of {subjects} subjects, {filled} with a nerve"


def _cifar(folder: Path) -> str:
    images = cifar_files.read(folder)
    return f"{len(images.train_labels)} training and {len(images.test_labels)} test images"


def _scenes(read: Callable[[Path], label_folders.Scenes]) -> Callable[[Path], str]:
    def found(folder: Path) -> str:
        scenes = read(folder)
        counts = ", ".join(f"{int((scenes.part == k).sum())} {name}" for k, name in enumerate(label_folders.PARTS))
        return f"{counts}; {len(scenes.classes)} classes, {' x '.join(map(str, scenes.labels.shape[1:]))} pixels"

    return found


def _membranes(folder: Path) -> str:
    stack = stacks.read_stack(folder)
    height, width = stack.images.shape[1:]
    return f"{len(stack.images)} slices of {height} x {width}, {stack.inside.mean():.0%} inside"


def _mnist(folder: Path) -> str:
    splits = mnist_files.splits_in(folder.parent, folder.name) or [
        "mnist" if folder.name == "mnist" else "emnist-balanced"
    ]
    found, problems = [], []
    for name in splits:
        try:
            images = mnist_files.read(name, folder.parent)
            found.append(f"{name}, {len(images.train_labels)} training and {len(images.test_labels)} test images")
        except mnist_files.IdxError as error:
            problems.append(str(error))
    if problems:
        raise mnist_files.IdxError("; ".join(problems))
    return "; ".join(found)


def _annotated(read: Callable[[Path], list[Annotated]]) -> Callable[[Path], str]:
    def words(folder: Path) -> str:
        rows = read(folder)
        pictures = read_all(rows, 32, None)  # every picture is decoded, every box checked
        classes = ", ".join(map(shown, pictures.class_names))
        return f"{len(rows)} pictures, {int(pictures.count.sum())} objects: {classes}"

    return words


def _voc(folder: Path) -> str:
    kinds = {"Annotations": _annotated(voc.read), "SegmentationClass": _scenes(label_folders.read_voc)}
    there = [words for name, words in kinds.items() if (voc.root_of(folder) / name).is_dir()]
    if not there:
        raise FileNotFoundError(
            f"{folder} has neither {' nor '.join(kinds)}; copy the official archive's folders there"
        )
    found, problems = [], []
    for words in there:
        try:
            found.append(words(folder))
        except (OSError, ValueError) as error:
            problems.append(str(error))
    if problems:
        raise ValueError("\n".join(problems))
    return "; ".join(found)


SETS = {
    "ultrasound": DataSet(
        "Kaggle: ultrasound nerve segmentation", "register with Kaggle, then copy `train/`", _ultrasound
    ),
    "camvid": DataSet(
        "CamVid: street scenes, 11 classes",
        "copy SegNet's `CamVid/` (train, trainannot, ...)",
        _scenes(label_folders.read_camvid),
    ),
    "voc": DataSet("PASCAL VOC 2011 or 2012: 20 classes and background, boxes", "copy `VOCdevkit/`", _voc),
    "isbi2012": DataSet("ISBI 2012: neuronal membranes", "register, then copy the two volumes", _membranes),
    "cifar10": DataSet("CIFAR-10: 60,000 colour images, 10 classes", "reprise data fetch cifar10", _cifar),
    "cifar100": DataSet("CIFAR-100: 60,000 colour images, 100 classes", "reprise data fetch cifar100", _cifar),
    "mnist": DataSet("MNIST: 70,000 grey digits", "reprise data fetch mnist", _mnist),
    "emnist": DataSet("EMNIST: grey letters and digits", "reprise data fetch emnist", _mnist),
    "pennfudan": DataSet(
        "Penn-Fudan: pedestrians with masks", "unpack PennFudanPed.zip there", _annotated(pennfudan.read)
    ),
}


def show_sets(raw: Path) -> None:
    """Prints every data set, how it is had, and whether its folder holds anything."""
    table = Table()
    for column in ("set", "what it is", "folder", "there", "how to get it"):
        table.add_column(column, no_wrap=column in ("set", "folder"))
    for name, data in SETS.items():
        files = _files(raw / name)
        there = f"{len(files)} files" if files else "no"
        table.add_row(name, data.about, str(raw / name), there, data.how)
    console = Console()
    console.width = max(console.width, 80)  # below that a folder would be cut
    console.print(table)


def check_set(name: str, raw: Path) -> str:
    """Reads the official files as the pipeline would.

    Raises:
        ValueError: an unknown set, or everything that is wrong with the files, by name.
    """
    return f"{raw / name}: {_named(name).read(raw / name)}"


def fetch_set(name: str, raw: Path, progress: bool = False) -> str:
    """Downloads the official files, as `reprise.data.fetch.fetch` does.

    Raises:
        ValueError: an unknown set, one that cannot be downloaded, or a download that failed.
    """
    data = _named(name)
    if name not in ADDRESSES:
        raise ValueError(f"{name} cannot be downloaded: {data.how} to {raw / name}")
    return fetch(name, raw, progress)


def _named(name: str) -> DataSet:
    if name not in SETS:
        raise ValueError(f"no data set {name!r}{nearest(name, list(SETS))}")
    return SETS[name]


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.name != "README.md"]
