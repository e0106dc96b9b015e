"""Numbers that sources and papers give, read from a study's ``published.csv``: each with where it stands.

Columns: ``table`` (what belongs together: a figure, a table), ``name`` (a row of it, such as a variant), ``column``
(empty where a row is one number), ``value``, ``unit``, ``place`` (where it can be looked up).
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

COLUMNS = ("table", "name", "column", "value", "unit", "place")


@dataclass(frozen=True)
class Entry:
    """One number: see the module's columns."""

    table: str
    name: str
    column: str
    value: float
    unit: str
    place: str


@dataclass(frozen=True)
class Published:
    """All numbers of one study."""

    entries: tuple[Entry, ...]

    def values(self, table: str) -> dict[str, float]:
        """``{name: value}`` of a table whose rows are one number each.

        Raises:
            KeyError: there is no such table.
        """
        return {entry.name: entry.value for entry in self._of(table)}

    def rows(self, table: str) -> dict[str, dict[str, float]]:
        """``{name: {column: value}}``.

        Raises:
            KeyError: there is no such table.
        """
        found: dict[str, dict[str, float]] = {}
        for entry in self._of(table):
            found.setdefault(entry.name, {})[entry.column] = entry.value
        return found

    def place(self, table: str) -> str:
        """Where the table's numbers stand."""
        return "; ".join(dict.fromkeys(entry.place for entry in self._of(table)))

    def _of(self, table: str) -> list[Entry]:
        found = [entry for entry in self.entries if entry.table == table]
        if not found:
            raise KeyError(f"no table {table!r}; there are {', '.join(sorted({e.table for e in self.entries}))}")
        return found


def read_published(path: Path) -> Published:
    """Reads a ``published.csv``.

    Raises:
        ValueError: a column is missing or surplus, a field is empty that must not be, a value is no number, or a number
            is given twice; the message names file and line.
    """
    with path.open(newline="", encoding="utf-8") as stream:
        reader = csv.DictReader(stream)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise ValueError(f"{path}: columns {', '.join(reader.fieldnames or ())}; expected {', '.join(COLUMNS)}")
        entries: dict[tuple[str, str, str], Entry] = {}
        for line, row in enumerate(reader, start=2):
            where = f"{path}, line {line}"
            if None in row or not all(row[key] for key in ("table", "name", "value", "place")):
                raise ValueError(f"{where}: an empty or surplus field")
            try:
                value = float(row["value"])
            except ValueError:
                raise ValueError(f"{where}: value: found {row['value']!r}, expected a number") from None
            key = row["table"], row["name"], row["column"]
            if not math.isfinite(value) or key in entries:
                raise ValueError(f"{where}: {' / '.join(filter(None, key))} is given twice, or is no finite number")
            entries[key] = Entry(*key, value, row["unit"], row["place"])
    return Published(tuple(entries.values()))
