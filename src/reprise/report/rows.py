"""The ledger's rows, read and looked at before anything is computed with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reprise.claims.ledger import LEDGER, VERDICTS
from reprise.files import read_json

KEYS = {  # of every row, for whoever reads the ledger
    "id", "source", "chapter", "claim", "study", "kind", "verdict", "effect", "interval", "unit", "band", "n", "seeds",
    "planned", "power", "declared", "data_source", "scale", "findings",
}  # fmt: skip
FITS = {  # what of a row is computed with
    "id": lambda value: type(value) is int,
    "study": lambda value: isinstance(value, str),
    "effect": lambda value: value is None or isinstance(value, int | float),
    "interval": lambda value: value is None or (isinstance(value, list) and len(value) == 2),
    "findings": lambda value: isinstance(value, list) and all(isinstance(each, dict) for each in value),
}


def ran_on_real(row: dict[str, Any]) -> bool:
    """Whether a row's study ran on real data, whatever data decided this one claim."""
    return "real" in row.get("ran_on", row["data_source"]).split(", ")


def read_ledger(path: Path = LEDGER) -> list[dict[str, Any]]:
    """The ledger's rows.

    Raises:
        FileNotFoundError: there is none yet; the message says what makes it.
        ValueError: the file is no ledger.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; `dvc repro` (or `python -m reprise.stages.ledger`) makes it")
    rows = read_json(path)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError(f"{path}: not a ledger; make it again with `dvc repro`")
    for place, row in enumerate(rows, start=1):
        lacking = sorted(KEYS - row.keys())
        wrong = f"without {', '.join(lacking)}" if lacking else ""
        if not wrong and row["verdict"] not in ((None,) if row["kind"] in ("built", "stand-in") else VERDICTS):
            wrong = f"with verdict {row['verdict']!r} and kind {row['kind']!r}"
        wrong = wrong or ", ".join(f"with {key} {row[key]!r}" for key, fits in FITS.items() if not fits(row[key]))
        if wrong:
            raise ValueError(f"{path}: not a ledger: row {place} is {wrong}; make it again with `dvc repro`")
    return rows
