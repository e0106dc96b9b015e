"""Ultrasound frames with masks: Kaggle's files, anyone's folders of pictures, or generated sweeps (claims 79-87).

Whatever they come from, frames become one prepared file: ``make`` is what the pipeline calls.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image
from pydantic import Field

from reprise.data import speckle
from reprise.data.frames import DataError, Frames, read
from reprise.files import read_npz, write_npz
from reprise.settings import Strict

__all__ = [
    "Config",
    "DataError",
    "Frames",
    "Prepared",
    "generate",
    "load",
    "make",
    "prepare",
    "read",
    "resize",
    "whole_blocks",
]

SIZE = (420, 580)


class Config(Strict):
    """The section ``data.ultrasound`` of params.yaml."""

    subjects: int = Field(ge=4)
    frames: int = Field(ge=2, description="of each subject")
    seed: int
    size: int = Field(ge=16, multiple_of=16, description="side of the images that are trained on")


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


ARRAYS = ("frames", "masks", "true_masks", "images", "targets", "subject", "frame", "names")
ARRAYS += ("duplicate_group", "duplicate_of", "flipped")  # of the prepared file


class Prepared:
    """The prepared file, read member by member when it is asked for. Attributes as in :class:`Frames`, and:

    ``frames`` (n, h, w) uint8 at their own size; ``images`` and ``targets`` (n, size, size) uint8; ``nonempty`` (n,)
    bool.
    """

    def __init__(self, path: Path) -> None:
        self._archive = read_npz(path)

    def __getattr__(self, name: str) -> np.ndarray:
        if name not in ARRAYS:
            raise AttributeError(name)
        value = self._archive[name]
        if name in ("masks", "true_masks"):
            value = np.unpackbits(value, axis=-1, count=self.frames.shape[-1]).astype(bool)
        self.__dict__[name] = value
        return value

    @cached_property
    def size(self) -> tuple[int, int]:
        """Height and width of the frames, without reading them."""
        return self._archive.shape("frames")[1:]

    @cached_property
    def nonempty(self) -> np.ndarray:
        """(n,) bool: the label shows something."""
        return self.masks.any((1, 2))


def load(path: Path) -> Prepared:
    """Opens what :func:`prepare` wrote."""
    return Prepared(path)
