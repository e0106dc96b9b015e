"""What a study hands to training: the arrays of each part, and what its networks must know of them. No torch."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class TrainingData:
    """Arrays by name with the examples along the first axis; ``index`` (n,) points into the prepared file.

    The other names are the task's own: ``image`` and ``label``, two images of a pair, sequences with their length,
    boxes padded to a fixed number with their count.

    Attributes:
        train: what is trained on.
        validation: what an epoch is judged by, and predicted; None where training is judged by nothing.
        test: what is predicted in the end; None where nothing is.
        structure: what ``build`` needs to know beyond the settings (the number of classes, which connections a pruned
            network keeps): numbers, text and lists, as JSON can hold them.
    """

    train: Arrays
    validation: Arrays | None = None
    test: Arrays | None = None
    structure: Any = None

    @property
    def predicted(self) -> dict[str, Arrays]:
        """The parts that a trained network predicts."""
        parts = {"validation": self.validation, "test": self.test}
        return {name: arrays for name, arrays in parts.items() if arrays is not None}

    @property
    def parts(self) -> dict[str, Arrays]:
        """All parts by name."""
        return {"train": self.train} | self.predicted

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of one example of every array but ``index``: what ``build`` is told."""
        return {name: array.shape[1:] for name, array in self.train.items() if name != "index"}

    @cached_property
    def digest(self) -> str:
        """Changes when any value of any array changes."""
        digest = hashlib.blake2b(digest_size=16)
        digest.update(repr(self.structure).encode())
        for part, arrays in self.parts.items():
            for name, array in sorted(arrays.items()):
                digest.update(f"{part}/{name}{array.dtype}{array.shape}".encode())
                digest.update(np.ascontiguousarray(array).view(np.uint8).data)
        return digest.hexdigest()
