"""What every variant's trained networks said of turned test images, read again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from reprise.runs import Probed, Run, apart
from reprise.studies.rotation.settings import TRANSPLANTS
from reprise.workspace import Workspace


@dataclass(frozen=True)
class Probe:
    """Turned test images as the networks see them; the source's own image is the first.

    Attributes:
        angles: (angles,) degrees.
        index: (images,) which test images they are.
        right: variant -> (seeds, images, angles) 1 where the class is right.
        single: variant -> (seeds, angles) probability of the right class of the first image.
        transplanted: rotated network -> the same as ``right``, with the baseline's weights.
        settings: what the networks were asked with.
    """

    angles: np.ndarray
    index: np.ndarray
    right: dict[str, np.ndarray]
    single: dict[str, np.ndarray]
    transplanted: dict[str, np.ndarray]
    settings: dict[str, Any]

    def share(self, name: str) -> np.ndarray:
        """(seeds, images) share of angles that are right."""
        return self.right[name].mean(axis=2)

    def gap(self, name: str, other: str) -> np.ndarray:
        """(seeds, images) difference of two variants' shares of angles that are right."""
        return apart(self.share(name), self.share(other))


def load_probe(workspace: Workspace, runs: dict[str, Run]) -> Probe:
    """Reads what every variant's networks were asked."""
    right, single, transplanted, settings = {}, {}, {}, {}
    for name in runs:
        probed = Probed.of(workspace, name)
        settings = probed.record["settings"]
        count = settings["angles"]
        index, labels, logits = probed.arrays("turned/index", "turned/label", "turned/logits")
        index, labels, logits = index[0], labels[0].astype(int), logits.astype(np.float64)
        right[name] = (logits.argmax(axis=2) == labels).astype(float).reshape(len(logits), -1, count)
        first = np.exp(logits[:, :count] - logits[:, :count].max(axis=2, keepdims=True))
        single[name] = first[:, :, labels[0]] / first.sum(axis=2)
        if name == "baseline":
            for k, n in TRANSPLANTS:
                (answers,) = probed.arrays(f"transplant/{k}_rot_{n}")
                transplanted[f"{k}_rot_{n}"] = (answers == labels).astype(float).reshape(len(answers), -1, count)
    return Probe(np.arange(count) * 360 / count, index[::count], right, single, transplanted, settings)
