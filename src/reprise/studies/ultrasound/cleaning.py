"""What the cleaning stage found: written once, read by training and by evaluation, its settings with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reprise.data.duplicates import HASHES, RULES
from reprise.files import read_npz, write_npz
from reprise.workspace import Workspace


@dataclass(frozen=True)
class HashFound:
    """The pairs that one hash finds, within subjects.

    Attributes:
        wide_pairs: (m, 2) indices of frames, up to four times the threshold.
        wide_distances: (m,) cosine distances.
        numbers: length of the hash.
        threshold: below it two frames are near-duplicates.
    """

    wide_pairs: np.ndarray
    wide_distances: np.ndarray
    numbers: int
    threshold: float

    @property
    def pairs(self) -> np.ndarray:
        """(k, 2) near-duplicates."""
        return self.wide_pairs[self.wide_distances < self.threshold]

    @property
    def distances(self) -> np.ndarray:
        """(k,) their distances."""
        return self.wide_distances[self.wide_distances < self.threshold]


@dataclass(frozen=True)
class Cleaning:
    """All hashes beside each other, and what the rules drop by the one that was chosen.

    Attributes:
        hash: the one that cleaned.
        threshold: of the source's hashes.
        hashes: by name.
        uint8_slip: (k, 2) pairs that the source's code would find in frames that nobody scaled to [0, 1].
        dropped: by rule, (n,) whether a frame is dropped.
    """

    hash: str
    threshold: float
    hashes: dict[str, HashFound]
    uint8_slip: np.ndarray
    dropped: dict[str, np.ndarray]

    @property
    def found(self) -> HashFound:
        """What the hash that cleaned found."""
        return self.hashes[self.hash]

    @property
    def settings(self) -> dict[str, float | str]:
        """As in params.yaml."""
        return {"hash": self.hash, "threshold": self.threshold}

    def write(self, workspace: Workspace) -> None:
        """Writes one ``.npz`` beside the prepared frames."""
        arrays = {"hash": np.array(self.hash), "threshold": np.array(self.threshold), "uint8_slip": self.uint8_slip}
        for name, found in self.hashes.items():
            arrays |= {f"{name}/{key}": np.asarray(value) for key, value in vars(found).items()}
        arrays |= {f"dropped/{rule}": drop for rule, drop in self.dropped.items()}
        write_npz(_path(workspace), **arrays)


def read_cleaning(workspace: Workspace) -> Cleaning:
    """Reads what ``Cleaning.write`` wrote.

    Raises:
        FileNotFoundError: the stage has not run.
    """
    with read_npz(_path(workspace)) as a:
        hashes = {
            name: HashFound(
                a[f"{name}/wide_pairs"],
                a[f"{name}/wide_distances"],
                int(a[f"{name}/numbers"]),
                float(a[f"{name}/threshold"]),
            )
            for name in HASHES
        }
        drops = {rule: a[f"dropped/{rule}"] for rule in RULES}
        return Cleaning(str(a["hash"]), float(a["threshold"]), hashes, a["uint8_slip"], drops)


def _path(workspace: Workspace) -> Path:
    return workspace.prepared("ultrasound_cleaning")
