"""Whose words a claim is: author, title and address of its source, and whether they are given letter for letter."""

from __future__ import annotations

import csv
import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reprise.claims.catalogue import sources

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Source:
    """Where a claim comes from.

    Attributes:
        key: ``S1``, or what a claim of your own calls its source.
        author: empty where the text names none.
        title: what it is.
        address: of a public page; empty where none is known.
        there: what is found at the address, for that is rarely the text itself.
    """

    key: str
    author: str
    title: str
    address: str = ""
    there: str = ""

    @property
    def words(self) -> str:
        """Author and title in a line."""
        title = self.title[:1].upper() + self.title[1:]
        return f"{self.author}, {self.title}" if self.author else f"{title} (its text names neither author nor address)"


def source_of(row: dict[str, Any]) -> Source:
    """The source of a claim: what sources.csv says of its chapter, else of the whole source.

    Args:
        row: of the ledger.
    """
    for each in _sources():
        if each["source"] == row["source"] and each["chapter"] in ("", row["chapter"]):
            return Source(each["source"], each["author"], each["title"], each["address"], each["there"])
    return Source(row["source"], "", sources().get(row["source"], row["source"]))


def is_quotation(claim: int) -> bool:
    """Whether the declared sentence is the source's letter for letter, omissions apart.

    Where a formula was written out, or words were joined or put in brackets, adapted.csv names the claim.
    """
    return claim not in _adapted()


@functools.cache
def _sources() -> tuple[dict[str, str], ...]:
    with (HERE / "sources.csv").open(newline="", encoding="utf-8") as stream:
        return tuple(csv.DictReader(stream))


@functools.cache
def _adapted() -> frozenset[int]:
    with (HERE / "adapted.csv").open(newline="", encoding="utf-8") as stream:
        return frozenset(int(row["claim"]) for row in csv.DictReader(stream))
