"""The catalogue: the claims and the defects of the four sources, read from the tables beside this module.

``catalogue.csv`` says for each claim what the source states (``claim``) and what is measured for it (``finding``).
``expectation`` is ``source`` where the finding follows from the source's own words and ``inventory`` where the source
gives no outcome that could be false and the finding is this project's expectation: such a claim is built, not judged.
"""

from __future__ import annotations

import csv
import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

HERE = Path(__file__).parent
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
        source: ``S1`` to ``S4``, a key of ``SOURCES``.
        chapter: where the report puts it, one of ``CHAPTERS``.
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
    found = tuple(Claim(**{**row, "id": int(row["id"])}) for row in _rows("catalogue.csv"))
    if not found or [claim.id for claim in found] != list(range(1, len(found) + 1)):
        raise ValueError(f"catalogue.csv: expected the claims 1 to {len(found)} in order")
    for claim in found:
        if claim.chapter not in CHAPTERS or claim.source not in SOURCES:
            raise ValueError(f"catalogue.csv: claim {claim.id}: unknown chapter or source")
        if claim.expectation not in ("source", "inventory"):
            raise ValueError(f"catalogue.csv: claim {claim.id}: expectation is {claim.expectation!r}")
    return found


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
