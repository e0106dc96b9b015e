"""Boxes that do not come from the network: windows that slide, and selective search, kept as one file."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from reprise.files import read_npz, write_npz
from reprise.studies.detectors.settings import Proposals
from reprise.workspace import Workspace

FILE = "objects_proposals"


def windows(size: tuple[int, int], settings: Proposals) -> np.ndarray:
    """(m, 4) square windows of every size, row by row: evenly from edge to edge, no further apart than the step."""
    found = []
    for octave in range(settings.sizes):
        side = min(size) * settings.smallest * 2 ** (octave / 2)
        counts = [1 + math.ceil((length - side) / (side * settings.step) - 1e-9) for length in size]
        y, x = (np.linspace(0, length - side, count) for length, count in zip(size, counts, strict=True))
        corner = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
        found.append(np.concatenate([corner, corner + side], axis=1))
    return np.concatenate(found).astype(np.float32)


@dataclass(frozen=True)
class Searched:
    """What selective search proposes.

    Attributes:
        boxes: (pictures, most, 4) float32, 0 behind the last.
        count: (pictures,) how many there are.
        parity: by name, the largest difference of a part from its slow form.
    """

    boxes: np.ndarray
    count: np.ndarray
    parity: dict[str, float]

    def write(self, workspace: Workspace) -> None:
        """Writes one ``.npz`` beside the prepared pictures."""
        parity = {f"parity/{name}": np.array(value) for name, value in self.parity.items()}
        write_npz(workspace.prepared(FILE), boxes=self.boxes, count=self.count, **parity)


def read_searched(workspace: Workspace) -> Searched:
    """Reads what the stage ``clean`` wrote."""
    with read_npz(workspace.prepared(FILE)) as arrays:
        names = [name for name in arrays.files if name.startswith("parity/")]
        parity = {name.removeprefix("parity/"): float(arrays[name]) for name in names}
        return Searched(arrays["boxes"], arrays["count"], parity)
