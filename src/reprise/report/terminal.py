"""``reprise ledger``: the ledger as a table in the terminal, or as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from reprise.claims.ledger import KINDS, LEDGER, STATES, VERDICTS, state
from reprise.files import read_json
from reprise.registry import nearest
from reprise.report.numbers import effect_text, expected_text, number
from reprise.report.view import SYMBOLS

STYLES = {
    "reproduced": "green", "contradicted": "red", "inconclusive": "yellow", "stand-in": "blue", "built": "cyan",
    "untested": "bright_black",
}  # fmt: skip
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
SEARCHED = ("claim", "states", "says", "measures", "study", "chapter")
WIDE = 200  # columns from which every field of the whole ledger has one of its own, and the words of claims room


def show_ledger(
    path: Path = LEDGER,
    as_json: bool = False,
    verdicts: Sequence[str] = (),
    kinds: Sequence[str] = (),
    study: str = "",
    ids: Sequence[int] = (),
    search: str = "",
    console: Console | None = None,
) -> None:
    """Prints the ledger: one row a claim with study, verdict, effect, interval, n, data source and scale.

    Args:
        path: what the ledger stage wrote.
        as_json: print the rows as JSON, with every field, instead of a table.
        verdicts: only rows with one of these verdicts; all where empty.
        kinds: only rows of one of these kinds; all where empty.
        study: only rows that this study answers.
        ids: only these claims; all where empty.
        search: only rows whose title, words or measurement hold all of these words, in any case.
        console: where to print; standard output by default.

    Raises:
        FileNotFoundError: there is no ledger yet.
        ValueError: a claim, a verdict, a kind or a study that does not exist.
    """
    rows = read_ledger(path)
    for kind in kinds:
        if kind not in KINDS:
            raise ValueError(f"no kind {kind!r}{nearest(kind, KINDS)}")
    for verdict in verdicts:
        if verdict not in VERDICTS:
            raise ValueError(f"no verdict {verdict!r}{nearest(verdict, VERDICTS)}")
    studies = sorted({name for row in rows for name in row["study"].split(", ") if name})
    if study and study not in studies:
        raise ValueError(f"no study {study!r}{nearest(study, studies)}")
    unknown = sorted(set(ids) - {row["id"] for row in rows})
    if unknown:
        raise ValueError(f"no claim {unknown[0]}; the ledger has 1 to {len(rows)}")
    rows = [row for row in rows if not ids or row["id"] in ids]
    rows = [row for row in rows if _holds(row, search.casefold().split())]
    rows = [row for row in rows if not verdicts or row["verdict"] in verdicts]
    rows = [row for row in rows if not kinds or row["kind"] in kinds]
    rows = [row for row in rows if not study or study in row["study"].split(", ")]
    if as_json:
        print(json.dumps(rows, indent=2, sort_keys=True, ensure_ascii=False))
        return
    console = console or Console()
    console.print(_wide(rows) if console.width >= WIDE else _narrow(rows))
    counts = Counter(state(row) for row in rows)
    measured = Counter(state(row) for row in rows if row["kind"] == "measured")
    console.print(
        Text.assemble(f"{len(rows)} claims:  ", *(_count(each, counts[each], measured[each]) for each in STATES))
    )


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


def _holds(row: dict[str, Any], words: Sequence[str]) -> bool:
    text = " ".join(str(row.get(key, "")) for key in SEARCHED).casefold()
    return all(word in text for word in words)


def _wide(rows: list[dict[str, Any]]) -> Table:
    table = _table()
    table.add_column("id", justify="right")
    table.add_column("study", style="cyan", overflow="fold")
    table.add_column("claim", ratio=3, min_width=32)
    table.add_column("verdict", no_wrap=True)
    table.add_column("kind", no_wrap=True)
    table.add_column("effect", justify="right", overflow="fold")
    table.add_column("95 % interval", justify="right", no_wrap=True)
    table.add_column("expected", overflow="fold")
    table.add_column("n", justify="right")
    table.add_column("power", justify="right")
    table.add_column("data", no_wrap=True)
    table.add_column("scale", no_wrap=True)
    for row in rows:
        value, interval = _effect(row)
        cells = [row["study"], row["claim"], _verdict(row), row["kind"] or "", value, interval, _expected(row)]
        cells += [_size(row), "" if row["power"] is None else f"{row['power']:.2f}"]
        table.add_row(str(row["id"]), *(_plain(cell) for cell in cells), row["data_source"], row["scale"])
    return table


def _narrow(rows: list[dict[str, Any]]) -> Table:
    table = _table()
    table.add_column("id", justify="right")
    table.add_column("claim", ratio=1)
    table.add_column("verdict", no_wrap=True)
    table.add_column("effect", justify="right")
    for row in rows:
        value, interval = _effect(row)
        claim = Text(row["claim"])
        if row["study"]:
            size = f"n {_size(row)}" if _size(row) else ""
            details = [row["study"], row["kind"] or "", row["data_source"], row["scale"], size]
            claim.append("\n" + " · ".join(detail for detail in details if detail), style="dim")
        effect = Text(value)
        if interval:
            effect.append("\n" + interval, style="dim")
        table.add_row(str(row["id"]), claim, _verdict(row), effect)
    return table


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, expand=True, pad_edge=False, header_style="bold")


def _effect(row: dict[str, Any]) -> tuple[str, str]:
    return effect_text(row["effect"], row["interval"], row["unit"]) if row["interval"] else ("", "")


def _expected(row: dict[str, Any]) -> str:
    return expected_text(row["band"]) if row["band"] else ""


def _size(row: dict[str, Any]) -> str:
    """``320 × 3`` for 320 units and three seeds."""
    if row["n"] is None:
        return ""
    return f"{number(row['n'])} × {row['seeds']}" if row["seeds"] and row["seeds"] != row["n"] else number(row["n"])


def _plain(cell: str | Text) -> Text:
    """Text that rich does not read as markup."""
    return cell if isinstance(cell, Text) else Text(cell)


def _verdict(row: dict[str, Any]) -> Text:
    return Text(f"{SYMBOLS[state(row)]} {state(row)}", style=STYLES[state(row)])


def _count(state: str, count: int, measured: int) -> tuple[str, str]:
    split = f" ({measured} measured)" if state in VERDICTS[:3] else ""
    return f"{SYMBOLS[state]} {count} {state}{split}   ", STYLES[state]
