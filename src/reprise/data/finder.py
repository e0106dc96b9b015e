"""Near-duplicates and contradictory labels in anyone's folder of images: the work behind ``reprise duplicates``."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.progress import Progress

from reprise.data.copies import pairs_with_copies
from reprise.data.duplicates import HASHES, TooManyPairsError, contradictory_pairs
from reprise.data.folders import composed, find_images, find_masks, pictures
from reprise.data.found import Duplicates, write_pairs, write_sheet
from reprise.data.images import Header, bits_needed, read_grey, read_header
from reprise.data.many import UnreadableImagesError, each
from reprise.data.masks import read_mask
from reprise.data.opening import quiet
from reprise.files import check_writable, replacing, shown

SCOPES = ("all", "subject")
MOST_PAIRS = 1_000_000


def common_size(sizes: list[tuple[int, int]], block: int = 20, longest: int = 640) -> tuple[int, int]:
    """The size at which images are compared: the most frequent one, at most ``longest``, in whole blocks.

    Images that all are of a size in whole blocks, 420 x 580 say, are not resized.
    """
    (h, w), _ = max(Counter(sizes).items(), key=lambda item: (item[1], item[0]))
    shrink = min(1, longest / max(h, w))
    return max(block, int(h * shrink) // block * block), max(block, int(w * shrink) // block * block)


def find_duplicates(
    images: Path,
    masks: Path | None = None,
    threshold: float | None = None,
    hash: str = "blocks",
    scope: str = "all",
    out: Path | None = None,
    sheet: Path | None = None,
    progress: bool = True,
    most_pairs: int = MOST_PAIRS,
) -> Duplicates:
    """Finds near-duplicate images in a folder and, with masks, the pairs whose labels contradict each other.

    A picture that cannot be read is left out, one whose mask cannot be used is compared without it; the result names
    both. Pictures that are equal at the size compared are a pair at distance 0, whatever the hash.

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
        most_pairs: more are an error.

    Raises:
        FileNotFoundError: a folder is missing.
        UnreadableImagesError: no image, or of all images no mask, can be used; every file by name. Nothing is written.
        TooManyPairsError: more than ``most_pairs``; says what to do. Nothing is written.
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
    images, masks = Path(images), None if masks is None else Path(masks)
    passed_over: Counter[str] = Counter()
    paths = find_images(images, passed_over)
    if masks is not None:
        paths = _without(paths, images, masks, passed_over)
    outputs = [Path(path) for path in (out, sheet) if path is not None]
    _keep_pictures(outputs, [images] if masks is None else [images, masks])
    for path in outputs:
        check_writable(path)  # refused now, not after the work
    if sheet is not None and Path(sheet).suffix.lower() != ".png":
        raise ValueError(f"{shown(sheet)}: the sheet is a PNG; name it .png")
    problems: dict[Path, str] = {}
    with _bar(progress) as bar, quiet():
        mask_of = {} if masks is None else _masks_of(paths, images, masks, problems, passed_over)
        seen = _describe(paths, hash, problems, bar)
        filled = _look_at_masks(mask_of, seen, problems, bar)
        if masks is not None and not filled:
            raise UnreadableImagesError(problems)
        groups = subjects(seen.paths) if scope == "subject" else None
        task = bar.add_task("comparing", total=None)
        try:
            pairs, distances = pairs_with_copies(seen.features, seen.contents, threshold, groups, most_pairs)
        except TooManyPairsError as error:
            raise TooManyPairsError(
                f"{error} by {hash}: more than --most-pairs {most_pairs:,}, nothing was written; take copies out, a "
                "lower --threshold, --scope subject or --hash robust, or allow more"
            ) from None
        bar.update(task, total=1, completed=1)
    labelled = None if masks is None else np.array([path in filled for path in seen.paths])[pairs].all(axis=1)
    contradict = None
    if masks is not None:
        states = np.array([filled.get(path, False) for path in seen.paths])
        contradict = contradictory_pairs(pairs, states) & labelled
    found = Duplicates(
        paths=seen.paths,
        names=[path.relative_to(images).as_posix() for path in seen.paths],
        masks=[mask_of[path] if path in filled else None for path in seen.paths],
        pairs=pairs,
        distances=distances,
        inconsistent=contradict,
        labelled=labelled,
        filled=sum(filled.values()),
        size=seen.size,
        resized=sum(header.size != seen.size for header in seen.headers.values()),
        deep=seen.deep,
        bits=seen.bits,
        hash=hash,
        threshold=threshold,
        scope=scope,
        problems=problems,
        passed_over=passed_over,
        written=outputs,
    )
    with ExitStack() as stack:  # begun only now: a run that is killed leaves nothing. Renamed when both are whole
        temporary = {path: stack.enter_context(replacing(path)) for path in outputs}
        if out is not None:
            write_pairs(found, temporary[Path(out)])
        if sheet is not None:
            write_sheet(found, temporary[Path(sheet)])
    return found


def _keep_pictures(outputs: list[Path], folders: list[Path]) -> None:
    """Refuses outputs that would replace a picture, a mask or each other."""
    if len({os.path.realpath(path) for path in outputs}) < len(outputs):
        raise ValueError(f"{shown(outputs[0])} cannot be both the CSV and the sheet")
    for path in outputs:
        if path.exists() and any(path.samefile(picture) for folder in folders for picture in pictures(folder)):
            raise ValueError(
                f"{shown(path)} is one of the pictures that are compared or their masks; choose another name"
            )


