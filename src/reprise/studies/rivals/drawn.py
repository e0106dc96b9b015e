"""What generators drew and what was made of it, read again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from reprise.runs import Probed, Run
from reprise.studies.rivals.settings import CLASSES, JUDGE
from reprise.workspace import Workspace

FEW = 0.02  # of the images: a class that is drawn more rarely counts as lost, a fifth of its part
COPIED = 0.01  # of test images lie as near to a training image as what is counted as a copy


@dataclass(frozen=True)
class Generator:
    """What the generators of one variant drew; (seeds, ...) each.

    Attributes:
        asked: labels (n,), which generators without labels ignore.
        named: (seeds, n) what the judge calls the images.
        distance: (seeds,) Fréchet distance to test images.
        precision, recall: (seeds,).
        copies: (seeds, n) distance to the nearest training image.
        probed: (seeds,) test accuracy of a linear classifier on the critic's features.
        sheet, walk, epochs: (seeds, ...) pictures, uint8.
    """

    asked: np.ndarray
    named: np.ndarray
    distance: np.ndarray
    precision: np.ndarray
    recall: np.ndarray
    copies: np.ndarray
    probed: np.ndarray
    sheet: np.ndarray
    walk: np.ndarray
    epochs: np.ndarray

    @cached_property
    def agreement(self) -> np.ndarray:
        """(seeds, n) whether the judge names the label."""
        return (self.named == self.asked).astype(float)

    @cached_property
    def classes(self) -> np.ndarray:
        """(seeds,) how many classes are drawn more than rarely."""
        shares = np.stack([np.bincount(row, minlength=CLASSES) for row in self.named]) / self.named.shape[1]
        return (shares >= FEW).sum(axis=1)


@dataclass(frozen=True)
class Judged:
    """All generators, and what they are held against.

    Attributes:
        generators: by variant.
        floor: Fréchet distance of as many training images from test images.
        halved: the same of training images of half of the classes alone.
        nearest: (n,) distance of test images to the nearest training image.
        accuracy: of the judge whose features are compared, on test images.
        asked: the probe's settings.
    """

    generators: dict[str, Generator]
    floor: float
    halved: float
    nearest: np.ndarray
    accuracy: float
    asked: dict[str, Any]

    @property
    def count(self) -> int:
        """Images that each generator drew."""
        return self.asked["drawn"]

    def copied(self, name: str) -> np.ndarray:
        """(seeds,) share of drawn images that lie nearer to a training image than all but COPIED of test images do."""
        return (self.generators[name].copies < np.quantile(self.nearest, COPIED)).mean(axis=1)


def load_drawn(workspace: Workspace, runs: dict[str, Run]) -> Judged:
    """Reads what every variant's networks were asked."""
    names = list(Generator.__dataclass_fields__)
    generators = {}
    for name in runs:
        if name != JUDGE:
            arrays = dict(zip(names, Probed.of(workspace, name).arrays(*names), strict=True))
            generators[name] = Generator(**arrays | {"asked": arrays["asked"][0]})
    judge = Probed.of(workspace, JUDGE)
    floor, halved, nearest = (array[0] for array in judge.arrays("distance", "halved", "copies"))
    accuracy = float(runs[JUDGE].correct[0].mean())
    return Judged(generators, float(floor), float(halved), nearest, accuracy, judge.record["settings"])
