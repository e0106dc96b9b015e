"""Generated cells that touch, each known by its number: what a map of classes cannot tell apart.

A picture holds clusters of cells, grown side by side from their middles until they meet, with no background between
those of a cluster. Where two meet, a faint darker line is seen, broken here and there, as in phase contrast.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

LINE = 0.75  # share of an edge between two cells along which it shows


def generate(count: int, size: int, seed: int, first: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Pictures of cells and their numbers; picture k of a seed is the same whatever the number of pictures.

    Args:
        count: pictures.
        size: their side in pixels, 48 or more.
        seed: of all of them.
        first: number of the first.

    Returns:
        (count, size, size) uint8 and (count, size, size) int32: 0 background, else the cell's number in its picture.
    """
    if count < 1 or size < 48:
        raise ValueError(f"found {count} pictures of {size} pixels; at least 1 of 48 are needed")
    pairs = [picture(size, np.random.default_rng([seed, first + number])) for number in range(count)]
    return np.stack([image for image, _ in pairs]), np.stack([cells for _, cells in pairs])


def picture(size: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """One picture: (size, size) uint8 and (size, size) int32."""
    y, x = np.mgrid[:size, :size].astype(float)
    middles = _middles(size, generator)
    wave = _smooth(generator, size, 6)  # outlines are no circles
    tree = cKDTree(middles)
    distance, owner = tree.query(np.stack([y, x], axis=-1), k=min(2, len(middles)))
    distance, owner = distance.reshape(size, size, -1), owner.reshape(size, size, -1)
    radius = generator.uniform(7, 11, len(middles))
    inside = distance[..., 0] < radius[owner[..., 0]] * (1 + 0.25 * wave)
    cells = np.where(inside, owner[..., 0] + 1, 0).astype(np.int32)
    cells = _whole(cells)
    light = 120 + 45 * (cells > 0) * (1 + 0.25 * _smooth(generator, size, 3))
    light += generator.normal(0, 12, len(middles) + 1)[cells] * (cells > 0)
    rim = (cells > 0) & (ndimage.minimum_filter(cells, 3) == 0)
    meet = (cells > 0) & (ndimage.maximum_filter(cells, 3) != cells) & ~rim
    gaps = _smooth(generator, size, 4)
    seen = gaps < np.quantile(gaps, LINE)
    light = (
        light
        + 40 * ndimage.gaussian_filter(rim.astype(float), 1)
        - 45 * ndimage.gaussian_filter((meet & seen).astype(float), 0.8)
    )
    light += generator.normal(0, 9, light.shape)
    return np.clip(np.rint(light), 0, 255).astype(np.uint8), cells


def _middles(size: int, generator: np.random.Generator) -> np.ndarray:
    """(m, 2) places: clusters of two to five, 12 to 16 pixels apart within one and further from others."""
    places: list[np.ndarray] = []
    for _ in range(max(2, round((size / 40) ** 2))):
        start = generator.uniform(0, size, 2)
        if places and np.hypot(*(np.array(places) - start).T).min() < 34:
            continue
        cluster = [start]
        for _ in range(int(generator.integers(1, 5))):
            angle, step = generator.uniform(0, 2 * np.pi), generator.uniform(12, 16)
            beside = cluster[int(generator.integers(len(cluster)))] + step * np.array([np.sin(angle), np.cos(angle)])
            others = np.array([*places, *cluster])
            if np.hypot(*(others - beside).T).min() >= 11.9 and (
                not places or np.hypot(*(np.array(places) - beside).T).min() > 26
            ):
                cluster.append(beside)
        places += cluster
    return np.array(places)


def _smooth(generator: np.random.Generator, size: int, width: float) -> np.ndarray:
    """(size, size) smooth noise with mean about 0 and standard deviation 1."""
    noise = ndimage.gaussian_filter(generator.normal(0, 1, (size, size)), width, mode="wrap")
    return noise / noise.std()


def _whole(cells: np.ndarray) -> np.ndarray:
    """The largest part of each cell, numbered anew; parts and cells of under 20 pixels are background."""
    found = np.zeros_like(cells)
    number = 0
    for each in range(1, int(cells.max()) + 1):
        parts, count = ndimage.label(cells == each)
        if not count:
            continue
        sizes = np.bincount(parts.ravel())[1:]
        if sizes.max() >= 20:
            number += 1
            found[parts == sizes.argmax() + 1] = number
    return found