def _without(paths: list[Path], images: Path, masks: Path, passed_over: Counter[str]) -> list[Path]:
    """The paths that do not lie in a folder of masks among the images."""
    inside, whole = (Path(os.path.realpath(path)) for path in (masks, images))
    if inside == whole or not inside.is_relative_to(whole):
        return paths
    kept = [path for path in paths if images / inside.relative_to(whole) not in path.parents]
    if not kept:
        raise ValueError(f"{shown(images)} holds no images but in its folder of masks")
    passed_over["masks"] += len(paths) - len(kept)
    return kept


def _masks_of(
    paths: list[Path], images: Path, masks: Path, problems: dict[Path, str], passed_over: Counter[str]
) -> dict[Path, Path]:
    beside: Counter[str] = Counter()
    mask_of = find_masks(paths, images, masks, problems, beside)
    if Path(os.path.realpath(masks)).is_relative_to(
        os.path.realpath(images)
    ):  # everything else there is counted already
        passed_over.pop("masks (X_mask beside X)", None)
        beside = Counter({reason: count for reason, count in beside.items() if reason == "masks of no image"})
    passed_over.update(beside)
    return mask_of


def subjects(paths: list[Path]) -> np.ndarray:
    """The subject of each image: its name up to the first ``_``."""
    without = [path for path in paths if "_" not in path.stem]
    if without:
        raise ValueError(
            f"{len(without)} names have no subject before a '_' ({shown(without[0].name)}, for one); use scope 'all'"
        )
    return np.array([composed(path.stem).split("_")[0] for path in paths])


def _bar(progress: bool) -> Progress:
    console = Console(stderr=True)
    return Progress(console=console, disable=not (progress and console.is_terminal), transient=True)


def _counted(items: Iterator, bar: Progress, label: str, total: int) -> Iterator:
    task = bar.add_task(label, total=total)
    for item in items:
        yield item
        bar.advance(task)


class _Seen(NamedTuple):
    """The images that could be read: their paths, features (n, d) and digests by which copies are known."""

    paths: list[Path]
    headers: dict[Path, Header]
    features: np.ndarray
    contents: list[bytes]
    size: tuple[int, int]
    deep: int
    bits: int | None


def _describe(paths: list[Path], hash: str, problems: dict[Path, str], bar: Progress) -> _Seen:
    """Decodes and hashes every image (each worker does both, so they overlap).

    Raises:
        UnreadableImagesError: none can be read.
    """
    unreadable: dict[Path, str] = {}
    looked = _counted(each(paths, read_header, unreadable), bar, "opening", len(paths))
    headers = {path: header for path, header in zip(paths, looked, strict=True) if header is not None}
    deep = [path for path, header in headers.items() if header.deep]
    ranges = [bits for bits in _counted(each(deep, bits_needed, unreadable), bar, "depth", len(deep)) if bits]
    bits = max(ranges, default=None)
    good = [path for path in headers if path not in unreadable]
    size = common_size([headers[path].size for path in good]) if good else (0, 0)
    compute = HASHES[hash].features

    def work(path: Path) -> tuple[np.ndarray, bytes]:
        grey = read_grey(path, size, bits)
        row = compute(grey[None])[0]
        # equal numbers are at distance 0; of a page of which the hash sees nothing, the page itself decides
        return row, hashlib.blake2b(row if row.any() else np.ascontiguousarray(grey), digest_size=16).digest()

    features, contents, kept = np.empty((0, 0)), [], []
    for path, result in zip(good, _counted(each(good, work, unreadable), bar, "hashing", len(good)), strict=True):
        if result is not None:
            row, digest = result
            features = features if contents else np.empty((len(good), len(row)), row.dtype)
            features[len(contents)] = row
            contents.append(digest)
            kept.append(path)
    problems.update(unreadable)  # of an image that is not there, nobody needs to know what is wrong with its mask
    if not kept:
        raise UnreadableImagesError(problems)
    return _Seen(kept, {path: headers[path] for path in kept}, features[: len(kept)], contents, size, len(ranges), bits)


def _look_at_masks(
    mask_of: dict[Path, Path], seen: _Seen, problems: dict[Path, str], bar: Progress
) -> dict[Path, bool]:
    """Image -> whether its mask holds anything; a mask that cannot be used, of another size say, is a problem."""

    def look(path: Path) -> tuple[tuple[int, int], bool]:
        mask = read_mask(path)
        return mask.shape, bool(mask.any())

    wanted = {path: mask_of[path] for path in seen.paths if path in mask_of}
    looked = each(list(wanted.values()), look, problems)
    filled = {}
    for (image, mask), found in zip(wanted.items(), _counted(looked, bar, "masks", len(wanted)), strict=True):
        if found is None:
            continue
        (h, w), size = found[0], seen.headers[image].size
        if (h, w) != size:
            problems[mask] = f"is {h} x {w}, but its image {shown(image.name)} is {size[0]} x {size[1]}"
        else:
            filled[image] = found[1]
    return filled
