"""What was found among pictures: the summary, the CSV of pairs, the list of what to keep, the sheet."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from reprise.data.folders import told
from reprise.data.groups import group_numbers, kept_instead
from reprise.data.many import listed
from reprise.data.preferred import preference
from reprise.data.sheet import Section, Shown, draw_sheet, worst
from reprise.files import shown, write_rows

COLUMNS = ("image_a", "image_b", "distance", "inconsistent")
LISTED = ("group", "image", "action", "instead", "distance", "inconsistent")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # as a spreadsheet sees them
ON_SHEET = 8  # pairs of each kind


@dataclass(frozen=True)
class Duplicates:
    """What was found in a folder, or between two.

    Attributes:
        paths: of the n images that were compared, those of the second folder last.
        names: theirs, relative to their folder.
        first: how many lie in the first folder; the others in the one that it was compared with.
        masks: the mask of each, None where there is none that can be used.
        pairs: (m, 2) indices, i < j in rising order; between two folders, one of each.
        distances: (m,) cosine distances.
        ways: (m,) how two are alike, "" as they are, "mirrored" or "cropped"; None where only the first was asked.
        inconsistent: (m,) bool, the labels differ (of masks: exactly one is empty); None without labels.
        labelled: (m,) bool, both labels are known; None without labels.
        filled: how many masks are not empty; None where there are no masks.
        pixels: (n,) of each image.
        size: height and width at which the images were compared.
        resized: how many were resized for that.
        deep: how many have whole numbers of more than 8 bits whose range had to be found, and ``bits`` that range.
        problems: file -> why it cannot be used.
        passed_over: reason -> how many files in the folders are no pictures.
    """

    paths: list[Path]
    names: list[str]
    first: int
    masks: list[Path | None]
    pairs: np.ndarray
    distances: np.ndarray
    ways: np.ndarray | None
    inconsistent: np.ndarray | None
    labelled: np.ndarray | None
    filled: int | None
    pixels: np.ndarray
    size: tuple[int, int]
    resized: int
    deep: int
    bits: int | None
    hash: str
    threshold: float
    scope: str
    problems: dict[Path, str] = field(default_factory=dict)
    passed_over: Counter[str] = field(default_factory=Counter)
    written: list[Path] = field(default_factory=list)

    @property
    def two_folders(self) -> bool:
        """Whether one folder was compared with another."""
        return self.first < len(self.names)

    @cached_property
    def groups(self) -> np.ndarray:
        """(n,) the group of each image: those that pairs connect; -1 for an image in no pair."""
        return group_numbers(len(self.names), self.pairs)

    @cached_property
    def instead(self) -> np.ndarray:
        """(n,) the image to keep instead of each, itself where it is kept: see `kept_instead`.

        The one of most pixels is kept, of equal ones the best by `preference`; of two folders, all of the second.
        """
        n = len(self.names)
        best = preference(self.paths, self.names, self.pixels, np.unique(self.pairs))
        return kept_instead(n, self.pairs, best + n * (np.arange(n) < self.first))

    def __str__(self) -> str:
        where = "within a subject" if self.scope == "subject" else "over all images"
        if self.two_folders:
            where = f"{self.first} with {len(self.names) - self.first}" + (", " + where) * (self.scope == "subject")
        changed = [f"{self.resized} resized"] if self.resized else []
        if self.deep:
            changed.append(f"{self.deep} of more than 8 bits, read as {self.bits} bits")
        gone = np.count_nonzero(self.instead != np.arange(len(self.names)))
        groups = len(np.unique(self.groups[self.groups >= 0]))
        lines = [
            f"{len(self.names)} images compared at {self.size[0]} x {self.size[1]}, {where},"
            f" by {self.hash} under {self.threshold:g}" + (f" ({', '.join(changed)})" if changed else ""),
            f"{_count(len(self.pairs), 'near-duplicate pair')}, {len(np.unique(self.pairs))} images in them, "
            f"{_count(groups, 'group')}",
        ]
        if self.two_folders:
            pairs = _count(len(self.pairs), "near-duplicate pair")
            lines[1] = f"{pairs} between the folders, {_count(groups, 'group')}"
            lines.append(f"{gone} of the first folder's {self.first} images are near one of the second's")
        elif gone:
            lines.append(f"{gone} could go: something near each of them is kept")
        if self.ways is not None:
            lines += [
                f"{count} of the pairs {'is' if count == 1 else 'are'} {way}"
                for way, count in sorted(Counter(self.ways.tolist()).items())
                if way
            ]
        if self.inconsistent is not None:
            images = len(np.unique(self.pairs[self.inconsistent]))
            lines.append(f"{np.count_nonzero(self.inconsistent)} contradict each other: {images} images in them")
            kind = "label"
            if self.filled is not None:
                kind = "mask"
                masks = sum(mask is not None for mask in self.masks)
                lines.append(f"{_count(masks, 'mask')}, {self.filled} filled")
            if unknown := np.count_nonzero(~self.labelled):
                lines.append(f"{unknown} pairs have a {kind} that is not known: their `inconsistent` is empty")
        if self.problems:
            one = len(self.problems) == 1
            unused = "1 file cannot be used and was" if one else f"{len(self.problems)} files cannot be used and were"
            lines.append(f"{unused} left out")
        if self.passed_over:
            lines.append(told(self.passed_over))
        return "\n".join([*lines, *(f"wrote {shown(path)}" for path in self.written)])

    def complaints(self) -> str:
        """A line for each file that cannot be used; the first of them, where there are many."""
        return "\n".join(listed(self.problems))


def _count(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"


def write_pairs(found: Duplicates, out: Path) -> None:
    """Writes the CSV: one row a pair, nearest last bits left off so that every machine writes the same.

    A column ``how`` says which pairs are mirrored or cropped, where that was asked.
    """
    names = _in_cells(found)
    extra = () if found.ways is None else (found.ways.tolist(),)
    rows = zip(found.pairs.tolist(), found.distances.tolist(), _flags(found), *extra, strict=True)
    _write(
        out,
        (*COLUMNS, *(("how",) if extra else ())),
        ((names[i], names[j], f"{distance:.9f}", *rest) for (i, j), distance, *rest in rows),
    )


def write_list(found: Duplicates, out: Path) -> None:
    """Writes the CSV of groups: what to keep of each, and what can go instead of which.

    Of two folders it lists what of the first lies near something in the second.
    """
    names, flags = _in_cells(found), _flags(found)
    of_pair = {(i, j): k for k, (i, j) in enumerate(found.pairs.tolist())}
    rows = []
    for k in np.flatnonzero(found.groups >= 0).tolist():
        kept = int(found.instead[k])
        group = int(found.groups[k]) + 1
        if kept != k:
            pair = of_pair[min(k, kept), max(k, kept)]
            rows.append((group, names[k], "remove", names[kept], f"{found.distances[pair]:.9f}", flags[pair]))
        elif not found.two_folders:
            rows.append((group, names[k], "keep", "", "", ""))
    _write(out, LISTED, sorted(rows, key=lambda row: (row[0], row[2])))


def _in_cells(found: Duplicates) -> list[str]:
    """Names; what a spreadsheet would take for a formula gets ``./`` in front: the same file, seen from the folder."""
    return [f"./{name}" if name.startswith(FORMULA) else name for name in found.names]


def _flags(found: Duplicates) -> list[str]:
    if found.inconsistent is None:
        return [""] * len(found.pairs)
    return np.where(found.labelled, found.inconsistent.astype(int).astype(str), "").tolist()


def _write(out: Path, columns: tuple[str, ...], rows) -> None:
    # names need not be UTF-8: their bytes are written as they are
    with out.open("w", newline="", encoding="utf-8", errors="surrogateescape") as stream:
        write_rows(stream, [columns])
        write_rows(stream, rows)


def write_sheet(found: Duplicates, out: Path) -> None:
    """Draws conflicts, or pairs where there are no labels: the nearest, then those nearest to the threshold."""
    chosen = np.arange(len(found.pairs)) if found.inconsistent is None else np.flatnonzero(found.inconsistent)
    kind = "near-duplicate pairs"
    if found.inconsistent is not None:
        kind = "near-duplicates with contradictory " + ("labels" if found.filled is None else "masks")
    near = chosen[worst(found.pairs[chosen], found.distances[chosen], ON_SHEET)]
    rest = np.setdiff1d(chosen, near)
    edge = rest[worst(found.pairs[rest], -found.distances[rest], ON_SHEET)]
    sections = [Section(f"{len(near)} of {len(chosen)} {kind}, nearest first", _drawn(found, near))]
    if not len(chosen):
        sections = [Section(f"no {kind}", [])]
    if len(edge):
        title = f"{len(edge)} nearest to the threshold {found.threshold:g}, the most doubtful first"
        sections.append(Section(title, _drawn(found, edge)))
    draw_sheet(sections, out, found.bits)


def _drawn(found: Duplicates, which: np.ndarray) -> list[tuple[Shown, Shown, str]]:
    folders = [""] * len(found.names)
    if found.two_folders:  # both may hold the same names
        folders = [f"{k + 1}: " for k in (np.arange(len(found.names)) >= found.first).tolist()]
    pairs = []
    for k in which.tolist():
        pictures = [Shown(found.paths[i], folders[i] + found.names[i], found.masks[i]) for i in found.pairs[k].tolist()]
        way = "" if found.ways is None else str(found.ways[k])
        pairs.append((*pictures, f"distance {found.distances[k]:.5f}" + (f", {way}" if way else "")))
    return pairs
