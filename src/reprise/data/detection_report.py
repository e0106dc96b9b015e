"""``reprise detection-scores``: COCO's twelve numbers of anyone's detections, as a table or as JSON."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reprise.data.coco import Truth, read_detections, read_truth
from reprise.files import shown
from reprise.metrics.detection import MOST, Scores, detection_scores

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
        names = [shown(self.truth.categories[key]) for key in self.scores.categories.tolist()]
        return {
            name if names.count(name) == 1 else f"{name} ({key})": self.scores.average_precision(category=key)
            for name, key in zip(names, self.scores.categories.tolist(), strict=True)
        }

    def as_json(self) -> dict[str, Any]:
        """All numbers; null where there is nothing to be found."""
        table, classes = self.scores.table(), self.by_class()
        counts = {"pictures": len(self.truth.images), "objects": len(self.truth.objects), "detections": self.detections}
        return counts | {"scores": _known(table), "AP by class": _known(classes)}


def report(truth: Path, detected: Path, masks: bool = False) -> Report:
    """Reads both files and scores them.

    Raises:
        ValueError: a file is none of COCO's, with every fault in it.
    """
    known = read_truth(truth, masks)
    found = read_detections(detected, known, masks)
    return Report(known, detection_scores(known.objects, found, sorted(known.categories)), len(found))


def _number(value: float) -> str:
    return "-1.000" if math.isnan(value) else f"{value:.3f}"


def _known(values: dict[str, float]) -> dict[str, float | None]:
    return {name: None if math.isnan(value) else value for name, value in values.items()}
