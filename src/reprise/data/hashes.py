"""Image hashes for near-duplicates: histograms of blocks, of strips, and a descriptor that survives fresh speckle.

Three labelled variants of one idea (claim 84):

* ``blocks``: what the write-up says. One histogram for each 20 x 20 block: 609 x 9 = 5,481 numbers at 420 x 580.
* ``strips``: what its code did. Iterating over ``view_as_blocks`` walks the first axis alone, so each histogram covers
  a whole row of blocks: 21 x 9 = 189 numbers.
* ``robust``: ours. The gradient of a smoothed thumbnail, which neither a gain nor fresh speckle changes much.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

CHUNK_BYTES = 2 << 20  # of pixels a worker handles at once: stays in the cache, and long enough to be worth a thread


def block_histograms(
    images: np.ndarray, block: int = 20, bins: int = 9, *, unscaled: bool = False, threads: int | None = None
) -> np.ndarray:
    """Histograms of square blocks, concatenated: the hash that the write-up describes (claim 84, ``blocks``).

    Each block's histogram is ``np.histogram(block, bins=np.linspace(0, 1, bins + 1))`` exactly: bins closed on the
    left, the last one closed on both sides, values outside [0, 1] and NaN counted nowhere.

    Args:
        images: (n, h, w) floats in [0, 1], or uint8, which counts as ``images / 255``; h and w multiples of ``block``.
        block: side of a block, in pixels.
        bins: number of bins over [0, 1].
        unscaled: takes uint8 values as they are, which is the slip in the released code: every pixel but those equal to
            0 or 1 lies outside the bins. For showing the slip, not for use.
        threads: worker threads; by default up to four.

    Returns:
        (n, h / block * w / block * bins) float32 of whole counts, blocks in row-major order, a block's bins together.

    Raises:
        ValueError: for another shape or type, or sides that are not multiples of ``block``.
    """
    images = np.asarray(images)
    _check(images, block, bins)
    n, h, w = images.shape
    edges = np.linspace(0, 1, bins + 1)
    steps = _steps(edges, images.dtype, unscaled)
    out = np.empty((n, (h // block) * (w // block) * bins), np.float32)
    size = max(1, CHUNK_BYTES // max(1, h * w * images.itemsize))
    chunks = [slice(start, start + size) for start in range(0, n, size)]

    def work(chunk: slice) -> None:
        counts = _count(images[chunk], steps, block)
        out[chunk] = counts.reshape(len(counts), -1)

    threads = threads or min(4, os.cpu_count() or 1)
    if threads == 1 or len(chunks) == 1:
        for chunk in chunks:
            work(chunk)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(work, chunks))
    return out


def strip_histograms(
    images: np.ndarray, block: int = 20, bins: int = 9, *, unscaled: bool = False, threads: int | None = None
) -> np.ndarray:
    """Histograms of strips ``block`` pixels high and as wide as the image: what the source's code did (``strips``).

    Arguments and errors are those of :func:`block_histograms`. Returns (n, h / block * bins) float32 of whole counts.
    """
    blocks = block_histograms(images, block, bins, unscaled=unscaled, threads=threads)
    n, h, w = np.shape(images)
    return blocks.reshape(n, h // block, w // block, bins).sum(axis=2).reshape(n, -1)


def robust_descriptors(images: np.ndarray, cell: int = 10) -> np.ndarray:
    """Gradients of a thumbnail of ``cell`` x ``cell`` means: the hash that survives speckle and gain (``robust``).

    Compared by cosine, it ignores a constant added to an image and a factor on it. Meant for frames of one subject.

    Args:
        images: (n, h, w) floats in [0, 1] or uint8, h and w at least two cells; what is over at the right and the
            bottom is left out.
        cell: side of a thumbnail's pixel, in pixels.

    Returns:
        (n, (rows - 1) * columns + rows * (columns - 1)) float32.
    """
    images = np.asarray(images)
    rows, columns = (side // cell for side in images.shape[1:]) if images.ndim == 3 else (2, 2)
    _check(images[:, : rows * cell, : columns * cell] if images.ndim == 3 else images, cell, 1)
    if rows < 2 or columns < 2:
        raise ValueError(f"images of {images.shape[1]} x {images.shape[2]} are smaller than two cells of {cell}")
    out = np.empty((len(images), (rows - 1) * columns + rows * (columns - 1)), np.float32)
    for image, features in zip(images, out, strict=True):
        cells = image[: rows * cell, : columns * cell].reshape(rows, cell, columns, cell)
        small = cells.sum(axis=1, dtype=np.float32).sum(axis=2)
        features[:] = np.concatenate([np.diff(small, axis=0).ravel(), np.diff(small, axis=1).ravel()])
    return out


@dataclass(frozen=True)
class Hash:
    """A way to describe images, and the cosine distance under which two of them count as near-duplicates."""

    features: Callable[[np.ndarray], np.ndarray]
    threshold: float


HASHES = {
    "blocks": Hash(block_histograms, 0.008),  # the write-up's threshold
    "strips": Hash(strip_histograms, 0.008),
    "robust": Hash(robust_descriptors, 0.1),
}


def _check(images: np.ndarray, block: int, bins: int) -> None:
    if images.ndim != 3:
        raise ValueError(f"images must be (n, h, w), grey; found shape {images.shape}")
    if images.dtype != np.uint8 and not np.issubdtype(images.dtype, np.floating):
        raise ValueError(f"images must be floats in [0, 1] or uint8 (counted as value / 255); found {images.dtype}")
    if block < 1 or bins < 1:
        raise ValueError(f"block and bins must be at least 1; found block={block}, bins={bins}")
    h, w = images.shape[1:]
    if h % block or w % block or not h or not w:
        raise ValueError(f"the images' sides, {h} x {w}, must be multiples of block={block}: crop or resize them")


def _steps(edges: np.ndarray, dtype: np.dtype, unscaled: bool) -> list:
    """Thresholds in the images' own type, so that ``x >= step`` decides exactly as a float64 comparison would.

    One for each edge, the last for "beyond the last edge"; None where no value of the type reaches it.
    """
    if dtype == np.uint8:
        values = np.arange(256) / (1 if unscaled else 255)
        reached = [np.flatnonzero(values >= edge) for edge in edges[:-1]] + [np.flatnonzero(values > edges[-1])]
        return [np.uint8(where[0]) if len(where) else None for where in reached]
    steps = [dtype.type(edge) for edge in edges]
    up = [np.nextafter(step, dtype.type(np.inf)) for step in steps]
    exact = [b if float(a) < edge else a for a, b, edge in zip(steps, up, edges, strict=True)]
    return [*exact[:-1], up[-1] if float(steps[-1]) <= edges[-1] else steps[-1]]


def _count(images: np.ndarray, steps: list, block: int) -> np.ndarray:
    """(n, h, w) -> (n, rows, columns, bins): counts above each step, then their differences."""
    n, h, w = images.shape
    rows = np.ascontiguousarray(images.reshape(n, h // block, block, w).transpose(2, 0, 1, 3))
    small = np.uint8 if block <= 255 else np.uint32
    above = np.zeros((len(steps), *rows.shape[1:]), small)  # per column of a block, so at most `block`
    mask = np.empty(rows.shape, bool)
    for step, counts in zip(steps, above, strict=True):
        if step is None:
            continue
        np.greater_equal(rows, step, out=mask)
        np.add.reduce(mask.view(np.uint8), axis=0, dtype=small, out=counts)
    columns = (above[:-1] - above[1:]).reshape(len(steps) - 1, n, h // block, w // block, block)
    # the axis to sum goes first: NumPy then adds long rows instead of 20 numbers at a time
    return np.ascontiguousarray(columns.transpose(4, 0, 1, 2, 3)).sum(axis=0, dtype=np.uint32).transpose(1, 2, 3, 0)
