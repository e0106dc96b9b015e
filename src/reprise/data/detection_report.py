"""``reprise detection-scores``: COCO's twelve numbers of anyone's detections, as a table or as JSON."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reprise.data.coco import Truth, read_detections, read_truth
from reprise.files import shown
from reprise.metrics.detection import MOST, Scores, detection_scores

CLASSES = 20_000  # each takes 32 kB of precisions
LINES = (  # what, overlaps, sizes, at most, its name among the scores
    ("Average Precision  (AP)", "0.50:0.95", "all", 100, "AP"),
    ("Average Precision  (AP)", "0.50     ", "all", 100, "AP50"),
    ("Average Precision  (AP)", "0.75     ", "all", 100, "AP75"),
    *(("Average Precision  (AP)", "0.50:0.95", size, 100, f"AP {size}") for size in ("small", "medium", "large")),
    *(("Average Recall     (AR)", "0.50:0.95", "all", most, f"AR{most}") for most in MOST),
    *(("Average Recall     (AR)", "0.50:0.95", size, 100, f"AR {size}") for size in ("small", "medium", "large")),
)


@dataclass(frozen=True)
class Report:
    """What detections are worth.

    Attributes:
        truth: what is in the pictures.
        scores: of the detections.
        detections: how many there are.
    """

    truth: Truth
    scores: Scores
    detections: int

    def text(self, per_class: bool = False) -> str:
        """COCO's table, -1 where there is nothing to be found; then average precision by class where asked for."""
        table = self.scores.table()
        lines = [
            f" {what} @[ IoU={overlap} | area={size:>6s} | maxDets={most:>3d} ] = {_number(table[name])}"
            for what, overlap, size, most, name in LINES
        ]
        if per_class:
            classes = self.by_class()
            width = max([len(name) for name in classes], default=0)
            lines += ["", *(f" {name:{width}} AP = {_number(value)}" for name, value in classes.items())]
        return "\n".join(lines)

    def by_class(self) -> dict[str, float]:
        """Average precision of each class by name, those of one name told apart by their ids."""
        names = {key: shown(name) for key, name in sorted(self.truth.categories.items())}
        times = Counter(names.values())
        found = {key: self.scores.average_precision(category=key) for key in self.scores.categories.tolist()}
        return {
            name if times[name] == 1 else f"{name} ({key})": found.get(key, math.nan) for key, name in names.items()
        }

    def as_json(self) -> dict[str, Any]:
        """All numbers; null where there is nothing to be found."""
        table, classes = self.scores.table(), self.by_class()
        counts = {"pictures": len(self.truth.images), "objects": len(self.truth.objects), "detections": self.detections}
        return counts | {"scores": _known(table), "AP by class": _known(classes)}


def report(truth: Path, detected: Path, masks: bool = False) -> Report:
    """Reads both files and scores them.

    Raises:
        ValueError: a file is none of COCO's, with every fault in it; or objects of more than `CLASSES` classes.
    """
    known = read_truth(truth, masks)
    found = read_detections(detected, known, masks)
    classes = np.unique(known.objects.category)  # of the others there is nothing to be found
    if len(classes) > CLASSES:
        raise ValueError(f"{shown(truth)}: objects of {len(classes):,} classes; no more than {CLASSES:,} are compared")
    return Report(known, detection_scores(known.objects, found, classes), len(found))


def _number(value: float) -> str:
    return "-1.000" if math.isnan(value) else f"{value:.3f}"


def _known(values: dict[str, float]) -> dict[str, float | None]:
    return {name: None if math.isnan(value) else value for name, value in values.items()}
