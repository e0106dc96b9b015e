"""Near-duplicates and contradictory labels in anyone's folders of images: the work behind ``reprise duplicates``."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from rich.progress import Progress

from reprise.data.copies import pairs_with_copies
from reprise.data.crops import cropped_pairs
from reprise.data.described import Seen, bar, common_size, counted, describe
from reprise.data.duplicates import HASHES, TooManyPairsError, near_duplicates
from reprise.data.folders import composed, find_images, find_masks, pictures
from reprise.data.found import Duplicates, write_list, write_pairs, write_sheet
from reprise.data.labelled import labels_of
from reprise.data.many import UnreadableImagesError, each
from reprise.data.masks import read_mask
from reprise.data.mirrored import pairs_with_mirrored
from reprise.data.near_search import Search
from reprise.data.opening import quiet
from reprise.files import check_writable, replacing, shown

__all__ = ["MOST_PAIRS", "SCOPES", "common_size", "find_duplicates", "subjects"]

SCOPES = ("all", "subject")
MOST_PAIRS = 1_000_000


def find_duplicates(
    images: Path,
    masks: Path | None = None,
    threshold: float | None = None,
    hash: str = "robust",
    scope: str = "all",
    out: Path | None = None,
    sheet: Path | None = None,
    progress: bool = True,
    most_pairs: int = MOST_PAIRS,
    *,
    against: Path | None = None,
    labels: str | None = None,
    listing: Path | None = None,
    mirrored: bool = False,
    cropped: bool = False,
    search: Search = near_duplicates,
) -> Duplicates:
    """Finds near-duplicate images in a folder, or between two, and the pairs whose labels contradict each other.

    A picture that cannot be read is left out, one whose mask cannot be used is compared without it; the result names
    both. Pictures that are equal at the size compared are a pair at distance 0, whatever the hash.

    Args:
        images: folder, searched with everything below it; ``X_mask.tif`` beside an ``X.tif`` is no image.
        masks: folder with ``X_mask`` or ``X`` for each image; it may be the same folder.
        threshold: cosine distance below which two images are near-duplicates; by default the hash's own.
        hash: ``robust``, or the source's ``blocks`` or ``strips``.
        scope: ``all`` compares all images; ``subject`` those whose names agree up to the first ``_``.
        out: a CSV to write, one row a pair: image_a, image_b, distance, inconsistent (1 or 0; empty without labels).
        sheet: a PNG to write with contradictory pairs (all pairs, without labels) side by side, the nearest and the
            most doubtful; where there is none it says so.
        progress: show a progress bar on stderr; never shown where that is no terminal.
        most_pairs: more are an error.
        against: a second folder; only pairs of one image of each count. What lies in both belongs to the inner one.
        labels: what :func:`~reprise.data.labelled.labels_of` takes, ``folders`` or a CSV; not with masks.
        listing: a CSV to write, what to keep of each group and what can go.
        mirrored: also find pairs of which one is the other's mirror image.
        cropped: also find pairs of which one is cut out of the other (`robust` alone; see `cropped_pairs`).
        search: what finds the pairs, on this machine by default.

    Raises:
        FileNotFoundError: a folder is missing.
        UnreadableImagesError: no image, or of all images no mask, can be used; every file by name. Nothing is written.
        TooManyPairsError: more than ``most_pairs``; says what to do. Nothing is written.
        ValueError: an empty folder, an unknown hash or scope, a threshold outside [0, 2], options that do not go
            together, or an output that is among the pictures, the same as another or no ordinary file.
        OSError: a folder cannot be read, or an output not written.
    """
    threshold = _checked(hash, scope, threshold, masks, against, labels, cropped)
    images, masks = Path(images), None if masks is None else Path(masks)
    passed_over: Counter[str] = Counter()
    paths = find_images(images, passed_over)
    if masks is not None:
        paths = _without(paths, images, masks, passed_over, "folder of masks")
    roots = [(images, paths)]
    if against is not None:
        roots = _two(images, paths, Path(against), passed_over)
    asked = {write_pairs: out, write_sheet: sheet, write_list: listing}
    outputs = {write: Path(path) for write, path in asked.items() if path is not None}
    _keep_pictures(list(outputs.values()), [root for root, _ in roots] + ([masks] if masks else []))
    for path in outputs.values():
        check_writable(path)  # refused now, not after the work
    if sheet is not None and Path(sheet).suffix.lower() != ".png":
        raise ValueError(f"{shown(sheet)}: the sheet is a PNG; name it .png")
    labelled_as = {} if labels is None else labels_of(labels, roots, passed_over)
    problems: dict[Path, str] = {}
    with bar(progress) as shown_bar, quiet():
        mask_of = {} if masks is None else _masks_of(paths, images, masks, problems, passed_over)
        everything = [path for _, inside in roots for path in inside]
        seen = describe(everything, hash, problems, shown_bar, mirrored, cropped)
        filled = _look_at_masks(mask_of, seen, problems, shown_bar)
        if masks is not None and not filled:
            raise UnreadableImagesError(problems)
        own = set(roots[0][1])
        first = sum(path in own for path in seen.paths)
        if against is not None and first in (0, len(seen.paths)):
            raise UnreadableImagesError(problems)  # of one folder, all
        pairs, distances, ways = _search(seen, threshold, hash, scope, most_pairs, first, cropped, shown_bar, search)
    states = labelled_as if masks is None else filled
    known = None if labels is None and masks is None else np.array([path in states for path in seen.paths])
    labelled = contradict = None
    if known is not None:
        _, number = np.unique([str(states.get(path, "")) for path in seen.paths], return_inverse=True)
        labelled = known[pairs].all(axis=1)
        contradict = (number[pairs[:, 0]] != number[pairs[:, 1]]) & labelled
    found = Duplicates(
        paths=seen.paths,
        names=[path.relative_to(roots[k >= first][0]).as_posix() for k, path in enumerate(seen.paths)],
        first=first,
        masks=[mask_of[path] if path in filled else None for path in seen.paths],
        pairs=pairs,
        distances=distances,
        ways=ways,
        inconsistent=contradict,
        labelled=labelled,
        filled=None if masks is None else sum(filled.values()),
        pixels=np.array([np.prod(seen.headers[path].size) for path in seen.paths]),
        size=seen.size,
        resized=sum(header.size != seen.size for header in seen.headers.values()),
        deep=seen.deep,
        bits=seen.bits,
        hash=hash,
        threshold=threshold,
        scope=scope,
        problems=problems,
        passed_over=passed_over,
        written=list(outputs.values()),
    )
    with ExitStack() as stack:  # begun only now: a run that is killed leaves nothing. Renamed when all are whole
        temporary = {write: stack.enter_context(replacing(path)) for write, path in outputs.items()}
        for write, path in temporary.items():
            write(found, path)
    return found


def _checked(
    hash: str,
    scope: str,
    threshold: float | None,
    masks: Path | None,
    against: Path | None,
    labels: str | None,
    cropped: bool,
) -> float:
    """The threshold, where everything that is asked for goes together."""
    if hash not in HASHES:
        raise ValueError(f"hash must be one of {', '.join(HASHES)}; found {hash!r}")
    if scope not in SCOPES:
        raise ValueError(f"scope must be one of {', '.join(SCOPES)}; found {scope!r}")
    if masks is not None and (against is not None or labels is not None):
        raise ValueError(f"masks do not go with {'--against' if labels is None else '--labels'}; give one of them")
    if cropped and hash != "robust":
        raise ValueError(f"cropped copies are found by robust alone, not by {hash}")
    threshold = HASHES[hash].threshold if threshold is None else threshold
    if not 0 <= threshold <= 2:
        raise ValueError(f"threshold is a cosine distance between 0 and 2; found {threshold}")
    return threshold


def _search(
    seen: Seen,
    threshold: float,
    hash: str,
    scope: str,
    most_pairs: int,
    first: int,
    cropped: bool,
    bar: Progress,
    search: Search,
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Pairs, their distances, and how they are alike where more than one way was asked for."""
    groups = subjects(seen.paths) if scope == "subject" else None
    task = bar.add_task("comparing", total=None)
    ways = None
    try:
        if seen.turned is None:
            pairs, distances = pairs_with_copies(seen.features, seen.contents, threshold, groups, most_pairs, search)
        else:
            pairs, distances, mirror = pairs_with_mirrored(
                seen.features, seen.contents, *seen.turned, threshold, groups, most_pairs, search
            )
            ways = np.where(mirror, "mirrored", "")
    except TooManyPairsError as error:
        raise TooManyPairsError(
            f"{error} by {hash}: more than --most-pairs {most_pairs:,}, nothing was written; take copies out, a "
            "lower --threshold or --scope subject, or allow more"
        ) from None
    bar.update(task, total=1, completed=1)
    two = first < len(seen.paths)
    if two:
        across = (pairs[:, 0] < first) & (pairs[:, 1] >= first)
        pairs, distances, ways = pairs[across], distances[across], None if ways is None else ways[across]
    if not cropped:
        return pairs, distances, ways
    task = bar.add_task("cropped", total=2 * len(seen.paths))
    more, far = cropped_pairs(seen.small, threshold, groups, first if two else None, lambda: bar.advance(task))
    held = set(map(tuple, pairs.tolist()))
    new = np.array([tuple(pair) not in held for pair in more.tolist()], bool)
    ways = np.full(len(pairs), "") if ways is None else ways
    ways = np.concatenate([ways.astype("<U8"), np.full(new.sum(), "cropped")])
    pairs, distances = np.concatenate([pairs, more[new]]), np.concatenate([distances, far[new]])
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    return pairs[order], distances[order], ways[order]


