"""The report: ``reports/index.html``, a page for every claim and every study, and the Markdown mirror.

Every page is one file: style, script and pictures inside, nothing fetched from anywhere, the same bytes from the same
evidence. Pictures are embedded as data URIs: ids inside different SVGs cannot collide, scripts inside them never run,
and they follow light and dark by themselves. All data passes Jinja's escaping.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import shutil
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from reprise.claims.catalogue import claims, sources
from reprise.claims.ledger import LEDGER, read_studies, state
from reprise.files import replacing, write_text
from reprise.report import markdown, view
from reprise.report.badge import badge_svg
from reprise.report.claim_page import claim_page
from reprise.report.numbers import number
from reprise.report.overview import draw_overview
from reprise.report.pictures import embedded
from reprise.report.preview import draw_claim, draw_front
from reprise.report.rows import read_ledger
from reprise.report.runs import KEPT, Run, best_rows, kept_runs, used

__all__ = ["KEPT", "front_page", "study_page", "write_report"]

TAGLINE = (
    "Four well-read write-ups claim or name {} things about deep learning. Reprise runs each: a claim ends as a "
    "verdict, with the measurement and the interval behind it."
)
HERE = Path(__file__).parent
TEMPLATES = HERE / "templates"
TOLD = 3  # findings on the first screen
ANSWERED = ("reproduced", "contradicted")


def write_report(root: Path = Path()) -> Path:
    """Writes the whole report below ``reports/`` and returns the path of its first page.

    Raises:
        FileNotFoundError: the ledger, a study's evidence or a figure is missing.
        ValueError: a file that was read is not what it must be.
    """
    rows = read_ledger(root / LEDGER)
    evidence = read_studies(root)
    reports = root / "reports"
    for stale in ("studies", "figures", "claims"):
        shutil.rmtree(reports / stale, ignore_errors=True)
        (reports / stale).mkdir(parents=True)
    studies = [study_page(name, found, rows, root) for name, found in evidence.items()]
    here, kept = Run("", rows, studies=evidence), kept_runs(root)
    claimed = [claim_page(row["id"], here, kept, root) for row in rows]
    page = front_page(rows, studies, kept, claimed)
    better = {row["id"]: view.row_view(row) for row in page["rows"] if row["from"]}
    templates = environment()
    for study in studies:
        html = templates.get_template("study.html").render(
            study=study,
            better=better,
            title=f"{study['title']} · Reprise",
            description=f"Claims {study['ids']}: {view.counted(study['counts'])}. Data: {study['source']}.",
            preview="../claims/all.png",
        )
        write_text(reports / "studies" / f"{study['name']}.html", html)
        for figure in study["all_figures"]:
            with replacing(reports / figure["path"]) as temporary:
                shutil.copyfile(figure["file"], temporary)
    for claim in claimed:
        titles = {study["name"]: study["title"] for study in studies}
        html = templates.get_template("claim.html").render(
            claim=claim,
            titles=titles,
            title=f"{claim['name']} · {claim['best']['state']} · Reprise",
            description=claim["description"],
            preview=f"{claim['id']}.png",
        )
        write_text(reports / "claims" / f"{claim['id']}.html", html)
        draw_claim(reports / "claims" / f"{claim['id']}.png", claim)
    draw_front(reports / "claims" / "all.png", page["answered"], page["counts"])
    draw_overview(page["rows"], reports / "figures" / "claims.svg")
    write_text(reports / "badge.svg", badge_svg("Reprise", page["answered"]))
    write_text(reports / "README.md", markdown.mirror(page))
    write_text(reports / "index.html", templates.get_template("index.html").render(page))
    return reports / "index.html"


def front_page(
    rows: list[dict[str, Any]],
    studies: list[dict[str, Any]],
    kept: list[Run] | None = None,
    claimed: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """What the first page shows: for each claim the run that says most.

    Args:
        rows: the ledger.
        studies: pages as ``study_page`` gives them.
        kept: the runs that were kept.
        claimed: pages as ``claim_page`` gives them, for the findings that are told first.
    """
    kept = kept or []
    rows = best_rows(Run("", rows), kept)
    views = [view.row_view(row) for row in rows]
    decided = sum(state(row) in ANSWERED for row in rows)
    counts = view.state_counts(rows)
    answered = f"{decided} of {len(rows)} answered"
    return {
        "rows": rows,
        "kept": used(rows, kept),
        "title": f"Reprise: {answered}",
        "description": f"Deep-learning folklore, re-run. {answered}: {view.counted(counts)}.",
        "preview": "claims/all.png",
        "answered": answered,
        "tagline": TAGLINE.format(len(rows)),
        "total": len(rows),
        "sources": _distinct(study["source"] for study in studies),
        "scales": _distinct(study["scale"] for study in studies),
        "studies": studies,
        "counts": counts,
        "told": told(claimed or []),
        "overview": view.by_source(views),
        "chapters": view.by_chapter(views),
        "groups": view.by_group(studies),
        "contradicted": [row for row in views if row["state"] == "contradicted"],
        "defects": view.defect_views(rows),
        "decided": view.decided_text(rows),
        "altered": view.altered(views),
    }


def told(claimed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first findings of told.csv that are answered and have their picture; those on real data before the others."""
    pages = {claim["id"]: claim for claim in claimed}
    with (HERE / "told.csv").open(newline="", encoding="utf-8") as stream:
        wanted = [(int(row["claim"]), row["figure"]) for row in csv.DictReader(stream)]
    found = []
    for claim, name in wanted:
        page = pages.get(claim)
        if page is None or page["best"]["state"] not in ANSWERED:
            continue
        for figure in page["best"]["figures"]:
            if figure["name"] == name:
                found.append({"claim": page, "row": page["best"]["row"], "figure": figure})
    found.sort(key=lambda each: "real" not in each["row"]["data_source"])
    return found[:TOLD]


