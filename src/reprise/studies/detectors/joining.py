"""What claim 124 is checked against: the joining of selective search, done slowly and from the pixels."""

from __future__ import annotations

import numpy as np

from reprise.claims.evidence import Finding, equals
from reprise.data.selective import group
from reprise.statistics import exact

PICTURES = 12  # of blocks that are seven patches, each pixel in a bin of each of five channels drawn at random
ALIKE = 1e-9  # of two pairs whose similarities are no further apart either may come first
Pixels = set[int]
Box = tuple[int, int, int, int]


def oracle() -> Finding:
    """Boxes of which one form has what the other has not, picture by picture and in order."""
    wrong = count = 0
    for seed in range(PICTURES):
        patches, bins = drawn(seed)
        slow = slowly(patches, bins)
        if slow is None:
            continue
        found = [tuple(box) for box in group(patches, *bins).tolist()]
        wrong += sum(one != other for one, other in zip(found, slow, strict=True))
        count += len(slow)
    return Finding(
        124,
        "Boxes of selective search's joined patches that are not those of joining them slowly",
        exact(wrong, count, "boxes"),
        equals(0),
        kind="oracle",
        oracle="sets of pixels, every similarity anew from them at every step (Uijlings et al., 2013)",
    )


def drawn(seed: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """Patches (6, 6) and the bins of colours and textures of every pixel."""
    rng = np.random.default_rng(seed)
    blocks = np.minimum(rng.permutation(9), 6).reshape(3, 3)
    patches = np.repeat(np.repeat(blocks, [2, 1, 3], 0), [1, 3, 2], 1)
    return patches, [rng.integers(0, 12, (patches.size, channels)) for channels in (2, 3)]


def slowly(patches: np.ndarray, bins: list[np.ndarray]) -> list[Box] | None:
    """Boxes of all patches, then of each that is joined; None where two pairs are alike, so that either may come first.

    Args:
        patches: (h, w) int.
        bins: of colours and of textures, (h * w, k) int.
    """
    (height, width), flat = patches.shape, patches.ravel().tolist()
    sets = {k: {p for p, at in enumerate(flat) if at == k} for k in range(max(flat) + 1)}

    def box(pixels: Pixels) -> Box:
        rows, columns = [p // width for p in pixels], [p % width for p in pixels]
        return min(columns), min(rows), max(columns) + 1, max(rows) + 1

    def shares(pixels: Pixels, of: list[list[int]]) -> dict[int, float]:
        counted: dict[int, int] = {}
        for each in (each for p in pixels for each in of[p]):
            counted[each] = counted.get(each, 0) + 1
        return {each: number / sum(counted.values()) for each, number in counted.items()}

    def touch(one: Pixels, other: Pixels) -> bool:
        beside = {p + 1 for p in one if p % width < width - 1} | {p - 1 for p in one if p % width}
        return bool((beside | {p + width for p in one} | {p - width for p in one}) & other)

    def similarity(one: Pixels, other: Pixels) -> float:
        shared = 0.0
        for of in listed:
            here, there = shares(one, of), shares(other, of)
            shared += sum(min(share, there.get(each, 0.0)) for each, share in here.items())
        x1, y1, x2, y2 = box(one | other)
        together, whole = len(one) + len(other), height * width
        return shared + 1 - together / whole + 1 - ((x2 - x1) * (y2 - y1) - together) / whole

    listed = [each.tolist() for each in bins]
    boxes = [box(pixels) for pixels in sets.values()]
    while len(sets) > 1:
        pairs = [(i, j) for i in sets for j in sets if i < j and touch(sets[i], sets[j])]
        values = [similarity(sets[i], sets[j]) for i, j in pairs]
        best = max(values)
        if sum(value > best - ALIKE for value in values) > 1:
            return None
        i, j = pairs[values.index(best)]
        sets[i] |= sets.pop(j)
        boxes.append(box(sets[i]))
    return boxes
