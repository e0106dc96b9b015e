"""COCO's ways to write a mask: runs in a string or a list, and polygons.

A string holds the lengths of runs, empty and filled in turn, column by column; from the fourth on as the difference to
the last but one. A number is written in pieces of five bits, the lowest first, each in a letter from "0" on, of which
another bit says that more follow. All strings of a file are read at once.
"""

from __future__ import annotations

import numpy as np

FIRST, MORE, SIGN = 48, 0x20, 0x10  # "0"; another piece follows; the last piece's highest bit
FARTHEST = 1e9  # a corner's coordinate, in pixels: beyond, floats do not tell the fine grid's points apart
STEPS = 5  # a pixel is cut into so many, along each side, before a polygon's edges are drawn


def decode_strings(strings: list[str]) -> list[np.ndarray]:
    """Lengths of runs of each string.

    Raises:
        ValueError: a letter that no string has, or a number that is cut; the message names the string's place.
    """
    sizes = np.array([len(text) for text in strings], dtype=np.int64)
    letters = np.frombuffer("".join(strings).encode("utf-32-le"), np.uint32).astype(np.int64) - FIRST
    owner = np.repeat(np.arange(len(strings)), sizes)
    if (bad := np.flatnonzero((letters < 0) | (letters > 63))).size:
        raise ValueError(f"{owner[bad[0]]}: a letter that stands in no mask")
    last = (letters & MORE) == 0
    ends = np.cumsum(sizes)[sizes > 0] - 1
    if (cut := ends[~last[ends]]).size:
        raise ValueError(f"{owner[cut[0]]}: its last number is cut")
    stops = np.flatnonzero(last)
    starts = np.append(0, stops[:-1] + 1) if len(stops) else stops
    piece = np.arange(len(letters)) - np.repeat(starts, stops - starts + 1)
    if piece.max(initial=0) > 7:
        raise ValueError(f"{owner[piece.argmax()]}: a number of more than forty bits")
    values = np.add.reduceat((letters & 0x1F) << (5 * piece), starts) if len(stops) else stops
    width = 5 * (stops - starts + 1)
    values = np.where(letters[stops] & SIGN, values - (1 << width), values)
    return _summed(values, owner[stops], len(strings))


def _summed(values: np.ndarray, owner: np.ndarray, count: int) -> list[np.ndarray]:
    """Undoes the differences: sums over every other number, of each string by itself."""
    first = np.searchsorted(owner, np.arange(count + 1))
    place = np.arange(len(values)) - first[owner]
    chain = np.where(place == 0, 0, 2 - place % 2)  # the first stands alone, then odd and even ones
    order = np.lexsort((place, chain, owner))
    running = np.cumsum(values[order])
    begins = np.flatnonzero(np.diff(owner[order] * 3 + chain[order], prepend=-1))
    offset = np.repeat(running[begins] - values[order][begins], np.diff(np.append(begins, len(values))))
    summed = np.empty_like(values)
    summed[order] = running - offset
    return np.split(summed, first[1:-1])[:count]


def encode_string(counts: np.ndarray) -> str:
    """The string of lengths of runs."""
    counts = np.asarray(counts, dtype=np.int64)
    steps = counts.copy()
    steps[3:] -= counts[1:-2]
    letters = []
    for value in steps.tolist():
        more = True
        while more:
            piece, value = value & 0x1F, value >> 5
            more = value != (-1 if piece & SIGN else 0)
            letters.append(chr(FIRST + (piece | MORE if more else piece)))
    return "".join(letters)


def counts_of(mask: np.ndarray) -> np.ndarray:
    """Lengths of runs of a boolean (h, w) mask, empty ones first."""
    flat = np.asarray(mask, bool).T.ravel()
    edges = np.flatnonzero(np.diff(flat, prepend=False))
    return np.diff(np.concatenate([[0], edges, [len(flat)]]))


