"""Letters and digits, 28 x 28: EMNIST's Balanced, ByMerge or Letters, or 47 generated classes, as one prepared file."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from reprise.data import glyphs
from reprise.data.cifar import Images, load, prepare, training_data
from reprise.data.digits import taken
from reprise.data.idx import IdxError
from reprise.data.mnist_files import MERGED
from reprise.settings import Strict

__all__ = ["CHARACTERS", "Config", "IdxError", "Images", "load", "make", "training_data"]

# 47 classes as in EMNIST: a capital and its small letter are one class where the small one has none of its own
CHARACTERS = tuple(name + name.lower() if name.isupper() and name.lower() not in MERGED else name for name in MERGED)


class Config(Strict):
    """The section ``data.letters`` of params.yaml."""

    official: Literal["emnist-balanced", "emnist-bymerge", "emnist-letters"] = Field(
        "emnist-balanced", description="which split, with data.source: real; Balanced and ByMerge have 47 classes"
    )
    train: int = Field(ge=47, le=700_000, description="images; real: spread evenly over the file")
    test: int = Field(ge=47, le=120_000)
    seed: int = Field(ge=0, description="of the generator")


def make(config: Config, source: str, raw: Path, out: Path) -> None:
    """Generates, or reads the official files in the folders beside ``raw``, and writes the prepared file.

    Raises:
        IdxError: a file is not what it should be, or the official split has fewer images than ``config`` asks for.
    """
    if source == "generated":
        prepare(Images(*glyphs.generate(CHARACTERS, config.train, config.test, config.seed)), out)
    else:
        prepare(taken(config, "letters", raw.parent), out)
