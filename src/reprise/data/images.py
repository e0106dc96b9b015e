"""Reading folders of images: fast, in parallel, and with every bad file named at once.

TIFF, PNG, JPEG and whatever else Pillow opens; colour or grey, 8 or 16 bits, of unequal sizes.
"""

from __future__ import annotations

import os
import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

SUFFIXES = frozenset({".tif", ".tiff", ".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp"})
MASK = "_mask"
LISTED = 20  # bad files named in an error; the rest are counted

Result = TypeVar("Result")


class UnreadableImagesError(ValueError):
    """Files that are not the images they should be.

    Attributes:
        problems: path -> what was found there.
    """

    def __init__(self, problems: dict[Path, str]) -> None:
        self.problems = dict(sorted(problems.items()))
        lines = [f"  {path}: {found}" for path, found in list(self.problems.items())[:LISTED]]
        if len(self.problems) > LISTED:
            lines.append(f"  ... and {len(self.problems) - LISTED} more")
        count = f"{len(self.problems)} file{'s' if len(self.problems) > 1 else ''} cannot be used"
        super().__init__("\n".join([f"{count}; replace or remove them:", *lines]))


def natural(path: Path) -> tuple:
    """A sort key under which ``1_2.tif`` comes before ``1_10.tif``."""
    parts = re.split(r"(\d+)", path.as_posix())
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts), path.as_posix()


def find_images(folder: Path) -> list[Path]:
    """Image files in a folder and below, by name, in natural order.

    Hidden files are left out. Once one ``X_mask`` lies beside an image ``X`` (Kaggle's layout), every file so named is
    a mask and no image, also one whose image is missing.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: it holds no image.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not a folder")
    found = [path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file()]
    found = [path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts)]
    names = {path.with_suffix("") for path in found}
    kaggle = any(is_mask(path) and path.with_name(path.stem[: -len(MASK)]) in names for path in found)
    images = [path for path in found if not (kaggle and is_mask(path))]
    if not images:
        kinds = ", ".join(sorted(SUFFIXES))
        raise ValueError(f"{folder} holds no images ({kinds})")
    return sorted(images, key=natural)


def is_mask(path: Path) -> bool:
    """Whether a file is named as a mask is in Kaggle's layout."""
    return path.stem.endswith(MASK)


def find_masks(images: list[Path], folder: Path, masks: Path, problems: dict[Path, str]) -> dict[Path, Path]:
    """The mask of each image: ``X_mask`` or ``X``, with any image suffix, at the same place under ``masks``.

    An image without a mask, or with two, is left out and entered in ``problems``.

    Raises:
        FileNotFoundError: ``masks`` is no folder.
    """
    masks = Path(masks)
    if not masks.is_dir():
        raise FileNotFoundError(f"{masks} is not a folder")
    by_name: dict[Path, list[Path]] = {}
    for path in masks.rglob("*"):
        if path.suffix.lower() in SUFFIXES:
            by_name.setdefault(path.relative_to(masks).with_suffix(""), []).append(path)
    own = set(images)  # where masks lie beside the images, an image is not its own mask
    found = {}
    for image in images:
        name = image.relative_to(folder).with_suffix("")
        choices = by_name.get(name.with_name(name.name + MASK), []) or by_name.get(name, [])
        choices = [path for path in choices if path not in own]
        if len(choices) == 1:
            found[image] = choices[0]
        else:
            problems[image] = f"has {len(choices)} masks in {masks}; one named {name}{MASK} or {name} is needed"
    return found


def read_size(path: Path) -> tuple[int, int]:
    """Height and width as shown, from the header alone."""
    with Image.open(path) as image:
        w, h = image.size
        turned = image.format == "JPEG" and image.getexif().get(0x0112, 1) >= 5
    return (w, h) if turned else (h, w)


def read_grey(path: Path, size: tuple[int, int] | None = None) -> np.ndarray:
    """Decodes an image as grey.

    Colours become luma (ITU-R 601), 16-bit values are divided by 257, floats must lie in [0, 1]. A JPEG is
    turned upright.

    Args:
        path: the file.
        size: height and width to resize to (bilinear over the area, so that shrinking does not alias).

    Returns:
        (h, w) uint8.

    Raises:
        ValueError, OSError: not one readable picture.
    """
    with Image.open(path) as image:
        if getattr(image, "n_frames", 1) > 1:
            raise ValueError(f"holds {image.n_frames} pictures; save each as a file of its own")
        if image.format == "JPEG":
            if size is not None:
                image.draft("L", (max(size), max(size)))  # decodes at a half, a quarter... where that is enough
            image = ImageOps.exif_transpose(image)
        if image.mode[0] in "IF":
            image = Image.fromarray(_to_bytes(np.asarray(image)))
        elif image.mode != "L":
            image = image.convert("L")
        if size is not None and image.size != size[::-1]:
            image = image.resize(size[::-1], Image.Resampling.BILINEAR)
        return np.asarray(image)


def read_mask(path: Path) -> np.ndarray:
    """Decodes a mask: (h, w) bool, true where any channel is not zero (in a JPEG, where it is above 127)."""
    with Image.open(path) as image:
        lossy, values = image.format == "JPEG", np.asarray(image)
    if values.ndim == 3:
        values = values[..., : 1 if values.shape[2] == 2 else 3].max(axis=2)  # alpha is no label
    return values > (127 if lossy else 0)


def _to_bytes(values: np.ndarray) -> np.ndarray:
    """16-bit integers or floats in [0, 1] -> uint8."""
    top = 1.0 if values.dtype.kind == "f" else 65535
    if not (values.min() >= 0 and values.max() <= top):
        raise ValueError(f"values from {values.min()} to {values.max()}; 8 bits, 16 bits or floats in [0, 1] are read")
    return np.rint(values * (255 / top)).astype(np.uint8)


def common_size(sizes: Iterable[tuple[int, int]], block: int = 20, longest: int = 640) -> tuple[int, int]:
    """The size at which images are compared: the most frequent one, at most ``longest``, in whole blocks.

    Images that all are of a size in whole blocks, 420 x 580 say, are not resized.
    """
    (h, w), _ = max(Counter(sizes).items(), key=lambda item: (item[1], item[0]))
    shrink = min(1, longest / max(h, w))
    return max(block, int(h * shrink) // block * block), max(block, int(w * shrink) // block * block)


def each(
    paths: list[Path], work: Callable[[Path], Result], problems: dict[Path, str], threads: int | None = None
) -> Iterator[Result | None]:
    """Yields ``work(path)`` in the order of the paths, computed by threads a little ahead of the reader.

    Pillow decodes outside the interpreter's lock, so threads do run in parallel. A file that fails yields None and is
    entered in ``problems`` with the reason, so that :class:`UnreadableImagesError` can report all of them in one go.
    """
    threads = threads or min(8, os.cpu_count() or 1)
    waiting: deque[tuple[Path, Future]] = deque()

    def first() -> Result | None:
        path, future = waiting.popleft()
        try:
            return future.result()
        except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:  # as Pillow pleases
            problems[path] = _reason(path, error)
            return None

    with ThreadPoolExecutor(threads) as pool:
        for path in paths:
            waiting.append((path, pool.submit(work, path)))
            if len(waiting) >= 4 * threads:
                yield first()
        while waiting:
            yield first()


def _reason(path: Path, error: Exception) -> str:
    if path.is_file() and path.stat().st_size == 0:
        return "is empty"
    if isinstance(error, UnidentifiedImageError):
        return "is not an image"
    return str(error) or type(error).__name__
