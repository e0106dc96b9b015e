"""What trained networks make of test pictures, scored cell by cell and pixel by pixel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from reprise.data.cells import Cells
from reprise.metrics.instances import components, instance_iou, kept_apart, neighbours
from reprise.metrics.segmentation import intersection_over_union
from reprise.runs import Run
from reprise.studies.unet.changes import asked, seen


@dataclass(frozen=True)
class Questions:
    """Test pictures, as they are and changed.

    Attributes:
        images: (n, h, w) uint8.
        cells: (n, h, w) integers.
        picture: (n,) which picture it is, changed or not.
        kinds: (n,) str, the change; empty as they are.
        pairs: for each plain picture (m, 2) neighbours.
    """

    images: np.ndarray
    cells: np.ndarray
    picture: np.ndarray
    kinds: np.ndarray
    pairs: list[np.ndarray]

    @classmethod
    def of(cls, prepared: Cells, near: int, with_changes: bool) -> Questions:
        """What networks were asked, in the order of their answers."""
        order = asked(prepared, with_changes)
        both = [seen(prepared, number, kind) for number, kind in order]
        kinds = np.array([kind for _, kind in order])
        cells = np.stack([each for _, each in both])
        pairs = [neighbours(each, near) for each in cells[kinds == ""]]
        images = np.stack([image for image, _ in both])
        return cls(images, cells, np.array([number for number, _ in order]), kinds, pairs)

    @property
    def plain(self) -> np.ndarray:
        """(n,) bool, as they are."""
        return self.kinds == ""

    @cached_property
    def merged(self) -> np.ndarray:
        """(all pairs,) bool: a faultless map of classes makes one region of both."""
        cells = self.cells[self.plain]
        apart = [kept_apart(each, components(each > 0), pairs) for each, pairs in zip(cells, self.pairs, strict=True)]
        return ~np.concatenate(apart)

    @property
    def groups(self) -> np.ndarray:
        """(all pairs,) which picture a pair of neighbours is in."""
        return np.concatenate([np.full(len(pairs), place) for place, pairs in enumerate(self.pairs)])


@dataclass(frozen=True)
class Scored:
    """One variant's answers: ``probability`` (seeds, n, h, w) of being inside a cell."""

    name: str
    probability: np.ndarray
    questions: Questions

    @classmethod
    def of(cls, run: Run, questions: Questions) -> Scored:
        """Reads what training predicted."""
        (probability,) = run.arrays("test/probability")
        if probability.shape[1:] != questions.images.shape:
            raise ValueError(
                f"{run.folder}: answers of shape {probability.shape[1:]}, pictures {questions.images.shape}"
            )
        return cls(run.name, probability, questions)

    @property
    def seeds(self) -> int:
        """How many networks there are."""
        return len(self.probability)

    @cached_property
    def inside(self) -> np.ndarray:
        """(seeds, n, h, w) bool."""
        return self.probability > 0.5

    @cached_property
    def regions(self) -> list[list[np.ndarray]]:
        """For each network and plain picture the numbered regions."""
        return [[components(each) for each in masks[self.questions.plain]] for masks in self.inside]

    @cached_property
    def apart(self) -> np.ndarray:
        """(seeds, pairs) 1 where two neighbours are found and kept apart."""
        cells, pairs = self.questions.cells[self.questions.plain], self.questions.pairs
        return np.array(
            [
                np.concatenate([kept_apart(*each) for each in zip(cells, regions, pairs, strict=True)])
                for regions in self.regions
            ],
            float,
        )

    @cached_property
    def mean_iu(self) -> np.ndarray:
        """(seeds, n) mean of both classes' IU in each picture, changed ones too."""
        truth = self.questions.cells > 0
        return np.array(
            [
                (intersection_over_union(truth, said) + intersection_over_union(~truth, ~said)) / 2
                for said in self.inside
            ]
        )

    @cached_property
    def instance_iou(self) -> np.ndarray:
        """(seeds,) the cell-tracking challenge's SEG: mean over all cells of plain pictures."""
        cells = self.questions.cells[self.questions.plain]
        return np.array(
            [
                np.concatenate([instance_iou(*each) for each in zip(cells, regions, strict=True)]).mean()
                for regions in self.regions
            ]
        )

    @property
    def unlearned(self) -> str:
        """Why it may not be judged: no better than a picture of one class; empty where it is."""
        share = (self.questions.cells[self.questions.plain] > 0).mean(axis=(1, 2))
        constant = float(np.maximum(share, 1 - share).mean() / 2)
        score = float(np.median(self.mean_iu[:, self.questions.plain].mean(axis=1)))
        return f"{self.name} has a mean IU of {score:.3f}, one class {constant:.3f}" if score <= constant else ""
