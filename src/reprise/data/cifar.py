"""CIFAR-10, CIFAR-100 or generated images that stand in for them, as one prepared file, and its splits."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from pydantic import Field

from reprise.data import shapes
from reprise.data.cifar_files import CIFAR10_CLASSES, CifarError, Images, content_digest, read
from reprise.data.parts import Arrays, TrainingData
from reprise.files import read_npz, write_npz
from reprise.settings import Strict

__all__ = [
    "CIFAR10_CLASSES",
    "CifarError",
    "Config",
    "Images",
    "Part",
    "as_arrays",
    "content_digest",
    "load",
    "make",
    "parts",
    "prepare",
    "read",
    "split",
    "training_data",
]

SPLIT_SEED = 0


class Config(Strict):
    """The section ``data.cifar`` of params.yaml."""

    official: Literal["cifar10", "cifar100"] = Field("cifar10", description="which set, with data.source: real")
    train: int = Field(ge=10, le=100_000, description="images; real: the first ones")
    test: int = Field(ge=10, le=100_000)
    seed: int = Field(ge=0, description="of the generator")


def prepare(images: Images, out: Path) -> None:
    """Writes the four arrays as one uncompressed ``.npz``: whole or not at all, the same arrays as the same bytes."""
    write_npz(out, **images._asdict())


def load(path: Path) -> Images:
    """Reads a prepared file."""
    with read_npz(path) as arrays:
        return Images(*(arrays[name] for name in Images._fields))


def make(config: Config, source: str, raw: Path, out: Path) -> None:
    """Generates, or reads the official files beside ``raw``, and writes the prepared file.

    Raises:
        CifarError: the official set has fewer images than ``config`` asks for.
    """
    if source == "generated":
        prepare(Images(*shapes.generate(config.train, config.test, config.seed)), out)
        return
    images = read(raw.with_name(config.official))
    found = len(images.train_labels), len(images.test_labels)
    if config.train > found[0] or config.test > found[1]:
        raise CifarError(
            f"params.yaml: data.cifar asks for {config.train} + {config.test} images; {config.official} has "
            f"{found[0]} + {found[1]}"
        )
    # the official order is random already; the source's single test image (number 5) stays where it is
    train, test = slice(config.train), slice(config.test)
    prepare(
        Images(
            images.train_images[train], images.train_labels[train], images.test_images[test], images.test_labels[test]
        ),
        out,
    )


class Part(NamedTuple):
    """Images and labels with ``index`` (n,): positions in the training images followed by the test images."""

    images: np.ndarray
    labels: np.ndarray
    index: np.ndarray


def split(labels: np.ndarray, seed: int, fraction: float = 0.1) -> np.ndarray:
    """Holds out the same share of every class for validation.

    Args:
        labels: (n,) integers.
        seed: of the choice.
        fraction: share of each class, rounded; 0.1 of CIFAR-10's 50,000 makes 45,000 and 5,000.

    Returns:
        (n,) boolean, true for validation.

    Raises:
        ValueError: ``fraction`` leaves training or validation empty.
    """
    generator = np.random.default_rng(seed)
    held_out = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        held_out[generator.permutation(members)[: round(fraction * len(members))]] = True
    if not 0 < held_out.sum() < len(labels):
        raise ValueError(f"fraction={fraction} of {len(labels)} labels leaves training or validation empty")
    return held_out


def parts(
    images: Images, seed: int, protocol: Literal["held_out", "source"] = "held_out", fraction: float = 0.1
) -> tuple[Part, Part, Part]:
    """Training, validation and test part.

    Args:
        images: all.
        seed: of the split.
        protocol: ``held_out`` keeps validation images back from the training images; ``source`` trains on all of them
            and validates on the test images, which then choose the learning rate, the last epoch and the weights (what
            the source did: its numbers are to be compared with this one only).
        fraction: of each class, held out.

    Raises:
        ValueError: an unknown protocol, or an empty part.
    """
    if protocol not in ("held_out", "source"):
        raise ValueError(f"protocol={protocol!r}: use 'held_out' or 'source'")
    count = len(images.train_labels)
    test = Part(images.test_images, images.test_labels, count + np.arange(len(images.test_labels)))
    if protocol == "source":
        return Part(images.train_images, images.train_labels, np.arange(count)), test, test
    held_out = split(images.train_labels, seed, fraction)

    def part(index: np.ndarray) -> Part:
        return Part(images.train_images[index], images.train_labels[index], index)

    return part(np.flatnonzero(~held_out)), part(np.flatnonzero(held_out)), test


def training_data(
    path: Path,
    protocol: Literal["held_out", "source"] = "held_out",
    fraction: float = 0.1,
    examples: int | None = None,
    structure: Any = None,
    most_classes: int | None = None,
) -> TrainingData:
    """Training, validation and test images of a prepared file, split the same way for every seed.

    Args:
        path: the prepared file.
        protocol, fraction: see ``parts``.
        examples: train on the first so many only.
        structure: for TrainingData; ``"classes"`` stands for the number of classes.
        most_classes: refuse more.

    Raises:
        ValueError: there are more classes than ``most_classes``.
    """
    images = load(path)
    if most_classes is not None and images.classes > most_classes:
        raise ValueError(
            f"{path}: found {images.classes} classes, but the claim is about {most_classes}; "
            "`reprise set data.cifar.official=cifar10` turns back"
        )
    train, validation, test = parts(images, SPLIT_SEED, protocol, fraction)
    train = Part(*(array[:examples] for array in train))
    structure = images.classes if structure == "classes" else structure
    return TrainingData(as_arrays(*train), as_arrays(*validation), as_arrays(*test), structure)


def as_arrays(images: np.ndarray, labels: np.ndarray, index: np.ndarray) -> Arrays:
    """One part of TrainingData."""
    return {"image": images, "label": labels.astype(np.uint8), "index": index}
