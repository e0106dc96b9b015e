"""Ten digits, 28 x 28: MNIST, EMNIST's digits or generated ones, as one prepared file."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field

from reprise.data import glyphs
from reprise.data.cifar import Images, load, prepare, training_data
from reprise.data.idx import IdxError
from reprise.data.mnist_files import DIGITS, read
from reprise.settings import Strict

__all__ = ["CHARACTERS", "Config", "IdxError", "Images", "load", "make", "taken", "training_data"]

CHARACTERS = tuple(DIGITS)


class Config(Strict):
    """The section ``data.digits`` of params.yaml."""

    official: Literal["mnist", "emnist-digits"] = Field("mnist", description="which set, with data.source: real")
    train: int = Field(ge=10, le=240_000, description="images; real: spread evenly over the file")
    test: int = Field(ge=10, le=40_000)
    seed: int = Field(ge=0, description="of the generator")


def make(config: Config, source: str, raw: Path, out: Path) -> None:
    """Generates, or reads the official files in the folders beside ``raw``, and writes the prepared file.

    Raises:
        IdxError: a file is not what it should be, or the official set has fewer images than ``config`` asks for.
    """
    if source == "generated":
        prepare(Images(*glyphs.generate(CHARACTERS, config.train, config.test, config.seed)), out)
    else:
        prepare(taken(config, "digits", raw.parent), out)


def taken(config: Config, section: str, raw: Path) -> Images:
    """As many official images as the settings ask for, evenly spread over each file: EMNIST's test files are sorted.

    Raises:
        IdxError: the official set has fewer.
    """
    images = read(config.official, raw)
    found = len(images.train_labels), len(images.test_labels)
    if config.train > found[0] or config.test > found[1]:
        raise IdxError(
            f"params.yaml: data.{section} asks for {config.train} + {config.test} images; {config.official} has "
            f"{found[0]} + {found[1]}"
        )
    train, test = (
        np.arange(wanted) * there // wanted for wanted, there in zip((config.train, config.test), found, strict=True)
    )
    return Images(
        images.train_images[train], images.train_labels[train], images.test_images[test], images.test_labels[test]
    )
