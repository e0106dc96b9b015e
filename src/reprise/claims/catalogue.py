"""The catalogue: the claims and the defects of the four sources, read from the tables beside this module.

``catalogue.csv`` says for each claim what the source states (``claim``) and what is measured for it (``finding``).
``expectation`` is ``source`` where the finding follows from the source's own words and ``inventory`` where the source
gives no outcome that could be false and the finding is this project's expectation: such a claim is built, not judged.

``own.csv``, where there is one, has claims of your own in the same columns: ``id`` goes on where the catalogue ends,
``source`` and ``chapter`` are whatever you call them (`reprise new study` writes it).
"""

from __future__ import annotations

import csv
import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

HERE = Path(__file__).parent
OWN = "own.csv"
SOURCES = {
    "S1": "J. M. Valverde's LAID blog: classical methods, activation maximisation, dropout, paper summaries",
    "S2": "raghakot's blog: alternative neurons, learned connectivity, ultrasound segmentation, puzzles",
    "S3": "A wiki's overview of deep learning",
    "S4": "A blog on fully convolutional networks, activations, batch normalisation and dropout",
}
CHAPTERS = (
    "Mixtures and thresholds",
    "Differentiation",
    "Convolution arithmetic",
    "Recurrent networks",
    "Losses and regularisation",
    "Activations and normalisation",
    "Initialisation and optimisation",
    "Puzzles",
    "Segmentation",
    "CIFAR-10: filters and connections",
    "Calibration and confidence",
    "Inside networks",
    "Representations and generation",
    "Recognition and detection",
)


@dataclass(frozen=True)
class Claim:
    """One claim of a source.

    Attributes:
        id: from 1 on, without a gap.
        source: a key of ``sources()``: ``S1`` to ``S4``, or a claim of your own's.
        chapter: where the report puts it, one of ``chapters()``.
        title: a few words.
        claim: what the source states, in one sentence of ours.
        finding: what is measured and counts as finding.
        expectation: whose expectation the finding is.
    """

    id: int
    source: str
    chapter: str
    title: str
    claim: str
    finding: str
    expectation: Literal["source", "inventory"]


@dataclass(frozen=True)
class Defect:
    """One error in a source, with the claims that it concerns."""

    number: int
    source: str
    claims: tuple[int, ...]
    title: str
    description: str


@functools.cache
def claims() -> tuple[Claim, ...]:
    """All claims, in order; ``claims()[i].id == i + 1``.

    Raises:
        ValueError: the table has a gap, an empty field, or an unknown chapter, source or expectation.
    """
    house = _claims("catalogue.csv", 1)
    for claim in house:
        if claim.chapter not in CHAPTERS or claim.source not in SOURCES:
            raise ValueError(f"catalogue.csv: claim {claim.id}: unknown chapter or source")
    return house + _claims(OWN, len(house) + 1) if (HERE / OWN).is_file() else house


def sources() -> dict[str, str]:
    """Key -> what it is, of every source that claims come from; one of your own is called by its key."""
    return SOURCES | {claim.source: claim.source for claim in claims() if claim.source not in SOURCES}


def chapters() -> tuple[str, ...]:
    """The report's chapters in order, those of your own claims last."""
    return tuple(dict.fromkeys([*CHAPTERS, *(claim.chapter for claim in claims())]))


def _claims(table: str, first: int) -> tuple[Claim, ...]:
    rows = _rows(table)
    for line, row in enumerate(rows, start=2):
        if row["id"] != str(first + line - 2):
            last = first + len(rows) - 1
            raise ValueError(
                f"{table}, line {line}: id is {row['id']!r}, expected the claims {first} to {last} in order"
            )
        if row["expectation"] not in ("source", "inventory"):
            raise ValueError(f"{table}: claim {row['id']}: expectation is {row['expectation']!r}")
    if not rows:
        raise ValueError(f"{table}: expected claims from {first} on, found none")
    return tuple(Claim(**{**row, "id": int(row["id"])}) for row in rows)


@functools.cache
def defects() -> tuple[Defect, ...]:
    """All defects, in order of their numbers.

    Raises:
        ValueError: the table has a gap, an empty field, or names a claim that does not exist.
    """
    found = tuple(
        Defect(
            number=int(row["number"]),
            source=row["source"],
            claims=tuple(int(claim) for claim in row["claims"].split()),
            title=row["title"],
            description=row["description"],
        )
        for row in _rows("defects.csv")
    )
    if [defect.number for defect in found] != list(range(1, len(found) + 1)):
        raise ValueError(f"defects.csv: expected the defects 1 to {len(found)} in order")
    for defect in found:
        if not defect.claims or not all(1 <= claim <= len(claims()) for claim in defect.claims):
            raise ValueError(f"defects.csv: defect {defect.number} concerns claims {defect.claims}")
    return found


def _rows(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    for line, row in enumerate(rows, start=2):
        if None in row or not all(isinstance(value, str) and value.strip() for value in row.values()):
            raise ValueError(f"{name}, line {line}: an empty or surplus field")
    return rows
