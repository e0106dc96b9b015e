"""Cells with a number each: slices of the membrane challenge (ISBI 2012), or generated cells that touch.

In real slices a cell is a region inside membranes; its number is that of its slice's region.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from pydantic import Field

from reprise.data import cell_shapes
from reprise.data.stacks import StackError, read_stack
from reprise.files import read_npz, write_npz
from reprise.metrics.instances import components
from reprise.settings import Strict

__all__ = ["Cells", "Config", "StackError", "load", "make"]

OFFICIAL = "isbi2012"


class Config(Strict):
    """The section ``data.cells`` of params.yaml."""

    train: int = Field(ge=1, description="pictures; real: the first slices")
    test: int = Field(ge=2, description="pictures; real: the last slices")
    size: int = Field(ge=48, description="side of generated pictures, pixels")
    seed: int = Field(ge=0, description="of the generator")


class Cells(NamedTuple):
    """Pictures and the cells in them.

    Attributes:
        images: (n, h, w) uint8.
        instances: (n, h, w) int32: 0 background (or membrane), else the cell's number in its picture.
        part: (n,) uint8: 0 training, 2 test.
    """

    images: np.ndarray
    instances: np.ndarray
    part: np.ndarray


def make(config: Config, source: str, raw: Path, out: Path) -> None:
    """Generates pictures, or reads the official files beside ``raw``, and writes the prepared file.

    Raises:
        StackError: everything that is wrong with the files, or fewer slices than asked for.
    """
    part = np.repeat(np.array([0, 2], np.uint8), (config.train, config.test))
    if source == "generated":
        images, instances = cell_shapes.generate(len(part), config.size, config.seed)
    else:
        stack = read_stack(raw.with_name(OFFICIAL))
        if len(part) > len(stack.images):
            raise StackError(
                f"params.yaml: data.cells asks for {config.train} + {config.test} slices; there are {len(stack.images)}"
            )
        chosen = np.r_[: config.train, len(stack.images) - config.test : len(stack.images)]
        images, instances = stack.images[chosen], np.stack([components(inside) for inside in stack.inside[chosen]])
    write_npz(out, **Cells(images, instances, part)._asdict())


def load(path: Path) -> Cells:
    """Reads a prepared file."""
    with read_npz(path) as arrays:
        return Cells(*(arrays[name] for name in Cells._fields))
