"""``reprise show``: everything about one claim on one screen, and which stages answer it."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from reprise.claims.catalogue import claims, defects
from reprise.claims.declarations import read_declarations
from reprise.claims.ledger import LEDGER, build_rows, read_studies, state
from reprise.folders import restore
from reprise.registry import named_studies, study_file
from reprise.report.attribution import is_quotation, source_of
from reprise.report.measuring import measured_in
from reprise.report.numbers import effect_text, expected_text, level_text
from reprise.report.rows import read_ledger
from reprise.report.runs import Run, answers, best_row, kept_runs
from reprise.report.terminal import STYLES
from reprise.report.view import MEANING, SYMBOLS, data_text, finding_view, power_text, size_text

LABEL = 15  # columns
SHORT = {"oracle": "our check", "slip": "source slips"}
NARROWEST = 40


def show_claim(number: int, root: Path = Path(), studies: Sequence[str] = (), console: Console | None = None) -> None:
    """Prints a claim: the source's words, what was declared, what was measured, the verdict, and how to run it alone.

    A kept run on real data goes before the run at hand where that has but a stand-in, as on the report's front page.

    Args:
        number: of the claim, as the catalogue has it.
        root: folder of the checkout.
        studies: read these studies' evidence, as it was written last, in place of the ledger.
        console: where to print; standard output by default.

    Raises:
        FileNotFoundError: there is no ledger yet.
        ValueError: there is no such claim.
    """
    restore(root / LEDGER.parent)
    row = build_rows(read_studies(root, studies))[number - 1] if studies else claim_row(number, root)
    console = console or Console()
    width = max(console.width, NARROWEST)
    title = claims()[number - 1].title
    console.print(Text.assemble((f"{number}  {title}", "bold"), "   ", _verdict(row)), soft_wrap=True)
    for label, words in _lines(row):
        body = textwrap.wrap(words, width - LABEL, break_long_words=False, break_on_hyphens=False) or [""]
        for place, line in enumerate(body):
            console.print(Text(f"{label if not place else '':<{LABEL}}{line}"), soft_wrap=True)


def claim_row(number: int, root: Path = Path()) -> dict[str, Any]:
    """The ledger's row of a claim, from the best run at hand; ``others`` says what other runs found.

    Raises:
        FileNotFoundError: there is no ledger yet.
        ValueError: there is no such claim.
    """
    rows = read_ledger(root / LEDGER)
    here, kept = Run("", rows), kept_runs(root)
    if number not in here.by_claim:
        raise ValueError(f"no claim {number}; the catalogue has 1 to {len(rows)} (`reprise ledger --search WORDS`)")
    others = [
        (
            f"reports/{run.name}" if run.name else "this run",
            f"{state(row)} ({row['data_source']}, scale {row['scale']})",
        )
        for run, row in answers(number, here, kept)[1:]
    ]
    return best_row(number, here, kept) | {"others": others}


def studies_of(number: int, root: Path = Path()) -> list[str]:
    """The studies that declare a claim.

    Raises:
        ValueError: there is no such claim, or nothing answers it yet.
    """
    if number > len(claims()):
        raise ValueError(f"no claim {number}; the catalogue has 1 to {len(claims())}")
    names = [name for name in named_studies(root) if number in read_declarations(study_file(name, "declared.yaml"))]
    if not names:
        raise ValueError(f"claim {number} ({claims()[number - 1].title}): no study answers it yet")
    return names


def _lines(row: dict[str, Any]) -> list[tuple[str, str]]:
    """(label, text) of what the screen says, in order."""
    catalogued = claims()[row["id"] - 1]
    source = source_of(row)
    lines = [("source", f"{source.words}" + (f" ({source.there}: {source.address})" if source.address else ""))]
    lines.append(("states", catalogued.claim))
    if row.get("says"):
        quoted = is_quotation(row["id"])
        said = f"“{row['says']}”" if quoted else row["says"]
        lines.append(("in its words" if quoted else "after it", f"{said} ({row.get('place', '')})"))
    if not row["study"]:
        return [*lines, ("would show it", catalogued.finding), ("", "nothing here answers it yet")]
    primary = [finding for finding in row["findings"] if finding["kind"] == "primary"]
    if row["kind"] in ("built", "stand-in"):
        lines.append((row["kind"], MEANING[row["kind"]]))
    if row["kind"] != "built":
        lines.append(("declared", f"{row['measures']}: expected {expected_text(row['band'])}"))
    lines += [("planned", power_text(row))] if power_text(row) else []
    lines += [("measured", _finding(finding)) for finding in primary]
    lines += [("note", row["note"])] if row["note"] else []
    lines += [
        (SHORT[finding["kind"]], f"{_finding(finding)}: {finding_view(finding)['verdict_text']}")
        for finding in row["findings"]
        if finding["kind"] in SHORT
    ]
    lines += [
        ("slip", f"{defect.number}: {defect.title}. {defect.description}")
        for defect in defects()
        if defect.number in row["defects"]
    ]
    beside = sum(finding["kind"] in ("secondary", "context") for finding in row["findings"])
    if beside:
        lines.append(("beside it", f"{beside} more findings: reports/claims/{row['id']}.html, which `make` writes"))
    lines += [("altered", f"{entry['when']}: {entry['why']}") for entry in row.get("changed") or []]
    kept = f", kept in reports/{row['from']}" if row.get("from") else ""
    lines.append(("data", f"{data_text(row)} ({row['data_source']}, scale {row['scale']}{kept})"))
    lines += [("other runs", f"{other}: {said}") for other, said in row.get("others", ())]
    places = [measured_in(name, row["id"]) for name in row["study"].split(", ")]
    lines.append(("code", ", ".join(f"{each.path}:{each.line} {each.function}" for each in places)))
    return [*lines, ("run it", f"reprise run {row['id']}")]


def _finding(finding: dict[str, Any]) -> str:
    effect = finding["effect"]
    value, interval = effect_text(effect["value"], [effect["low"], effect["high"]], effect.get("unit", ""))
    size = size_text(effect.get("n"), effect.get("seeds"))
    level = level_text(effect)
    words = f"{finding['measures']}: {value} {interval}{f' ({level})' if level else ''}".rstrip()
    said = f"{words}; {size}" if size else words
    return f"{said}; {finding['undecided']}" if finding.get("undecided") else said


def _verdict(row: dict[str, Any]) -> tuple[str, str]:
    return f"{SYMBOLS[state(row)]} {state(row)}" + (f" ({row['kind']})" if row["verdict"] and row["kind"] else ""), (
        STYLES[state(row)]
    )
