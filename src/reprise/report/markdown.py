"""Markdown in and out: the studies' prose to HTML, and the report's mirror ``reports/README.md``."""

from __future__ import annotations

import re
from typing import Any

from markdown_it import MarkdownIt
from markupsafe import Markup
from markupsafe import escape as html_escape

from reprise.report.numbers import number

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$&!])")
_CODE = re.compile(r"`([^`]+)`")


def prose(text: str) -> Markup:
    """Markdown as HTML: no raw HTML, no images (they could be fetched from elsewhere), headings two levels down."""
    renderer = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    tokens = renderer.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
    return Markup(renderer.renderer.render(tokens, renderer.options, {}))


def inline(text: Any) -> Markup:
    """One line of text as HTML, `names in backticks` as code and nothing else marked up."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(html_escape(str(text)))))


def escape(text: Any) -> str:
    """Text that Markdown shows as it is, on one line: fit for a table's cell."""
    return _SPECIAL.sub(r"\\\1", " ".join(str(text).split()))


def mirror(page: dict[str, Any], about: str = "") -> str:
    """``reports/README.md``: counts, the claims by chapter, the studies with their notes and figures, the defects.

    Args:
        page: what the front page shows (``reprise.report.page.front_page``).
        about: of a run that is kept: said in place of where this run's other pages are.
    """
    beside = "Beside it the pipeline writes the same with intervals drawn, for a browser: `index.html`."
    parts = [
        "# Report",
        f"**{page['answered']}.** {escape(page['tagline'])} {_made_from(page)} {escape(about) if about else beside}",
        _table(
            ("", "claims", "measured", "arithmetic", "meaning"),
            [
                (
                    f"{each['symbol']} {each['state']}",
                    each["count"],
                    *((each["measured"], each["count"] - each["measured"]) if each["state"] in JUDGED else ("", "")),
                    each["meaning"],
                )
                for each in page["counts"]
            ],
        ),
        escape(page["decided"]),
        "## Claims",
    ]
    for chapter in page["chapters"]:
        parts += [f"### {escape(chapter['title'])}", _table(_HEADER, [_claim(row) for row in chapter["rows"]])]
    parts.append("## Studies")
    for group in page["groups"]:
        parts.append(f"### {escape(group['title'])}")
        parts += [_study(study) for study in group["studies"]]
    parts += ["## Defects in the sources", *(_defect(defect) for defect in page["defects"])]
    if page["altered"]:
        parts += ["## Declarations altered after something was seen", "\n".join(map(_altered, page["altered"]))]
    return "\n\n".join(part for part in parts if part) + "\n"


JUDGED = ("reproduced", "contradicted", "inconclusive")
_HEADER = ("id", "claim", "verdict", "effect", "interval", "expected", "n", "data", "study")


def _made_from(page: dict[str, Any]) -> str:
    """Which data the numbers come from, real ones first."""
    here = f"Data: {escape(page['sources'])}. Scale: {escape(page['scales'])}."
    runs = [
        f"[reports/{run.name}]({run.name}/README.md), {escape(' and '.join(run.made_from))} data, commit "
        f"{escape(str(run.provenance.get('commit', ''))[:10])}, {escape(run.provenance.get('machine', ''))}"
        for run in page["kept"]
    ]
    if not runs:
        return here
    return f"Where a run that was kept says more than this one, it leads: {'; '.join(runs)}. The rest: {here}"


def _claim(row: dict[str, Any]) -> tuple[str, ...]:
    data = " · ".join(
        part for part in (row["data_source"], row["scale"], row["from"] and f"kept in {row['from']}") if part
    )
    shown = f"{row['symbol']} {row['state']}" + (f", {row['kind']}" if row["state"] in JUDGED else "")
    cells = (row["claim"], shown, row["value"], row["interval_text"], row["expected_text"], row["size"], data)
    return (str(row["id"]), *(escape(cell) for cell in cells), ", ".join(map(_link, row["studies"])))


def _link(study: str) -> str:
    """To the study's section of this page: the other pages are no part of the repository."""
    return f"[{escape(study)}](#study-{study})"


def _study(study: dict[str, Any]) -> str:
    lines = [
        f'<a id="study-{study["name"]}"></a>',
        f"#### {escape(study['title'])}",
        f"Claims {study['ids']}. Data: {escape(study['data'])} "
        f"({escape(study['source'])}, scale {escape(study['scale'])}).",
    ]
    for claim in study["claims"]:
        lines.append(_findings(claim))
    for figure in study["all_figures"]:
        lines.append(f"![{escape(figure['alt'])}]({figure['path']})")
        stop = "" if figure["title"].endswith((".", "?", "!")) else "."
        lines.append(f"*{escape(figure['title'])}{stop}* {escape(figure['caption'])}".strip())
    return "\n\n".join(lines)


def _findings(claim: dict[str, Any]) -> str:
    """What was measured for one claim, with notes, folded."""
    said = claim["declared"] or {}
    quoted = f"“{escape(said['says'])}” ({escape(said['place'])}). " if said.get("says") else ""
    lines = [
        f"<details><summary>{claim['id']}. {html_escape(claim['catalogued'].title)}: {claim['state']}</summary>",
        quoted + (f"{escape(claim['power'])}." if claim["power"] else ""),
    ]
    for each in claim["findings"]:
        held = f", expected {escape(each['expected_text'])}: {each['verdict_text']}" if each["judged"] else ""
        note = f" *{escape(each['note'])}*" if each["note"] else ""
        level = f"({each['level_text']})" if each["level_text"] else ""
        numbers = " ".join(filter(None, (each["value"], each["interval"], level)))
        lines.append(f"- ({each['kind_text']}) {escape(each['measures'])}: {escape(numbers)}{held}.{note}")
    head, *items = [line for line in lines if line]
    first = 1 if items and not items[0].startswith("- ") else 0
    return "\n\n".join([head, *items[:first], "\n".join(items[first:]), "</details>"])


def _defect(defect: dict[str, Any]) -> str:
    text = f"{defect['number']}. **{escape(defect['title'])}** ({defect['source']}). {escape(defect['description'])}"
    if not defect["findings"]:
        return f"{text} *Not yet shown.*"
    shown = "; ".join(
        f"{escape(each['measures'])}: {escape(each['value'])} ({_link(each['study'])})" for each in defect["findings"]
    )
    return f"{text} Shown by: {shown}."


def _altered(entry: dict[str, Any]) -> str:
    row = entry["row"]
    claim = f"claim {row['id']} ({escape(row['claim'])}; now {row['state']})"
    return f"- {escape(entry['when'])}, {claim}: {escape(entry['why'])}"


def _table(header: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    lines = [header, tuple(":--" for _ in header), *rows]
    return "\n".join(f"| {' | '.join(number(c) if isinstance(c, int) else c for c in line)} |" for line in lines)
