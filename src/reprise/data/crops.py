"""Pairs of which one picture is cut out of the other: whole pictures against windows of all others.

Windows of several sizes on a grid are described as pictures are; where a whole picture lies near one, the window is
moved and stretched until it fits best, and what then lies under the threshold is a pair. Work and memory for the table
of distances grow with the square of the number of pictures, as nothing else here does, so it is an option. How much is
found of what was planted: ``benchmarks/crops.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
from PIL import Image

from reprise.data.hashes import robust_descriptors

SIDE = 168  # of the shorter side of what windows are cut from: a window of half of it still fills a thumbnail
SMALL = 84  # of the shorter side of what is described
SCALES = (0.92, 0.84, 0.76, 0.68, 0.6)  # of a window's sides; refined, so that 0.55 to 0.96 are found
STEP = 0.08  # of the grid, in sides
LOOSE = 0.2  # distance of a window on the grid from which on it is not worth refining: of true ones it is under 0.1
HOPELESS = 0.1  # distance after the first round of refining from which on there is no second
CANDIDATES = 4  # pictures at most that each one is refined against
TABLE_ROWS = 64  # wholes whose distances to all windows are held at a time
STEPS = (0.04, 0.02, 0.01, 0.005)  # by which a window's edges are moved

Window = tuple[float, float, float, float]  # top, left, height and width, in sides of the picture


def small_size(size: tuple[int, int], shorter: int = SIDE) -> tuple[int, int]:
    """Height and width with a shorter side of so many pixels, at most those that there are."""
    scale = min(1.0, shorter / min(size))
    return max(8, round(size[0] * scale)), max(8, round(size[1] * scale))


def cropped_pairs(
    pictures: np.ndarray,
    threshold: float,
    groups: np.ndarray | None = None,
    first: int | None = None,
    progress: Callable[[], None] = lambda: None,
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of which one is cut out of the other, keeping from about 55 to 96 % of each side.

    Args:
        pictures: (n, h, w) uint8, as `small_size` makes them.
        threshold: cosine distance of `robust_descriptors` under which a fitted window makes a pair.
        groups: (n,) labels; only pictures of the same group are compared.
        first: so many of the pictures lie in one folder, the others in another; only pairs of one of each count.
        progress: called after every picture.

    Returns:
        pairs (m, 2) with i < j in lexicographic order, and distances (m,).
    """
    n, size = len(pictures), small_size(pictures.shape[1:], SMALL)
    windows = grid()
    wholes = _unit(_describe([_cut(picture, (0, 0, 1, 1), size) for picture in pictures]))
    described = np.empty((len(windows), n, wholes.shape[1]), np.float32)
    for k, picture in enumerate(pictures):
        described[:, k] = _unit(_describe([_cut(picture, window, size) for window in windows]))
        progress()
    found: dict[tuple[int, int], float] = {}
    for start in range(0, n, TABLE_ROWS):
        rows = slice(start, start + TABLE_ROWS)
        nearest, place = np.full((len(wholes[rows]), n), np.inf, np.float32), np.zeros((len(wholes[rows]), n), int)
        for k in range(len(windows)):
            distance = 1 - wholes[rows] @ described[k].T
            closer = distance < nearest
            nearest[closer], place[closer] = distance[closer], k
        for whole, (row, at) in enumerate(zip(nearest, place, strict=True), start=start):
            row[whole] = np.inf
            if groups is not None:
                row[groups != groups[whole]] = np.inf
            if first is not None:
                row[slice(first) if whole < first else slice(first, None)] = np.inf
            order = np.argsort(row, kind="stable")[:CANDIDATES]
            for other in order[row[order] < LOOSE].tolist():
                distance = _fitted(pictures[other], windows[at[other]], wholes[whole], size)
                pair = (min(whole, other), max(whole, other))
                if distance < min(threshold, found.get(pair, np.inf)):
                    found[pair] = distance
            progress()
    pairs = sorted(found)
    return np.array(pairs, np.int64).reshape(-1, 2), np.array([found[pair] for pair in pairs], float)


def grid() -> list[Window]:
    """The windows that are described of every picture."""
    found = []
    for scale in SCALES:
        places = np.linspace(0, 1 - scale, 1 + int(np.ceil((1 - scale) / STEP)))
        found += [(top, left, scale, scale) for top, left in product(places.tolist(), places.tolist())]
    return found


def _fitted(picture: np.ndarray, window: Window, whole: np.ndarray, size: tuple[int, int]) -> float:
    """The distance of a whole from the window of a picture that fits it best, from a first one on: a pattern search."""

    def distances(windows: list[Window]) -> np.ndarray:
        return 1 - _unit(_describe([_cut(picture, each, size) for each in windows])).astype(float) @ whole

    best = float(distances([window])[0])
    for step in STEPS:
        for _ in range(8):
            tried = [moved for move in _MOVES if (moved := _moved(window, move, step)) is not None]
            found = distances(tried)
            if not len(found) or found.min() >= best:
                break
            best, window = float(found.min()), tried[int(found.argmin())]
        if best > HOPELESS:
            break
    return best


_MOVES = tuple(  # of the top, the left, the height and the width: shifts, and sizes about the centre and the corners
    (sign * top, sign * left, sign * height, sign * width)
    for sign in (1, -1)
    for top, left, height, width in (
        *((1, 0, 0, 0), (0, 1, 0, 0), (1, 1, 0, 0), (1, -1, 0, 0)),
        *((0, 0, 1, 0), (0, 0, 0, 1), (-0.5, 0, 1, 0), (0, -0.5, 0, 1), (-1, 0, 1, 0), (0, -1, 0, 1)),
        *((0, 0, 1, 1), (-0.5, -0.5, 1, 1), (-1, -1, 1, 1)),
    )
)


def _moved(window: Window, move: tuple[float, ...], step: float) -> Window | None:
    """A window whose edges are moved, inside the picture; None where it would be hardly one."""
    top, left, height, width = (value + step * each for value, each in zip(window, move, strict=True))
    height, width = min(height, 1.0), min(width, 1.0)
    if min(height, width) < 0.4:
        return None
    return min(max(top, 0.0), 1 - height), min(max(left, 0.0), 1 - width), height, width


def _cut(picture: np.ndarray, window: Window, size: tuple[int, int]) -> np.ndarray:
    """(h, w) uint8: a window of a picture at a size."""
    (h, w), (top, left, height, width) = picture.shape, window
    box = (left * w, top * h, (left + width) * w, (top + height) * h)
    return np.asarray(Image.fromarray(picture).resize(size[::-1], Image.Resampling.BILINEAR, box=box))


def _describe(pictures: list[np.ndarray]) -> np.ndarray:
    return robust_descriptors(np.stack(pictures), threads=1)


def _unit(rows: np.ndarray) -> np.ndarray:
    """Rows of length 1; a row of zeros, a picture of one colour, stays and is near to nothing."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, length, out=np.zeros_like(rows), where=length > 0)
