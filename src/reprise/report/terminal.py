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
from reprise.registry import nearest
from reprise.report.numbers import effect_text, expected_text, number
from reprise.report.rows import read_ledger
from reprise.report.runs import Run, best_rows, kept_runs
from reprise.report.view import SYMBOLS

STYLES = {
    "reproduced": "green", "contradicted": "red", "inconclusive": "yellow", "stand-in": "blue", "built": "cyan",
    "untested": "bright_black",
}  # fmt: skip
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
    best: bool = False,
    console: Console | None = None,
) -> None:
    """Prints the ledger: one row a claim with study, verdict, effect, interval, n, data source and scale.

    Where the best runs at hand say otherwise than this run alone, the last line tells what they say.

    Args:
        path: what the ledger stage wrote.
        as_json: print the rows as JSON, with every field, instead of a table.
        verdicts: only rows with one of these verdicts; all where empty.
        kinds: only rows of one of these kinds; all where empty.
        study: only rows that this study answers.
        ids: only these claims; all where empty.
        search: only rows whose title, words or measurement hold all of these words, in any case.
        best: each claim's row from the run that says most about it, kept runs among them, as the report leads with.
        console: where to print; standard output by default.

    Raises:
        FileNotFoundError: there is no ledger yet.
        ValueError: a claim, a verdict, a kind or a study that does not exist.
    """
    here = read_ledger(path)
    leading = best_rows(Run("", here), kept_runs(path.parent.parent)) if best or not as_json else here
    rows = leading if best else here
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

    def chosen(row: dict[str, Any]) -> bool:
        return (
            (not ids or row["id"] in ids)
            and _holds(row, search.casefold().split())
            and (not verdicts or row["verdict"] in verdicts)
            and (not kinds or row["kind"] in kinds)
            and (not study or study in row["study"].split(", "))
        )

    rows = [row for row in rows if chosen(row)]
    if as_json:
        print(json.dumps(rows, indent=2, sort_keys=True, ensure_ascii=False))
        return
    console = console or Console()
    if not rows:
        asked = {"id": ids, "search": search, "verdict": verdicts, "kind": kinds, "study": study}
        console.print(f"no claim fits all of {', '.join(f'--{name}' for name, value in asked.items() if value)}")
        return
    console.print(_wide(rows) if console.width >= WIDE else _narrow(rows))
    console.print(_counted(f"{len(rows)} claims:  ", rows))
    other = [row for row in leading if chosen(row) and row["from"]]
    if other and not best:
        runs = ", ".join(sorted({f"reports/{row['from']}" for row in other}))
        told = f"this run alone. {len(other)} claims are better answered in {runs} (`--best`), and with these: "
        console.print(_counted(told, [row for row in leading if chosen(row)]))


def _counted(words: str, rows: list[dict[str, Any]]) -> Text:
    counts = Counter(state(row) for row in rows)
    measured = Counter(state(row) for row in rows if row["kind"] == "measured")
    return Text.assemble(words, *(_count(each, counts[each], measured[each]) for each in STATES if counts[each]))


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
    table.add_column("interval", justify="right", no_wrap=True)
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