def _two(images: Path, paths: list[Path], against: Path, passed_over: Counter[str]) -> list[tuple[Path, list[Path]]]:
    """Both folders with their pictures; what lies in both belongs to the inner one."""
    others = find_images(against, passed_over)
    if images.samefile(against):
        raise ValueError(f"{shown(images)} is compared with itself; leave --against out")
    paths = _without(paths, images, against, passed_over, "folder of --against")
    return [(images, paths), (against, _without(others, against, images, passed_over, "folder of images"))]


def _keep_pictures(outputs: list[Path], folders: list[Path]) -> None:
    """Refuses outputs that would replace a picture, a mask or each other."""
    if len({os.path.realpath(path) for path in outputs}) < len(outputs):
        raise ValueError(f"{shown(outputs[0])} cannot be both the CSV and the sheet, or the list")
    for path in outputs:
        if path.exists() and any(path.samefile(picture) for folder in folders for picture in pictures(folder)):
            raise ValueError(
                f"{shown(path)} is one of the pictures that are compared or their masks; choose another name"
            )


def _without(paths: list[Path], images: Path, other: Path, passed_over: Counter[str], what: str) -> list[Path]:
    """The paths that do not lie in another folder, of masks say, among the images."""
    inside, whole = (Path(os.path.realpath(path)) for path in (other, images))
    if inside == whole or not inside.is_relative_to(whole):
        return paths
    kept = [path for path in paths if images / inside.relative_to(whole) not in path.parents]
    if not kept:
        raise ValueError(f"{shown(images)} holds no images but in its {what}")
    passed_over["masks" if what == "folder of masks" else f"in the {what}"] += len(paths) - len(kept)
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


def _look_at_masks(mask_of: dict[Path, Path], seen: Seen, problems: dict[Path, str], bar: Progress) -> dict[Path, bool]:
    """Image -> whether its mask holds anything; a mask that cannot be used, of another size say, is a problem."""

    def look(path: Path) -> tuple[tuple[int, int], bool]:
        mask = read_mask(path)
        return mask.shape, bool(mask.any())

    wanted = {path: mask_of[path] for path in seen.paths if path in mask_of}
    looked = each(list(wanted.values()), look, problems)
    filled = {}
    for (image, mask), found in zip(wanted.items(), counted(looked, bar, "masks", len(wanted)), strict=True):
        if found is None:
            continue
        (h, w), size = found[0], seen.headers[image].size
        if (h, w) != size:
            problems[mask] = f"is {h} x {w}, but its image {shown(image.name)} is {size[0]} x {size[1]}"
        else:
            filled[image] = found[1]
    return filled
