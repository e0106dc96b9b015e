"""The report: ``reports/index.html``, one page a study, and the Markdown mirror.

Every page is one file: style, script and pictures inside, nothing fetched from anywhere, the same bytes from the same
evidence. Pictures are embedded as data URIs: ids inside different SVGs cannot collide, scripts inside them never run,
and they follow light and dark by themselves. All data passes Jinja's escaping.
"""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from reprise.claims.catalogue import claims, sources
from reprise.claims.ledger import LEDGER, read_studies, state
from reprise.files import read_json, replacing, write_text
from reprise.report import markdown, view
from reprise.report.numbers import number
from reprise.report.overview import draw_overview
from reprise.report.terminal import read_ledger

TAGLINE = (
    "Four well-read write-ups claim or name {} things about deep learning. Reprise runs each: a claim ends as a "
    "verdict, with the measurement and the interval behind it."
)
TEMPLATES = Path(__file__).parent / "templates"
KEPT = Path("reports/real")  # the last run on real data that was kept: it leads
_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_MIME = {"svg": "image/svg+xml", "png": "image/png"}


def write_report(root: Path = Path()) -> Path:
    """Writes the whole report below ``reports/`` and returns the path of its first page.

    Raises:
        FileNotFoundError: the ledger, a study's evidence or a figure is missing.
        ValueError: a file that was read is not what it must be.
    """
    rows = read_ledger(root / LEDGER)
    evidence = read_studies(root)
    reports = root / "reports"
    for stale in ("studies", "figures"):
        shutil.rmtree(reports / stale, ignore_errors=True)
        (reports / stale).mkdir(parents=True)
    studies = [study_page(name, found, rows, root) for name, found in evidence.items()]
    page = front_page(rows, studies, read_kept(root))
    templates = environment()
    for study in studies:
        html = templates.get_template("study.html").render(study=study, title=f"{study['title']} · Reprise")
        write_text(reports / "studies" / f"{study['name']}.html", html)
        for figure in study["all_figures"]:
            with replacing(reports / figure["path"]) as temporary:
                shutil.copyfile(figure["file"], temporary)
    draw_overview(page["rows"], reports / "figures" / "claims.svg")
    write_text(reports / "README.md", markdown.mirror(page))
    write_text(reports / "index.html", templates.get_template("index.html").render(page))
    return reports / "index.html"


def read_kept(root: Path) -> dict[str, Any] | None:
    """``rows`` and ``provenance`` of the kept run on real data; None where there is none, or it is of an older form."""
    folder = root / KEPT
    if not (folder / "ledger.json").is_file() or not (folder / "provenance.json").is_file():
        return None
    try:
        return {"rows": read_ledger(folder / "ledger.json"), "provenance": read_json(folder / "provenance.json")}
    except ValueError:
        return None


def real_first(rows: list[dict[str, Any]], kept: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The ledger, with what real data said wherever this run has but a stand-in.

    Args:
        rows: of the run that is shown.
        kept: as ``read_kept`` gives it.
    """
    real = {row["id"]: row for row in kept["rows"] if row["kind"] == "measured"} if kept else {}
    return [
        real[row["id"]] | {"from": KEPT.name, "here": row["stand_in"]}
        if row["kind"] == "stand-in" and row["id"] in real
        else row | {"from": "", "here": ""}
        for row in rows
    ]


def front_page(
    rows: list[dict[str, Any]], studies: list[dict[str, Any]], kept: dict[str, Any] | None = None
) -> dict[str, Any]:
    """What the first page shows: real data first.

    Args:
        rows: the ledger.
        studies: pages as ``study_page`` gives them.
        kept: the kept run on real data, as ``read_kept`` gives it.
    """
    rows = real_first(rows, kept)
    views = [view.row_view(row) for row in rows]
    used = any(row["from"] for row in rows)
    return {
        "rows": rows,
        "kept": kept["provenance"] if kept and used else None,
        "title": "Reprise",
        "tagline": TAGLINE.format(len(rows)),
        "total": len(rows),
        "sources": _distinct(study["source"] for study in studies),
        "scales": _distinct(study["scale"] for study in studies),
        "studies": studies,
        "counts": view.state_counts(rows),
        "overview": view.by_source(views),
        "chapters": view.by_chapter(views),
        "groups": view.by_group(studies),
        "contradicted": [row for row in views if row["state"] == "contradicted"],
        "defects": view.defect_views(rows),
    }


def study_page(name: str, evidence: dict[str, Any], rows: list[dict[str, Any]], root: Path) -> dict[str, Any]:
    """What one study's page shows.

    Args:
        name: the study's name.
        evidence: what ``Evidence.write`` wrote.
        rows: the ledger.
        root: the folder that holds ``data/``.
    """
    figures = {figure["name"]: _figure(figure, name, root) for figure in evidence["figures"]}
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
    script = (TEMPLATES / "filter.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    templates.globals |= {
        "style": Markup((TEMPLATES / "style.css").read_text(encoding="utf-8")),
        "script": Markup(script),
        "script_digest": digest,
    }
    templates.filters["number"] = number
    templates.filters["inline"] = markdown.inline
    return templates


def _figure(figure: dict[str, Any], study: str, root: Path) -> dict[str, Any]:
    name, kind = str(figure["name"]), figure["kind"]
    if not _SAFE_NAME.fullmatch(name) or kind not in _MIME:
        raise ValueError(f"data/evidence/{study}: figure {name!r} ({kind}): not a plain name of an svg or png")
    file = root / "data" / "evidence" / study / "figures" / f"{name}.{kind}"
    if not file.is_file():
        raise FileNotFoundError(f"{file} is missing; run: python -m reprise.stages.evaluate {study}")
    encoded = base64.b64encode(file.read_bytes()).decode("ascii")
    return figure | {
        "anchor": f"figure-{view.slug(name)}",
        "file": file,
        "path": f"figures/{study}/{name}.{kind}",
        "uri": f"data:{_MIME[kind]};base64,{encoded}",
    }


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
