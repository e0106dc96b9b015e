"""What lies in a folder of pictures: the pictures, their masks, and everything else by the reason it is passed over."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter
from pathlib import Path

from reprise.data.opening import SUFFIXES
from reprise.files import shown

MASK = "_mask"
NAMED = 8  # reasons told in a summary; the rest are counted


def natural(name: str) -> tuple:
    """A sort key under which ``1_2`` comes before ``1_10``."""
    parts = re.split(r"(\d+)", name)
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts), name


def composed(name: str) -> str:
    """A name in the one form of Unicode under which names are matched: macOS takes letters and accents apart."""
    return unicodedata.normalize("NFC", name)


def find_images(folder: Path, passed_over: Counter[str] | None = None) -> list[Path]:
    """Pictures in a folder and below, by name, in natural order.

    Once one ``X_mask`` lies beside a picture ``X`` (Kaggle's layout), every file so named is a mask and no picture,
    also one whose picture is missing.

    Args:
        folder: where to look.
        passed_over: counts, by reason, what is no picture.

    Raises:
        FileNotFoundError: there is no such folder.
        OSError: a folder below it cannot be read.
        ValueError: it holds no picture.
    """
    folder = _checked(folder)
    passed_over = Counter() if passed_over is None else passed_over
    found = pictures(folder, passed_over)
    names = {_key(path, folder) for path in found}
    kaggle = any(is_mask(path) and _key(path, folder)[: -len(MASK)] in names for path in found)
    images = [path for path in found if not (kaggle and is_mask(path))]
    if len(images) < len(found):
        passed_over["masks (X_mask beside X)"] += len(found) - len(images)
    if not images:
        others = f"; {told(passed_over)}" if passed_over else ""
        raise ValueError(f"{shown(folder)} holds no images ({', '.join(sorted(SUFFIXES))}){others}")
    return sorted(images, key=lambda path: natural(path.as_posix()))


def pictures(folder: Path, passed_over: Counter[str] | None = None) -> list[Path]:
    """Files with a picture's suffix in a folder and below, in no order.

    Hidden files and folders (``._1.tif`` is no picture, though macOS writes it beside every one), files with another
    suffix and links that lead nowhere are counted in ``passed_over``. So are links to folders, which are not entered:
    they may lead round, and the same picture would have two names. A folder that is itself given as a link is.

    Raises:
        OSError: a folder cannot be read.
    """

    def refuse(error: OSError) -> None:
        raise error

    passed_over = Counter() if passed_over is None else passed_over
    found = []
    for parent, folders, files in os.walk(folder, onerror=refuse):
        entered = []
        for name in folders:
            if name.startswith("."):
                passed_over["hidden folders"] += 1
            elif os.path.islink(os.path.join(parent, name)):
                passed_over["links to folders (not entered: give their targets)"] += 1
            else:
                entered.append(name)
        folders[:] = entered
        for name in files:
            path = Path(parent, name)
            if name.startswith("."):
                passed_over["hidden"] += 1
            elif path.suffix.lower() not in SUFFIXES:
                passed_over[shown(path.suffix.lower()) or "without a suffix"] += 1
            elif not path.is_file():
                passed_over["links to nothing" if path.is_symlink() else "no ordinary files"] += 1
            else:
                found.append(path)
    return found


def told(passed_over: Counter[str]) -> str:
    """``12 files passed over: 7 hidden, 5 .txt``"""
    parts = [f"{count} {reason}" for reason, count in passed_over.most_common(NAMED)]
    if len(passed_over) > NAMED:
        parts.append(f"{sum(passed_over.values()) - sum(count for _, count in passed_over.most_common(NAMED))} others")
    return f"{passed_over.total()} passed over: {', '.join(parts)}"


def is_mask(path: Path) -> bool:
    """Whether a file is named as a mask is in Kaggle's layout."""
    return path.stem.endswith(MASK)


def find_masks(
    images: list[Path], folder: Path, masks: Path, problems: dict[Path, str], passed_over: Counter[str] | None = None
) -> dict[Path, Path]:
    """The mask of each image: ``X_mask`` or ``X``, with any picture's suffix, at the same place under ``masks``.

    Names match in any form of Unicode. An image without a mask, or with two, is left out and entered in ``problems``.

    Raises:
        FileNotFoundError: ``masks`` is no folder.
        OSError: a folder below it cannot be read.
    """
    masks = _checked(masks)
    own = set(images)  # where masks lie beside the images, an image is not its own mask
    by_image = masks.resolve() == Path(folder).resolve()
    passed_over = Counter() if passed_over is None else passed_over
    by_name: dict[str, list[Path]] = {}
    for path in pictures(masks, passed_over):
        if path not in own:
            by_name.setdefault(_key(path, masks), []).append(path)
    found = {}
    for image in images:
        name = image.relative_to(folder).with_suffix("").as_posix()
        key = composed(name)
        choices = by_name.get(key + MASK, []) or by_name.get(key, [])
        # two that differ in form alone: the one spelt like the image
        exact = [path for path in choices if path.relative_to(masks).with_suffix("").as_posix() in (name + MASK, name)]
        choices = exact or choices
        if len(choices) == 1:
            found[image] = choices[0]
        else:
            either = name + MASK if by_image else f"{name + MASK} or {name}"
            needed = f"one named {shown(either)} is needed"
            problems[image] = f"has {len(choices)} masks in {shown(masks)}; {needed}"
    if left := len({path for paths in by_name.values() for path in paths} - set(found.values())):
        passed_over["masks of no image"] += left
    return found


def _checked(folder: Path) -> Path:
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"{shown(folder)} is not a folder")
    return folder


def _key(path: Path, folder: Path) -> str:
    return composed(path.relative_to(folder).with_suffix("").as_posix())