def mask_of(counts: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The boolean (h, w) mask of lengths of runs.

    Raises:
        ValueError: they do not fill the picture, or one is negative.
    """
    counts = np.asarray(counts, dtype=np.int64)
    if (counts < 0).any() or counts.sum() != size[0] * size[1]:
        raise ValueError(f"runs of {counts.sum()} pixels do not fill a picture of {size[0]} x {size[1]}")
    return np.repeat(np.arange(len(counts)) % 2 == 1, counts).reshape(size[::-1]).T


def polygon_counts(points: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Lengths of runs of what a polygon encloses, as COCO's own masks are drawn from polygons.

    Edges are drawn on a grid five times as fine; where one passes the middle of a column, from there on down inside
    and outside are exchanged. Only those places are looked at: what lies beyond the picture takes no memory.

    Args:
        points: (n, 2) corners x, y in pixels, within `FARTHEST`; the last is joined to the first.
        size: height and width of the picture.
    """
    height, width = size
    corners = _fine(points)
    ends = [_edge(one, other, size) for one, other in zip(corners, np.roll(corners, -1, 0), strict=True)]
    ends = np.sort(np.concatenate([*ends, [height * width]]))
    return _without_nothing(np.diff(ends, prepend=0))


def crossings(points: np.ndarray, width: int) -> int:
    """How often a polygon's edges pass the middle of a column, at most: so many numbers `polygon_counts` takes."""
    x = np.clip(np.asarray(points, dtype=np.float64)[:, 0], -1, width + 1)
    return int(np.abs(np.diff(x, append=x[0])).sum()) + 2 * len(x)


def _fine(points: np.ndarray) -> np.ndarray:
    return np.trunc(STEPS * np.asarray(points, dtype=np.float64) + 0.5).astype(np.int64)


def _edge(one: np.ndarray, other: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Pixels from which on down an edge, drawn from corner to corner of the fine grid, exchanges inside and outside.

    It goes a point a step along the axis on which the corners are farther apart.
    """
    height, width = size
    far = np.abs(other - one)
    along = int(far[0] < far[1])
    (x, y), (last_x, _) = (other, one) if one[along] > other[along] else (one, other)
    low, high = sorted((int(x), int(last_x)))
    first = max(0, -(-(low - STEPS // 2) // STEPS))
    column = np.arange(first, min(width, (high - 1 - STEPS // 2) // STEPS + 1))
    left = STEPS * column + STEPS // 2  # the middle of a column lies between this point of the fine grid and the next
    if along == 0:
        slope = (other[1] - one[1]) / (other[0] - one[0]) if far[0] else 0.0
        row = np.minimum(*(np.trunc(y + slope * (at - x) + 0.5) for at in (left, left + 1)))
    else:
        slope = (other[0] - one[0]) / (other[1] - one[1])
        row = y + _steps_before(left, int(x), slope, int(far[1]))
    row = np.ceil(np.clip((row + 0.5) / STEPS - 0.5, 0, height)).astype(np.int64)
    return column * height + row


def _steps_before(left: np.ndarray, start: int, slope: float, most: int) -> np.ndarray:
    """The last of ``most`` steps at which an edge that drifts from ``start`` has not passed beyond ``left`` yet."""
    low, high = np.zeros(len(left), np.int64), np.full(len(left), most, np.int64)
    while len(left) and (high - low).max() > 1:
        middle = (low + high) // 2
        at = np.trunc(start + slope * middle + 0.5)
        passed = (at > left) if slope > 0 else (at <= left)
        low, high = np.where(passed, low, middle), np.where(passed, middle, high)
    return low


def _without_nothing(counts: np.ndarray) -> np.ndarray:
    """The same runs without empty ones but the first: their neighbours are one."""
    edges = np.cumsum(counts)
    inner = edges[:-1]
    values, times = np.unique(inner, return_counts=True)
    kept = values[(times % 2 == 1) & (values < edges[-1])]  # exchanged twice is not exchanged
    return np.diff(np.concatenate([[0], kept, edges[-1:]]))
