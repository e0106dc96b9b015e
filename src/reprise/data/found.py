"""What was found among pictures: the summary, the CSV of pairs, the sheet."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from reprise.data.folders import told
from reprise.data.many import listed
from reprise.data.sheet import Shown, draw_sheet, worst
from reprise.files import shown, write_rows

COLUMNS = ("image_a", "image_b", "distance", "inconsistent")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # as a spreadsheet sees them


@dataclass(frozen=True)
class Duplicates:
    """What was found in a folder.

    Attributes:
        paths: of the n images that were compared.
        names: theirs, relative to the folder.
        masks: the mask of each, None where there is none that can be used.
        pairs: (m, 2) indices, i < j in rising order.
        distances: (m,) cosine distances.
        inconsistent: (m,) bool, exactly one mask of the pair is empty; None without masks.
        labelled: (m,) bool, both masks are known; None without masks.
        filled: how many masks are not empty.
        size: height and width at which the images were compared.
        resized: how many were resized for that.
        deep: how many have whole numbers of more than 8 bits whose range had to be found, and ``bits`` that range.
        problems: file -> why it cannot be used.
        passed_over: reason -> how many files in the folders are no pictures.
    """

    paths: list[Path]
    names: list[str]
    masks: list[Path | None]
    pairs: np.ndarray
    distances: np.ndarray
    inconsistent: np.ndarray | None
    labelled: np.ndarray | None
    filled: int
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

    def __str__(self) -> str:
        where = "within a subject" if self.scope == "subject" else "over all images"
        changed = [f"{self.resized} resized"] if self.resized else []
        if self.deep:
            changed.append(f"{self.deep} of more than 8 bits, read as {self.bits} bits")
        lines = [
            f"{len(self.names)} images compared at {self.size[0]} x {self.size[1]}, {where},"
            f" by {self.hash} under {self.threshold:g}" + (f" ({', '.join(changed)})" if changed else ""),
            f"{len(self.pairs)} near-duplicate pairs, {len(np.unique(self.pairs))} images in them",
        ]
        if self.inconsistent is not None:
            images = len(np.unique(self.pairs[self.inconsistent]))
            lines.append(f"{np.count_nonzero(self.inconsistent)} contradict each other: {images} images in them")
            lines.append(f"{sum(mask is not None for mask in self.masks)} masks, {self.filled} filled")
            if unknown := np.count_nonzero(~self.labelled):
                lines.append(f"{unknown} pairs have a mask that is not known: their `inconsistent` is empty")
        if self.problems:
            lines.append(f"{len(self.problems)} files cannot be used and were left out")
        if self.passed_over:
            lines.append(told(self.passed_over))
        return "\n".join([*lines, *(f"wrote {shown(path)}" for path in self.written)])

    def complaints(self) -> str:
        """A line for each file that cannot be used; the first of them, where there are many."""
        return "\n".join(listed(self.problems))


def write_pairs(found: Duplicates, out: Path) -> None:
    """Writes the CSV: one row a pair, nearest last bits left off so that every machine writes the same.

    A name that a spreadsheet would take for a formula gets ``./`` in front: the same file, seen from the folder.
    """
    names = [f"./{name}" if name.startswith(FORMULA) else name for name in found.names]
    flags = [""] * len(found.pairs)
    if found.inconsistent is not None:
        flags = np.where(found.labelled, found.inconsistent.astype(int).astype(str), "").tolist()
    # names need not be UTF-8: their bytes are written as they are
    with out.open("w", newline="", encoding="utf-8", errors="surrogateescape") as stream:
        write_rows(stream, [COLUMNS])
        rows = zip(found.pairs.tolist(), found.distances.tolist(), flags, strict=True)
        write_rows(stream, ((names[i], names[j], f"{distance:.9f}", flag) for (i, j), distance, flag in rows))


def write_sheet(found: Duplicates, out: Path) -> None:
    """Draws the worst conflicts, or the nearest pairs where there are no masks."""
    chosen = np.arange(len(found.pairs)) if found.inconsistent is None else np.flatnonzero(found.inconsistent)
    drawn = chosen[worst(found.pairs[chosen], found.distances[chosen])]
    pairs = [
        (
            *(Shown(found.paths[i], found.names[i], found.masks[i]) for i in found.pairs[k].tolist()),
            float(found.distances[k]),
        )
        for k in drawn
    ]
    kind = "near-duplicate pairs" if found.inconsistent is None else "near-duplicates with contradictory masks"
    title = f"{len(drawn)} of {len(chosen)} {kind}, nearest first" if pairs else f"no {kind}"
    draw_sheet(pairs, title, out, found.bits)
