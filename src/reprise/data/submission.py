"""From a network's maps to Kaggle's submission file: post-processing, run lengths, and reading it back (claim 79)."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from reprise.data import rle
from reprise.files import replacing, shown, write_rows

BLUR_SIGMA = 8.0  # what OpenCV makes of a 51 x 51 window
BLUR_RADIUS = 25
LEAST_PIXELS = 10
HEADER = ["img", "pixels"]


def postprocess(probability: np.ndarray, has_mask: np.ndarray | None, shape: tuple[int, int]) -> np.ndarray:
    """What the source did to a network's output before it was scored (CLAIMS 1.6).

    Masks of frames whose head says "none" (below .5) become empty; the rest are resized by cubic interpolation, blurred
    (Gaussian, 51 x 51, sigma 8), cut at .5, and emptied when fewer than 10 pixels are left.

    Args:
        probability: (n, s, s) in [0, 1].
        has_mask: (n,) probabilities of the head, or None without one.
        shape: (h, w) of the frames.

    Returns:
        (n, h, w) bool.

    Raises:
        ValueError: shapes do not fit, or values are no probabilities.
    """
    probability = np.asarray(probability)
    if probability.ndim != 3 or (has_mask is not None and np.shape(has_mask) != (len(probability),)):
        raise ValueError(f"expected maps (n, s, s) and heads (n,), found {probability.shape} and {np.shape(has_mask)}")
    for name, values in (("maps", probability), ("heads", has_mask)):
        if values is not None and not np.all((np.asarray(values) >= 0) & (np.asarray(values) <= 1)):
            raise ValueError(
                f"{name}: expected probabilities in [0, 1], found {np.min(values):g} to {np.max(values):g}"
            )
    masks = np.zeros((len(probability), *shape), bool)
    peaks = probability.max(axis=(1, 2), initial=0)
    # cubic resizing lifts a peak by less than a third of itself, and blur only averages: from .3 none gets to .5
    shown = np.flatnonzero(peaks > 0.3) if has_mask is None else np.flatnonzero((peaks > 0.3) & (has_mask >= 0.5))

    def one(i: int) -> None:
        resized = Image.fromarray(probability[i].astype(np.float32)).resize(shape[::-1], Image.BICUBIC)
        blurred = gaussian_filter(np.asarray(resized), BLUR_SIGMA, radius=BLUR_RADIUS, mode="mirror")
        mask = blurred > 0.5
        if np.count_nonzero(mask) >= LEAST_PIXELS:
            masks[i] = mask

    with ThreadPoolExecutor() as pool:
        list(pool.map(one, shown))
    return masks


def write_submission(path: Path, names: list[str], masks: np.ndarray) -> None:
    """Writes ``img,pixels`` with one row an image, whole or not at all.

    Raises:
        ValueError: numbers differ or a name comes twice.
    """
    if len(names) != len(masks) or len(set(names)) != len(names):
        raise ValueError(f"{len(names)} names ({len(set(names))} different) for {len(masks)} masks")
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        write_rows(stream, [HEADER])
        write_rows(stream, ([name, rle.encode(mask)] for name, mask in zip(names, masks, strict=True)))


def read_submission(path: Path, shape: tuple[int, int]) -> dict[str, np.ndarray]:
    """The masks of a submission file, by image: the exact inverse of :func:`write_submission`.

    Args:
        path: the file.
        shape: (h, w) of the images. Run lengths do not say it: by another height they would be other masks.

    Raises:
        ValueError: the file, the line and what is wrong there.
    """
    return {name: rle.decode(text, shape) for name, text in _rows(path, shape)}


def check_submission(path: Path, shape: tuple[int, int]) -> str:
    """Reads a submission file back, row by row, and says in a line what it holds.

    Args:
        path: the file.
        shape: height and width of its images.

    Raises:
        ValueError: what is wrong with the file.
    """
    filled = [bool(text.strip()) for _, text in _rows(path, shape)]
    return f"{shown(path)}: {len(filled)} images of {shape[0]} x {shape[1]}, {sum(filled)} with a mask"


def _rows(path: Path, shape: tuple[int, int]) -> Iterator[tuple[str, str]]:
    """Name and run lengths of each image; no run is wrong, and no mask has been made."""
    names: set[str] = set()
    # a speckled mask has more runs than the csv module lets a field hold; no mask needs 12 characters a pixel
    csv.field_size_limit(max(csv.field_size_limit(), 12 * shape[0] * shape[1]))
    with Path(path).open(newline="", encoding="utf-8-sig") as stream:
        reader = csv.reader(stream)
        try:
            header = next(reader, [])
            if header != HEADER:
                raise ValueError(f"expected img,pixels, found {','.join(header)!r}")
            for row in reader:
                if len(row) != 2:
                    raise ValueError(f"expected 2 fields, found {len(row)}")
                if row[0] in names:
                    raise ValueError(f"a second row for {shown(row[0])}")
                names.add(row[0])
                for _ in rle.runs(row[1], shape):
                    pass
                yield row[0], row[1]
        except (ValueError, csv.Error) as error:
            raise ValueError(f"{shown(path)}: line {max(1, reader.line_num)}: {error}") from None
    if not names:
        raise ValueError(f"{shown(path)}: no images")


def parse_size(text: str) -> tuple[int, int]:
    """``HEIGHTxWIDTH``, as in 420x580.

    Raises:
        ValueError: it is none.
    """
    words = text.lower().split("x")
    if len(words) != 2 or not all(word.isascii() and word.isdigit() and 0 < int(word) < 2**15 for word in words):
        raise ValueError(f"--size is HEIGHTxWIDTH, as in 420x580; found {text!r}")
    return int(words[0]), int(words[1])