def study_page(name: str, evidence: dict[str, Any], rows: list[dict[str, Any]], root: Path) -> dict[str, Any]:
    """What one study's page shows.

    Args:
        name: the study's name.
        evidence: what ``Evidence.write`` wrote.
        rows: the ledger.
        root: the folder that holds ``data/``.
    """
    figures = {figure["name"]: embedded(figure, name, root) for figure in evidence["figures"]}
    placed: set[str] = set()
    answered = []
    for number_ in sorted({finding["claim"] for finding in evidence["findings"]}):
        findings = [view.finding_view(f) for f in evidence["findings"] if f["claim"] == number_]
        named = [figure for f in findings for figure in f.get("figures", ()) if figure in figures]
        shown = [figure for figure in dict.fromkeys(named) if figure not in placed]
        placed.update(shown)
        row = rows[number_ - 1]
        catalogued = claims()[number_ - 1]
        answered.append(
            {
                "id": number_,
                "row": row,
                "state": state(row),
                "symbol": view.SYMBOLS[state(row)],
                "declared": evidence["declared"].get(str(number_)),
                "power": view.power_text(row),
                "catalogued": catalogued,
                "source_title": sources()[catalogued.source],
                "findings": findings,
                "figures": [figures[figure] for figure in shown],
            }
        )
    return {
        "name": name,
        "title": evidence["title"],
        "group": view.chapter_of(rows[claim["id"] - 1] for claim in answered),
        "about": markdown.prose(evidence["about"]),
        "data": evidence["data"],
        "source": evidence["provenance"].get("source", ""),
        "scale": evidence["provenance"].get("scale", ""),
        "claims": answered,
        "ids": view.ranges(claim["id"] for claim in answered),
        "counts": view.state_counts(claim["row"] for claim in answered),
        "all_figures": list(figures.values()),
        "other_figures": [figure for key, figure in figures.items() if key not in placed],
        "tables": [_table(table) for table in evidence["tables"]],
        "metrics": sorted(evidence["metrics"].items()),
        "cost": [(key.replace("_", " "), value) for key, value in _costs(evidence["cost"])],
        "settings": view.flat(evidence["settings"]),
    }


def environment() -> jinja2.Environment:
    """Jinja with escaping always on and undefined names refused."""
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    script = (TEMPLATES / "page.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    templates.globals |= {
        "style": Markup((TEMPLATES / "style.css").read_text(encoding="utf-8")),
        "script": Markup(script),
        "script_digest": digest,
    }
    templates.filters["number"] = number
    templates.filters["inline"] = markdown.inline
    templates.filters["slug"] = view.slug
    return templates


def _table(table: dict[str, Any]) -> dict[str, Any]:
    """Cells as text, with the columns that hold numbers marked so that they can be aligned."""
    width = len(table["columns"])
    for row in table["rows"]:
        if len(row) != width:
            raise ValueError(f"table {table['title']!r}: a row of {len(row)} cells under {width} columns")
    numeric = [
        bool(table["rows"]) and all(isinstance(row[column], int | float | None) for row in table["rows"])
        for column in range(width)
    ]
    rows = [[number(cell) if cell is not None else "–" for cell in row] for row in table["rows"]]
    return table | {"rows": rows, "numeric": numeric}


def _costs(cost: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for key, value in cost.items():
        name = f"{prefix}, {key}" if prefix else key
        pairs += _costs(value, name) if isinstance(value, dict) else [(name, _cost(value))]
    return pairs


def _cost(value: Any) -> str:
    return ", ".join(number(each) for each in value) if isinstance(value, list) else number(value)


def _distinct(values: Any) -> str:
    return ", ".join(dict.fromkeys(value for value in values if value)) or "none yet"
