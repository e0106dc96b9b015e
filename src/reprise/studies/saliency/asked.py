"""What the trained networks answered, read again: curves, maps and inversions. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from reprise.runs import Probed
from reprise.studies.saliency.orders import ORDERS
from reprise.studies.saliency.settings import LAYERS
from reprise.workspace import Workspace


@dataclass(frozen=True)
class Asked:
    """All networks of one variant, seeds first; shapes are those of ``probe.py``."""

    variant: str
    data: str
    probed: Probed

    @classmethod
    def of(cls, workspace: Workspace, variant: str) -> Asked:
        """What the probe stage wrote of a variant."""
        return cls(variant, workspace.settings(variant).data, Probed.of(workspace, variant))

    @property
    def settings(self) -> dict[str, Any]:
        """What was asked with."""
        return self.probed.record["settings"]

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers that were inverted, the first next to the image."""
        return LAYERS[self.data]

    def get(self, name: str) -> np.ndarray:
        """One array of answers.npz."""
        return self.probed.arrays(name)[0].astype(np.float64)

    @cached_property
    def deletion(self) -> dict[str, np.ndarray]:
        """Map -> (seeds, images, steps + 1)."""
        return {name: self.get(f"deletion/{name}") for name in ORDERS}

    @cached_property
    def insertion(self) -> dict[str, np.ndarray]:
        """Map -> (seeds, images, steps + 1)."""
        return {name: self.get(f"insertion/{name}") for name in ORDERS}

    def gap(self, name: str, other: str = "chance", kind: str = "deletion") -> np.ndarray:
        """(seeds, images) difference of the areas under two maps' curves."""
        curves = getattr(self, kind)
        return area(curves[name]) - area(curves[other])


def area(curves: np.ndarray) -> np.ndarray:
    """(..., steps + 1) -> (...,) under curves over the share of pixels, trapezia."""
    return np.trapezoid(curves, axis=-1) / (curves.shape[-1] - 1)
