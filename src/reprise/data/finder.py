"""Near-duplicates and contradictory labels in a folder of images: the work behind ``reprise duplicates``."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import Progress

from reprise.data.duplicates import HASHES, contradictory_pairs, near_duplicates
from reprise.data.images import (
    UnreadableImagesError,
    common_size,
    each,
    find_images,
    find_masks,
    pictures,
    read_grey,
    read_mask,
    read_size,
)
from reprise.data.sheet import Shown, draw_sheet, worst
from reprise.files import replacing

SCOPES = ("all", "subject")
COLUMNS = ("image_a", "image_b", "distance", "inconsistent")


@dataclass(frozen=True)
class Duplicates:
    """What was found in a folder.

    Attributes:
        names: of the n images, relative to the folder.
        pairs: (m, 2) indices, i < j in rising order.
        distances: (m,) cosine distances.
        inconsistent: (m,) bool, exactly one mask of the pair is empty; None without masks.
        size: height and width at which the images were compared.
        resized: how many were resized for that.
    """

    names: list[str]
    pairs: np.ndarray
    distances: np.ndarray
    inconsistent: np.ndarray | None
    size: tuple[int, int]
    resized: int
    hash: str
    threshold: float
    scope: str
    written: list[Path] = field(default_factory=list)

    def __str__(self) -> str:
        where = "within a subject" if self.scope == "subject" else "over all images"
        lines = [
            f"{len(self.names)} images compared at {self.size[0]} x {self.size[1]}, {where},"
            f" by {self.hash} under {self.threshold:g}" + (f" ({self.resized} resized)" if self.resized else ""),
            f"{len(self.pairs)} near-duplicate pairs, {len(np.unique(self.pairs))} images in them",
        ]
        if self.inconsistent is not None:
            images = len(np.unique(self.pairs[self.inconsistent]))
            lines.append(f"{np.count_nonzero(self.inconsistent)} contradict each other: {images} images in them")
        return "\n".join([*lines, *(f"wrote {path}" for path in self.written)])


def find_duplicates(
    images: Path,
    masks: Path | None = None,
    threshold: float | None = None,
    hash: str = "blocks",
    scope: str = "all",
    out: Path | None = None,
    sheet: Path | None = None,
    progress: bool = True,
) -> Duplicates:
    """Finds near-duplicate images in a folder and, with masks, the pairs whose labels contradict each other.

    Args:
        images: folder, searched with everything below it; ``X_mask.tif`` beside an ``X.tif`` is no image.
        masks: folder with ``X_mask`` or ``X`` for each image; it may be the same folder.
        threshold: cosine distance below which two images are near-duplicates; by default the hash's own.
        hash: ``blocks``, ``strips`` or ``robust``.
        scope: ``all`` compares all images; ``subject`` those whose names agree up to the first ``_``.
        out: a CSV to write, one row a pair: image_a, image_b, distance, inconsistent (1 or 0; empty without masks).
        sheet: a PNG to write with the nearest contradictory pairs (nearest pairs, without masks) side by side; where
            there is none it says so.
        progress: show a progress bar on stderr; never shown where that is no terminal.

    Raises:
        FileNotFoundError: a folder is missing.
        UnreadableImagesError: every image and mask that cannot be used, by name; nothing is written.
        ValueError: an empty folder, an unknown hash or scope, a threshold outside [0, 2], or an ``out`` or ``sheet``
            that is among the pictures, the same as the other or no ordinary file.
        OSError: a folder cannot be read, or ``out`` or ``sheet`` not written.
    """
    if hash not in HASHES:
        raise ValueError(f"hash must be one of {', '.join(HASHES)}; found {hash!r}")
    if scope not in SCOPES:
        raise ValueError(f"scope must be one of {', '.join(SCOPES)}; found {scope!r}")
    threshold = HASHES[hash].threshold if threshold is None else threshold
    if not 0 <= threshold <= 2:
        raise ValueError(f"threshold is a cosine distance between 0 and 2; found {threshold}")
    images = Path(images)
    paths = find_images(images)
    groups = subjects(paths) if scope == "subject" else None
    outputs = [Path(path) for path in (out, sheet) if path is not None]
    _keep_pictures(outputs, [images] if masks is None else [images, Path(masks)])
    with ExitStack() as stack:
        # made before the work, so that a path that cannot be written is refused now; renamed when both are whole
        temporary = {path: stack.enter_context(replacing(path)) for path in outputs}
        with _bar(progress) as bar:
            features, filled, mask_paths, size, resized = _describe(paths, images, masks, hash, bar)
            task = bar.add_task("comparing", total=None)
            pairs, distances = near_duplicates(features, threshold, groups)
            bar.update(task, total=1, completed=1)
        found = Duplicates(
            names=[path.relative_to(images).as_posix() for path in paths],
            pairs=pairs,
            distances=distances,
            inconsistent=None if masks is None else contradictory_pairs(pairs, filled),
            size=size,
            resized=resized,
            hash=hash,
            threshold=threshold,
            scope=scope,
            written=outputs,
        )
        if out is not None:
            _write_pairs(found, temporary[Path(out)])
        if sheet is not None:
            _write_sheet(found, paths, mask_paths, temporary[Path(sheet)])
    return found


def _keep_pictures(outputs: list[Path], folders: list[Path]) -> None:
    """Refuses outputs that would replace a picture, a mask or each other."""
    if len({os.path.realpath(path) for path in outputs}) < len(outputs):
        raise ValueError(f"{outputs[0]} cannot be both the CSV and the sheet")
    for path in outputs:
        if path.exists() and any(path.samefile(picture) for folder in folders for picture in pictures(folder)):
            raise ValueError(f"{path} is one of the pictures that are compared or their masks; choose another name")


def subjects(paths: list[Path]) -> np.ndarray:
    """The subject of each image: its name up to the first ``_``."""
    without = [path for path in paths if "_" not in path.stem]
    if without:
        raise ValueError(
            f"{len(without)} names have no subject before a '_' ({without[0].name}, for one); use the scope 'all'"
        )
    return np.array([path.stem.split("_")[0] for path in paths])


def _bar(progress: bool) -> Progress:
    console = Console(stderr=True)
    return Progress(console=console, disable=not (progress and console.is_terminal), transient=True)


def _counted(items: Iterator, bar: Progress, label: str, total: int) -> Iterator:
    task = bar.add_task(label, total=total)
    for item in items:
        yield item
        bar.advance(task)


def _describe(paths: list[Path], folder: Path, masks: Path | None, hash: str, bar: Progress):
    """Decodes and hashes every image (each worker does both, so they overlap), and looks at every mask.

    Returns features (n, d), whether each mask is filled (n,), the masks' paths, the common size, how many were resized.
    """
    problems: dict[Path, str] = {}
    sizes = dict(zip(paths, _counted(each(paths, read_size, problems), bar, "opening", len(paths)), strict=True))
    mask_of = {} if masks is None else find_masks(paths, folder, Path(masks), problems)
    known = [size for size in sizes.values() if size is not None]
    size = common_size(known) if known else (0, 0)
    good = [path for path in paths if path not in problems]
    compute = HASHES[hash].features

    def work(path: Path) -> np.ndarray:
        return compute(read_grey(path, size)[None])[0]

    features = None
    for k, row in enumerate(_counted(each(good, work, problems), bar, "hashing", len(good))):
        if row is not None:
            features = np.empty((len(good), len(row)), row.dtype) if features is None else features
            features[k] = row
    filled = _look_at_masks(
        {path: mask for path, mask in mask_of.items() if sizes[path] is not None}, sizes, problems, bar
    )
    if problems:
        raise UnreadableImagesError(problems)
    resized = sum(found != size for found in sizes.values())
    return features, filled, [mask_of.get(path) for path in paths], size, resized


def _look_at_masks(mask_of: dict[Path, Path], sizes: dict, problems: dict[Path, str], bar: Progress) -> np.ndarray:
    """Whether each mask holds anything, (n,) bool; a mask of another size than its image is a problem."""

    def look(path: Path) -> tuple[tuple[int, int], bool]:
        mask = read_mask(path)
        return mask.shape, bool(mask.any())

    looked = _counted(each(list(mask_of.values()), look, problems), bar, "masks", len(mask_of)) if mask_of else ()
    filled = np.zeros(len(mask_of), bool)
    for k, (image, seen) in enumerate(zip(mask_of, looked, strict=True)):
        if seen is None:
            continue
        shape, filled[k] = seen
        if shape != sizes[image]:
            h, w = sizes[image]
            problems[mask_of[image]] = f"is {shape[0]} x {shape[1]}, but its image {image.name} is {h} x {w}"
    return filled


def _write_pairs(found: Duplicates, out: Path) -> None:
    """Writes the CSV: one row a pair, nearest last bits left off so that every machine writes the same."""
    # names need not be UTF-8: their bytes are written as they are
    with out.open("w", newline="", encoding="utf-8", errors="surrogateescape") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        flags = [""] * len(found.pairs) if found.inconsistent is None else found.inconsistent.astype(int).tolist()
        for (i, j), distance, flag in zip(found.pairs.tolist(), found.distances.tolist(), flags, strict=True):
            writer.writerow([found.names[i], found.names[j], f"{distance:.9f}", flag])


def _write_sheet(found: Duplicates, paths: list[Path], mask_paths: list[Path | None], out: Path) -> None:
    """Draws the worst conflicts, or the nearest pairs where there are no masks."""
    chosen = np.arange(len(found.pairs)) if found.inconsistent is None else np.flatnonzero(found.inconsistent)
    shown = chosen[worst(found.pairs[chosen], found.distances[chosen])]
    pairs = [
        (*(Shown(paths[i], found.names[i], mask_paths[i]) for i in found.pairs[k].tolist()), float(found.distances[k]))
        for k in shown
    ]
    kind = "near-duplicate pairs" if found.inconsistent is None else "near-duplicates with contradictory masks"
    draw_sheet(pairs, f"{len(shown)} of {len(chosen)} {kind}, nearest first" if pairs else f"no {kind}", out)
