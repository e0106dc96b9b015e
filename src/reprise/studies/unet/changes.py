"""Test pictures that are turned, moved, bent or changed in grey, with their cells: what augmentation is to help with.

NumPy and SciPy alone, so that what is tested does not share code with what trains.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from reprise.data.cells import Cells
from reprise.studies.unet.settings import CHANGES

# No change is larger than the largest that training with augmentation has seen at every scale.
SHIFT = 0.2  # of the side
BEND = 8.0  # pixels, standard deviation at the knots
KNOTS = 3


def changed(image: np.ndarray, cells: np.ndarray, kind: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """One picture and its cells, both changed alike; beyond the border both are mirrored.

    Args:
        image: (h, w) uint8.
        cells: (h, w) integers.
        kind: one of ``CHANGES``.
        seed: of the change.
    """
    generator = np.random.default_rng([seed, CHANGES.index(kind)])
    if kind == "grey":
        values = (image.astype(float) - image.mean()) * generator.choice([0.6, 1.4]) + image.mean()
        values += generator.choice([-25, 25])
        return np.clip(np.rint(values), 0, 255).astype(np.uint8), cells
    height, width = image.shape
    y, x = np.mgrid[:height, :width].astype(float)
    if kind == "turned":
        angle = generator.uniform(np.pi / 6, 11 * np.pi / 6)
        cy, cx = (height - 1) / 2, (width - 1) / 2
        dy, dx = y - cy, x - cx
        y, x = cy + np.cos(angle) * dy - np.sin(angle) * dx, cx + np.sin(angle) * dy + np.cos(angle) * dx
    elif kind == "moved":
        y, x = y + generator.choice([-1, 1]) * SHIFT * height, x + generator.choice([-1, 1]) * SHIFT * width
    else:
        for axis in (y, x):
            knots = generator.normal(0, BEND, (KNOTS, KNOTS))
            axis += ndimage.zoom(knots, (height / KNOTS, width / KNOTS), order=3, grid_mode=True, mode="nearest")
    picture = ndimage.map_coordinates(image.astype(float), [y, x], order=1, mode="mirror")
    moved = ndimage.map_coordinates(cells, [y, x], order=0, mode="mirror")
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8), moved


def seen(prepared: Cells, number: int, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """A picture and its cells, changed where ``kind`` names a change, as they are where it is empty."""
    image, cells = prepared.images[number], prepared.instances[number]
    return changed(image, cells, kind, number) if kind else (image, cells)


def asked(prepared: Cells, with_changes: bool) -> list[tuple[int, str]]:
    """Numbers of the test pictures with their change: first all as they are, then all in each change."""
    place = np.flatnonzero(prepared.part == 2)
    return [(int(number), kind) for kind in ("", *(CHANGES if with_changes else ())) for number in place]
