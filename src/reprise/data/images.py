"""Reading folders of images: fast, in parallel, and with every bad file named at once.

TIFF, PNG, JPEG and whatever else Pillow opens; colour or grey, 8 bits or more, of unequal sizes.
"""

from __future__ import annotations

import os
import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

SUFFIXES = frozenset({".tif", ".tiff", ".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp"})
JPEG = frozenset({"JPEG", "MPO"})
TURNED = JPEG | {"PNG", "WEBP"}
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
        OSError: a folder below it cannot be read.
        ValueError: it holds no image.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not a folder")
    found = list(pictures(folder))
    names = {path.with_suffix("") for path in found}
    kaggle = any(is_mask(path) and path.with_name(path.stem[: -len(MASK)]) in names for path in found)
    images = [path for path in found if not (kaggle and is_mask(path))]
    if not images:
        kinds = ", ".join(sorted(SUFFIXES))
        raise ValueError(f"{folder} holds no images ({kinds})")
    return sorted(images, key=natural)


def pictures(folder: Path) -> Iterator[Path]:
    """Files with an image's suffix in a folder and below, in no order; hidden ones are left out.

    Raises:
        OSError: a folder cannot be read.
    """

    def refuse(error: OSError) -> None:
        raise error

    for parent, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        paths = [Path(parent, name) for name in files if not name.startswith(".")]
        yield from (path for path in paths if path.suffix.lower() in SUFFIXES and path.is_file())


def is_mask(path: Path) -> bool:
    """Whether a file is named as a mask is in Kaggle's layout."""
    return path.stem.endswith(MASK)


def find_masks(images: list[Path], folder: Path, masks: Path, problems: dict[Path, str]) -> dict[Path, Path]:
    """The mask of each image: ``X_mask`` or ``X``, with any image suffix, at the same place under ``masks``.

    An image without a mask, or with two, is left out and entered in ``problems``.

    Raises:
        FileNotFoundError: ``masks`` is no folder.
        OSError: a folder below it cannot be read.
    """
    masks = Path(masks)
    if not masks.is_dir():
        raise FileNotFoundError(f"{masks} is not a folder")
    by_name: dict[Path, list[Path]] = {}
    for path in pictures(masks):
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
    with _opened(path) as image:
        w, h = image.size
        return (w, h) if 5 <= _orientation(image) <= 8 else (h, w)


def read_grey(path: Path, size: tuple[int, int] | None = None) -> np.ndarray:
    """Decodes an image as grey.

    Colours become luma (ITU-R 601), on white where they are transparent. Floats must lie in [0, 1]. Whole numbers of
    more than 8 bits fill the fewest of 8, 10, 12... bits that hold the picture's largest value, and their range becomes
    0 .. 255: cameras with 12 bits write 16-bit files. EXIF's orientation is followed. Of a phone's JPEG with several
    pictures (MPO), the first one counts.

    Args:
        path: the file.
        size: height and width to resize to (bilinear over the area, so that shrinking does not alias).

    Returns:
        (h, w) uint8.

    Raises:
        ValueError, OSError: not one readable picture.
    """
    with _opened(path) as image:
        if getattr(image, "n_frames", 1) > 1 and image.format != "MPO":
            raise ValueError(f"holds {image.n_frames} pictures; save each as a file of its own")
        if size is not None and image.format in JPEG:
            image.draft("L", (max(size), max(size)))  # decodes at a half, a quarter... where that is enough
        image = _upright(image)
        if image.mode[0] in "IF":
            image = Image.fromarray(_to_bytes(np.asarray(image)))
        elif image.has_transparency_data:
            white = Image.new("RGBA", image.size, "white")
            image = Image.alpha_composite(white, image.convert("RGBA")).convert("L")
        elif image.mode != "L":
            image = image.convert("L")
        if size is not None and image.size != size[::-1]:
            image = image.resize(size[::-1], Image.Resampling.BILINEAR)
        values = np.asarray(image)
    if size is not None and values.shape != size:
        raise ValueError(f"decodes to {values.shape}, not to the {size} that its header led to expect")
    return values


def read_mask(path: Path) -> np.ndarray:
    """Decodes a mask: (h, w) bool, true where any channel is not zero (in a JPEG, where it is above 127)."""
    with _opened(path) as image:
        lossy, values = image.format in JPEG, np.asarray(_upright(image))
    if values.ndim == 3:
        values = values[..., : 1 if values.shape[2] == 2 else 3].max(axis=2)  # alpha is no label
    return values > (127 if lossy else 0)


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    # by a handle: from a path, Pillow maps plain TIFFs into memory, and garbles those that it turns
    with path.open("rb") as stream, Image.open(stream) as image:
        yield image


def _orientation(image: Image.Image) -> int:
    """EXIF's orientation where it is left to us: Pillow turns TIFFs itself."""
    if image.format not in TURNED:
        return 1
    return Image.Image.getexif(image).get(0x0112, 1)  # PNG's own method decodes the picture to look behind it


def _upright(image: Image.Image) -> Image.Image:
    return image if _orientation(image) == 1 else ImageOps.exif_transpose(image)


def _to_bytes(values: np.ndarray) -> np.ndarray:
    """Whole numbers, or floats in [0, 1] -> uint8; see :func:`read_grey`."""
    low, high = values.min(), values.max()
    top = 1.0 if values.dtype.kind == "f" else 2 ** max(8, (int(high).bit_length() + 1) // 2 * 2) - 1
    if not (low >= 0 and high <= top):
        raise ValueError(f"values from {low} to {high}; whole numbers from 0 and floats in [0, 1] are read")
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
