"""What the page of one claim shows: whose words, what was declared, what was measured in which run, by which code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reprise.claims.catalogue import claims, defects
from reprise.claims.ledger import state
from reprise.report import view
from reprise.report.attribution import is_quotation, source_of
from reprise.report.measuring import measured_in
from reprise.report.pictures import embedded
from reprise.report.runs import Run, answers

DESCRIBED = 290  # letters of a link's preview


def claim_page(claim: int, here: Run, kept: list[Run], root: Path) -> dict[str, Any]:
    """What one claim's page shows.

    Args:
        claim: its number.
        here: this run.
        kept: the runs that were kept.
        root: the checkout.
    """
    catalogued = claims()[claim - 1]
    now = here.rows[claim - 1]
    views = [_view(run, row, now, root) for run, row in answers(claim, here, kept)]
    best = views[0]
    studies = [name for name in now["study"].split(", ") if name]
    return {
        "id": claim,
        "name": f"{claim}. {catalogued.title}",
        "catalogued": catalogued,
        "source": source_of(now),
        "says": now["says"],
        "place": now["place"],
        "quoted": is_quotation(claim),
        "views": views,
        "best": best,
        "studies": studies,
        "measured_in": [measured_in(name, claim) for name in studies],
        "defects": [defect for defect in defects() if claim in defect.claims],
        "before": claim - 1 if claim > 1 else None,
        "after": claim + 1 if claim < len(claims()) else None,
        "description": _description(best["row"]),
    }


def _view(run: Run, row: dict[str, Any], now: dict[str, Any], root: Path) -> dict[str, Any]:
    """One run's evidence for a claim."""
    names = [name for name in row["study"].split(", ") if name]
    declared = [run.studies[name]["declared"].get(str(row["id"])) for name in names if name in run.studies]
    return {
        "slug": run.slug,
        "run": run,
        "label": f"{row['data_source']} data, scale {row['scale']}" if row["study"] else "nothing yet",
        "row": view.row_view(row),
        "state": state(row),
        "symbol": view.SYMBOLS[state(row)],
        "meaning": view.MEANING[state(row)],
        "declared": next(filter(None, declared), None),
        "redeclared": bool(now["declared"] and row["declared"] != now["declared"]),
        "findings": [view.finding_view(finding) for finding in row["findings"]],
        "figures": _figures(run, row, root),
    }


def _figures(run: Run, row: dict[str, Any], root: Path) -> list[dict[str, Any]]:
    """The figures that a claim's findings name, each once; of a kept run those that were kept."""
    wanted = dict.fromkeys((each["study"], name) for each in row["findings"] for name in each.get("figures", ()))
    found = []
    for study, name in wanted:
        known = {each["name"]: each for each in run.studies.get(study, {}).get("figures", ())}
        if name in known:
            figure = embedded(known[name], study, root, run.pictures)
            found.append(figure | {"anchor": f"{run.slug}-{figure['anchor']}"})
    return found


def _description(row: dict[str, Any]) -> str:
    """What a link's preview says: the verdict and what it rests on."""
    if row["interval"] is None or not row["measures"]:
        return _cut(f"{row['state'].capitalize()}: {row['states']}")
    measured = f"{row['measures']}: {row['value']} {row['interval_text']}".rstrip()
    kind = "Stand-in on generated data, no verdict" if row["state"] == "stand-in" else row["state"].capitalize()
    expected = "" if row["state"] == "built" else f"; expected {row['expected_text']}"
    where = f"{row['size']}, {row['data_source']} data" if row["size"] else f"{row['data_source']} data"
    return _cut(f"{kind}. {measured}{expected} ({where}).")


def _cut(text: str) -> str:
    text = " ".join(text.replace("`", "").split())
    return text if len(text) <= DESCRIBED else f"{text[: DESCRIBED - 1].rsplit(' ', 1)[0]}…"
