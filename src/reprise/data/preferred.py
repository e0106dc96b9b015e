"""Which of several pictures that are alike is the one to keep."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reprise.data.many import each
from reprise.data.opening import opened, quiet

LOSSLESS = frozenset({"PNG", "TIFF", "BMP", "DIB", "PPM", "QOI", "SGI", "PCX", "TGA"})
INSIDE_TIFF = frozenset({"jpeg", "tiff_jpeg", "webp", "jpeg2000"})  # which of its compressions lose detail


def preference(paths: list[Path], names: list[str], pixels: np.ndarray, which: np.ndarray) -> np.ndarray:
    """The order in which pictures are worth keeping.

    The one of most pixels comes first; of equal ones one in a format that never loses detail (WebP and GIF may), then
    the larger file, then the shorter name, then the first.

    Args:
        paths: of n pictures.
        names: theirs, as they are listed.
        pixels: (n,) of each.
        which: (m,) indices of those that are looked at; the others count as lossy and empty.

    Returns:
        (n,) ranks from 0, the best first.
    """
    exact, size = np.zeros(len(paths), bool), np.zeros(len(paths), np.int64)
    chosen = [paths[k] for k in which.tolist()]
    with quiet():
        for k, found in zip(which.tolist(), each(chosen, _looked_at, {}), strict=True):
            exact[k], size[k] = found or (False, 0)  # what is gone meanwhile is worth least
    length = np.array([len(name) for name in names])
    return np.argsort(np.lexsort((np.arange(len(paths)), length, -size, ~exact, -pixels)))


def _looked_at(path: Path) -> tuple[bool, int]:
    """Whether the format never loses detail, and the bytes of the file."""
    with opened(path) as image:
        exact = image.format in LOSSLESS and str(image.info.get("compression", "")) not in INSIDE_TIFF
    return exact, path.stat().st_size
