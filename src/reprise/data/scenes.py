"""Pictures with a class for every pixel: CamVid's or VOC's official files, or generated scenes."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image
from pydantic import Field

from reprise.data import scene_shapes
from reprise.data.label_folders import SceneError, Scenes, read_camvid, read_voc
from reprise.files import read_npz, write_npz
from reprise.settings import Strict

__all__ = ["Config", "SceneError", "Scenes", "generate", "load", "make", "shrunk"]

READERS = {"camvid": read_camvid, "voc": read_voc}


class Config(Strict):
    """The section ``data.scenes`` of params.yaml."""

    official: Literal["camvid", "voc"] = Field("camvid", description="which set, with data.source: real")
    shrink: int = Field(1, ge=1, le=8, description="by which the sides of real pictures are divided")
    train: int = Field(ge=5, description="generated scenes")
    validation: int = Field(ge=1)
    test: int = Field(ge=5)
    size: int = Field(ge=64, multiple_of=32, description="side of generated scenes, pixels")
    seed: int = Field(ge=0, description="of the generator")


def make(config: Config, source: str, raw: Path, out: Path) -> None:
    """Generates scenes, or reads the official files beside ``raw``, and writes the prepared file.

    Raises:
        SceneError: every file that is wrong, by name.
    """
    if source == "generated":
        found = generate(config)
    else:
        found = shrunk(READERS[config.official](raw.with_name(config.official)), config.shrink)
    write_npz(out, **found._asdict())


def generate(config: Config) -> Scenes:
    """As many scenes as asked for, the parts one after the other; none is the same in two parts."""
    counts = (config.train, config.validation, config.test)
    images, labels = scene_shapes.generate(sum(counts), config.size, config.seed)
    names = np.array([f"scene-{number}" for number in range(sum(counts))])
    part = np.repeat(np.arange(3, dtype=np.uint8), counts)
    return Scenes(images, labels, part, names, np.array(scene_shapes.CLASSES))


def shrunk(scenes: Scenes, factor: int) -> Scenes:
    """Pictures averaged over blocks of ``factor`` pixels, labels taken from each block's middle."""
    if factor == 1:
        return scenes
    height, width = (side // factor for side in scenes.labels.shape[1:])
    images = np.stack(
        [
            np.asarray(Image.fromarray(image[: height * factor, : width * factor]).reduce(factor))
            for image in scenes.images
        ]
    )
    middle = factor // 2
    labels = scenes.labels[:, middle : height * factor : factor, middle : width * factor : factor]
    return scenes._replace(images=images, labels=np.ascontiguousarray(labels))


def load(path: Path) -> Scenes:
    """Reads a prepared file."""
    with read_npz(path) as arrays:
        return Scenes(*(arrays[name] for name in Scenes._fields))
