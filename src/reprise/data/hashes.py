"""Image hashes for near-duplicates: histograms of blocks, of strips, and a descriptor that survives fresh speckle.

Three labelled variants of one idea (claim 84):

* ``blocks``: what the write-up says. One histogram for each 20 x 20 block: 609 x 9 = 5,481 numbers at 420 x 580.
* ``strips``: what its code did. Iterating over ``view_as_blocks`` walks the first axis alone, so each histogram covers
  a whole row of blocks: 21 x 9 = 189 numbers.
* ``robust``: ours. Gradients of a thumbnail, loosely placed: gain, fresh speckle and small shifts change little.
"""

from __future__ import annotations

import math
import threading
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, gaussian_filter1d

from reprise.arrays import squeeze_hint
from reprise.data.threads import default_threads

CHUNK_BYTES = 1 << 20  # of pixels a worker handles at once: stays in the cache, and long enough to be worth a thread
THUMBNAIL_SIDE = 84  # of the shorter side: 5 x 5 means at 420 x 580
SMOOTHING = 1.5  # deviation of the Gaussian against speckle, in thumbnail pixels
POOL_WIDTH, POOL_STEP = 4.0, 6  # deviation and spacing of the windows in which gradients are averaged


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

    Warns:
        UserWarning: floats that look like bytes, up to 255: all but the darkest would be counted nowhere.
    """
    return _histograms(images, block, bins, unscaled, threads)


def strip_histograms(
    images: np.ndarray, block: int = 20, bins: int = 9, *, unscaled: bool = False, threads: int | None = None
) -> np.ndarray:
    """Histograms of strips ``block`` pixels high and as wide as the image: what the source's code did (``strips``).

    Arguments and errors are those of :func:`block_histograms`. Returns (n, h / block * bins) float32 of whole counts.
    """
    return _histograms(images, block, bins, unscaled, threads, strips=True)


def _histograms(
    images: np.ndarray, block: int, bins: int, unscaled: bool, threads: int | None, strips: bool = False
) -> np.ndarray:
    """The histograms of each image's blocks, or of its rows of blocks, one after another: (n, numbers) float32."""
    images = np.asarray(images)
    _check(images, block, bins)
    _warn_of_bytes(images)
    n, h, w = images.shape
    steps = _steps(np.linspace(0, 1, bins + 1), images.dtype, unscaled)
    out = np.empty((n, h // block, 1 if strips else w // block, bins), np.float32)
    size = max(1, CHUNK_BYTES // (h * w * images.itemsize))

    def work(start: int) -> None:
        counts = _count(images[start : start + size], steps, block)
        out[start : start + size] = counts.sum(axis=2, keepdims=True) if strips else counts

    _each(work, range(0, n, size), threads)
    return out.reshape(n, math.prod(out.shape[1:]))


def robust_descriptors(images: np.ndarray, threads: int | None = None) -> np.ndarray:
    """Where a thumbnail gets brighter or darker, and in which direction, loosely placed (``robust``; ours).

    The image becomes a thumbnail of means, about 84 on its shorter side, smoothed against speckle. Its gradient is
    split by sign into four channels (brighter downwards, darker downwards, the same across), and each channel is
    averaged in overlapping Gaussian windows. Compared by cosine this ignores gain and offset. Splitting by sign before
    averaging is what tolerates shifts of a few pixels; the plain gradient of a thumbnail loses them. The border counts
    less than the rest, because a shift brings other tissue in there. Meant for frames of one subject.

    Args:
        images: (n, h, w) floats in [0, 1] or uint8, any size from 8 x 8.
        threads: worker threads; by default up to four.

    Returns:
        (n, 4 * rows * columns) float32, rows and columns those of the thumbnail over POOL_STEP: 1,064 numbers at
        420 x 580. A row is zero for a constant image.

    Raises:
        ValueError: for another shape or type, or smaller images.
    """
    images = np.asarray(images)
    _check_type(images)
    h, w = images.shape[1:]
    if min(h, w) < 8:
        raise ValueError(f"images must be at least 8 x 8; found {h} x {w}")
    cell = max(1, round(min(h, w) / THUMBNAIL_SIDE))
    rows, columns = (len(range(POOL_STEP // 2, side // cell, POOL_STEP)) for side in (h, w))
    out = np.empty((len(images), 4 * rows * columns), np.float32)

    def work(k: int) -> None:
        thumbnail = gaussian_filter(_thumbnail(images[k], cell), SMOOTHING, mode="nearest")
        channels = np.stack([np.maximum(sign * slope, 0) for slope in np.gradient(thumbnail) for sign in (1, -1)])
        for axis in (1, 2):
            channels = gaussian_filter1d(channels, POOL_WIDTH, axis, mode="constant", truncate=3)
            channels = np.moveaxis(np.moveaxis(channels, axis, 0)[POOL_STEP // 2 :: POOL_STEP], 0, axis)
        out[k] = channels.ravel()

    _each(work, range(len(images)), threads)
    return out


def _thumbnail(image: np.ndarray, cell: int) -> np.ndarray:
    """Sums of cell x cell pixels, float32; what is over at the right and the bottom is left out."""
    rows, columns = (side // cell for side in image.shape)
    image = image[: rows * cell, : columns * cell].reshape(rows, cell, columns * cell)
    lines = image[:, 0].astype(np.uint32 if image.dtype == np.uint8 else np.float32)
    for k in range(1, cell):  # whole lines at a time: several times faster than sum(axis=1)
        lines += image[:, k]
    return np.ascontiguousarray(lines.reshape(rows, columns, cell).transpose(2, 0, 1)).sum(axis=0, dtype=np.float32)


@dataclass(frozen=True)
class Hash:
    """A way to describe images, and the cosine distance under which two of them count as near-duplicates."""

    features: Callable[[np.ndarray], np.ndarray]
    threshold: float


HASHES = {
    "blocks": Hash(block_histograms, 0.008),  # the write-up's threshold
    "strips": Hash(strip_histograms, 0.008),
    # the middle of the best range on generated frames of the seeds 100-104: benchmarks/duplicates.py --calibrate
    "robust": Hash(robust_descriptors, 0.0146),
}


def _each(work: Callable, items: Sequence, threads: int | None) -> None:
    threads = threads or default_threads()
    if threads == 1 or len(items) <= 1:
        for item in items:
            work(item)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(work, items))


def _check_type(images: np.ndarray) -> None:
    if images.ndim != 3:
        hint = squeeze_hint("images", images.shape, lambda shape: len(shape) == 3)
        raise ValueError(f"images must be (n, h, w), grey; found shape {images.shape}{hint}")
    if images.dtype != np.uint8 and not np.issubdtype(images.dtype, np.floating):
        raise ValueError(f"images must be floats in [0, 1] or uint8 (counted as value / 255); found {images.dtype}")


def _warn_of_bytes(images: np.ndarray) -> None:
    """Says so when floats reach from 2 to 255; a few images tell, and one value of 1e300 is no sign of bytes."""
    few = images[:: max(1, len(images) // 16)]
    top = np.fmax.reduce(few, axis=None, initial=0)
    if images.dtype.kind == "f" and 2 <= top <= 255:
        warnings.warn(
            f"images: floats up to {top:g} where [0, 1] is expected, counted nowhere; divide by 255 or give uint8",
            stacklevel=4,
        )


def _check(images: np.ndarray, block: int, bins: int) -> None:
    _check_type(images)
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


class _Workspace:
    """Arrays for one chunk of frames. Kept by each thread: made anew every time, they cost more than the counting."""

    def __init__(self, n: int, h: int, w: int, dtype: np.dtype, block: int, steps: int) -> None:
        small = np.uint8 if block <= 255 else np.uint32
        lines = (n, h // block, w)
        self.rows = np.empty((block, *lines), dtype)
        self.mask = np.empty(self.rows.shape, bool)
        self.above = np.zeros((steps, *lines), small)  # per column of a block, so at most `block`
        self.bins = np.empty((steps - 1, *lines), small)
        self.turned = np.empty((block, steps - 1, n, h // block, w // block), small)
        self.counts = np.empty(self.turned.shape[1:], np.uint32)


_kept = threading.local()


def _workspace(*shape) -> _Workspace:
    if getattr(_kept, "shape", None) != shape:
        _kept.shape, _kept.workspace = shape, _Workspace(*shape)
    return _kept.workspace


def _count(images: np.ndarray, steps: list, block: int) -> np.ndarray:
    """(n, h, w) -> (n, rows, columns, bins): counts above each step, then their differences."""
    n, h, w = images.shape
    work = _workspace(n, h, w, images.dtype, block, len(steps))
    # the axis to sum goes first, here and below: NumPy then adds long rows instead of 20 numbers at a time
    work.rows[...] = images.reshape(n, h // block, block, w).transpose(2, 0, 1, 3)
    for step, counts in zip(steps, work.above, strict=True):
        if step is None:
            counts[...] = 0
            continue
        np.greater_equal(work.rows, step, out=work.mask)
        np.add.reduce(work.mask.view(np.uint8), axis=0, dtype=counts.dtype, out=counts)
    np.subtract(work.above[:-1], work.above[1:], out=work.bins)
    work.turned[...] = work.bins.reshape(-1, n, h // block, w // block, block).transpose(4, 0, 1, 2, 3)
    return np.add.reduce(work.turned, axis=0, dtype=np.uint32, out=work.counts).transpose(1, 2, 3, 0)
