"""What the pages show, prepared from the ledger and the evidence: plain dictionaries, numbers already as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from markupsafe import Markup

from reprise.claims.catalogue import chapters, claims, defects, sources
from reprise.claims.ledger import STATES, state
from reprise.power import POWER
from reprise.report.interval import interval_svg
from reprise.report.numbers import effect_text, expected_text, level_text, number
from reprise.report.rows import ran_on_real
from reprise.report.takes import takes_text

SYMBOLS = {
    "reproduced": "✓", "contradicted": "✗", "inconclusive": "≈", "stand-in": "○", "built": "◆", "untested": "·",
}  # fmt: skip
MEANING = {
    "reproduced": "the whole interval lies where the claim puts it",
    "contradicted": "the whole interval lies elsewhere",
    "inconclusive": "the interval reaches both sides, or the note says why it cannot be judged here",
    "stand-in": "about real data, and run here on generated ones: the pipeline works, nothing is said of the claim",
    "built": "only named by its source: made, and checked against something independent",
    "untested": "nothing here answers it yet",
}
KINDS = {
    "primary": "decides", "secondary": "beside it", "slip": "slip of the source", "oracle": "check of our code",
    "context": "for information",
}  # fmt: skip


WORDS = {  # what a finding that does not decide is said to be
    "oracle": {"reproduced": "agrees", "contradicted": "does not agree", "inconclusive": "does not agree"},
    "secondary": {"reproduced": "holds", "contradicted": "does not hold", "inconclusive": "open"},
    "slip": {"reproduced": "no slip", "contradicted": "slip shown", "inconclusive": "open"},
}


def state_counts(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """``[{state, count, measured, symbol, meaning}]`` in the fixed order of the states.

    ``measured`` are those of ``count`` that rest on measurements; the others are arithmetic.
    """
    rows = list(rows)
    counts = Counter(state(row) for row in rows)
    measured = Counter(state(row) for row in rows if row["kind"] == "measured")
    return [
        {
            "state": each,
            "count": counts[each],
            "measured": measured[each],
            "symbol": SYMBOLS[each],
            "meaning": MEANING[each],
        }
        for each in STATES
    ]


def counted(counts: Iterable[dict[str, Any]]) -> str:
    """``70 reproduced, 12 contradicted``: the states that occur, of ``state_counts``."""
    return ", ".join(f"{each['count']} {each['state']}" for each in counts if each["count"]) or "none"


def finding_view(finding: dict[str, Any]) -> dict[str, Any]:
    """A finding with its numbers as text and its interval as a picture."""
    effect = finding["effect"]
    value, interval = effect_text(effect["value"], [effect["low"], effect["high"]], effect.get("unit", ""))
    judged = finding["kind"] != "context"
    verdict = finding["verdict"] if judged else "context"
    spoken = f"measured {value} {interval}" + (f", expected {expected_text(finding['expect'])}" if judged else "")
    return finding | {
        "value": value,
        "interval": interval,
        "level_text": level_text(effect) if judged else "",
        "size": size_text(effect.get("n"), effect.get("seeds")),
        "judged": judged,
        "expected_text": expected_text(finding["expect"]) if judged else "",
        "kind_text": KINDS[finding["kind"]],
        "symbol": SYMBOLS.get(verdict, ""),
        "verdict_text": WORDS.get(finding["kind"], {}).get(verdict, verdict),
        "tone": verdict if finding["kind"] in ("primary", "oracle") else "context",
        "plot": Markup(interval_svg(effect, finding["expect"] if judged else None, verdict, spoken)),
    }


def row_view(row: dict[str, Any]) -> dict[str, Any]:
    """A ledger row for the table of claims: the finding that decided, in short."""
    decided = {"value": "", "interval_text": "", "level_text": "", "plot": "", "size": "", "expected_text": ""}
    if row["interval"] is not None:
        effect = {"value": row["effect"], "low": row["interval"][0], "high": row["interval"][1]}
        value, interval = effect_text(row["effect"], row["interval"], row["unit"])
        expected = expected_text(row["band"])
        spoken = f"measured {value} {interval}, expected {expected}"
        decided = {
            "value": value,
            "expected_text": expected,
            "interval_text": interval,
            "level_text": _level_of(row),
            "plot": Markup(interval_svg(effect, row["band"], state(row), spoken)),
            "size": size_text(row["n"], row["seeds"]),
        }
    catalogued = claims()[row["id"] - 1]
    studies = [name for name in row["study"].split(", ") if name]
    found = {"state": state(row), "symbol": SYMBOLS[state(row)], "finding": catalogued.finding, "studies": studies}
    words = [row[key] for key in ("claim", "states", "says", "measures", "study", "chapter")] + [catalogued.finding]
    found |= {"data_text": data_text(row), "power_text": power_text(row)}
    return row | decided | found | {"words": " ".join(filter(None, words)).lower()}


def _level_of(row: dict[str, Any]) -> str:
    """`level_text` of the finding that decided a row."""
    primaries = (finding["effect"] for finding in row["findings"] if finding["kind"] == "primary")
    effect = next((each for each in primaries if each["value"] == row["effect"]), None)
    return level_text(effect) if effect else ""


def power_text(row: dict[str, Any]) -> str:
    """What was planned, how likely that was to decide, and what would do: ``planned 16 seeds, power 0.93``."""
    if row["planned"] is None:
        return ""
    seeds = any(finding["effect"].get("seeds") for finding in row["findings"] if finding["kind"] == "primary")
    words = f"planned {'' if seeds else 'n '}{number(row['planned'])}{' seeds' if seeds else ''}"
    if row["power"] is None:
        return words
    takes = takes_text(row)
    return f"{words}, power {row['power']:.2f}" + (f" ({takes})" if takes else "")


def decided_text(rows: list[dict[str, Any]]) -> str:
    """How many of the measured claims were decided, and what the others' plans could have decided."""
    measured = [row for row in rows if row["kind"] == "measured"]
    if not measured:
        return ""
    real = [row for row in measured if "real" in row["data_source"]]
    open_ = [row for row in measured if row["verdict"] == "inconclusive"]
    words = f"Of {len(measured)} measured claims {len(measured) - len(open_)} are decided"
    if real and len(real) < len(measured):
        words += f", {sum(row['verdict'] != 'inconclusive' for row in real)} of the {len(real)} on real data among them"
    if not open_:
        return f"{words}."
    barred = sum(row["power"] == 0 for row in open_)
    enough = sum((row["power"] or 0) >= POWER for row in open_)
    parts = {
        f"had a power of {POWER:g} for the smallest effect of interest": enough,
        "had less": len(open_) - barred - enough,
        "cannot be decided here by any number of seeds or examples, as each says": barred,
    }
    return (
        f"{words}. Of the other {len(open_)}: {', '.join(f'{count} {what}' for what, count in parts.items() if count)}."
    )


def altered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Declarations that are younger than evidence that they judge, the last ones first: claim, day and reason."""
    entries = [{"row": row, **entry} for row in rows for entry in row.get("changed") or []]
    return sorted(entries, key=lambda each: str(each["when"]), reverse=True)


def data_text(row: dict[str, Any]) -> str:
    """What a row's study measured on; where that is real data and decided nothing here, it says so."""
    aside = row["data_source"] in ("any", "generated") and ran_on_real(row)
    return f"{row['data']}; this claim was not decided on it" if aside else row["data"]


def size_text(n: int | None, seeds: int | None) -> str:
    """``n 320, 3 seeds``."""
    if n is None:
        return ""
    if seeds and seeds == n:
        return f"{seeds} seeds" if seeds > 1 else "1 seed"
    return f"n\u00a0{number(n)}" + (f", {seeds} seeds" if seeds and seeds > 1 else ", 1 seed" if seeds else "")


def by_chapter(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows by chapter, those with real data first, else in their order; with the count of verdicts of each."""
    found = [(chapter, [row for row in rows if row["chapter"] == chapter]) for chapter in chapters()]
    found.sort(key=lambda each: not any("real" in row["data_source"] for row in each[1]))
    return [
        {"title": chapter, "slug": slug(chapter), "rows": own, "counts": state_counts(own)} for chapter, own in found
    ]


def by_source(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows by source, for the overview."""
    return [
        {
            "key": key,
            "title": title,
            "rows": [row for row in rows if row["source"] == key],
            "counts": state_counts(row for row in rows if row["source"] == key),
        }
        for key, title in sources().items()
    ]


def chapter_of(rows: Iterable[dict[str, Any]]) -> str:
    """The chapter that most of the claims stand in, the first where several have as many."""
    return Counter(row["chapter"] for row in rows).most_common(1)[0][0]


def by_group(studies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Study cards by the chapter that each names, chapters in their order and unknown ones last."""
    groups = list(dict.fromkeys(study["group"] for study in studies))
    known = [chapter for chapter in chapters() if chapter in groups]
    order = known + [group for group in groups if group not in chapters()]
    return [{"title": group, "studies": [s for s in studies if s["group"] == group]} for group in order]


def defect_views(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The sources' defects, each with the findings that show it."""
    shown: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        for finding in row["findings"]:
            if finding.get("defect"):
                shown.setdefault(finding["defect"], []).append(finding_view(finding))
    return [
        {
            "number": defect.number,
            "source": defect.source,
            "claims": defect.claims,
            "title": defect.title,
            "description": defect.description,
            "findings": shown.get(defect.number, []),
        }
        for defect in defects()
    ]


def flat(mapping: Any, prefix: str = "") -> list[tuple[str, str]]:
    """Nested settings as ``("base.epochs", "12")`` pairs."""
    if isinstance(mapping, dict) and mapping:
        pairs = []
        for key, value in mapping.items():
            pairs += flat(value, f"{prefix}.{key}" if prefix else str(key))
        return pairs
    if isinstance(mapping, list):
        return [(prefix, ", ".join(_setting(value) for value in mapping))]
    return [(prefix, _setting(mapping))] if prefix else []


def _setting(value: Any) -> str:
    """A setting as one would write it in params.yaml: digits are not grouped or rounded."""
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def ranges(ids: Iterable[int]) -> str:
    """``[13, 14, 15, 142]`` as ``13–15, 142``."""
    spans: list[list[int]] = []
    for each in sorted(set(ids)):
        if spans and each == spans[-1][1] + 1:
            spans[-1][1] = each
        else:
            spans.append([each, each])
    return ", ".join(f"{low}" if low == high else f"{low}–{high}" for low, high in spans)


def slug(text: str) -> str:
    """Text as an anchor: lower-case letters, digits and hyphens."""
    words = "".join(c if c.isascii() and c.isalnum() else " " for c in text.lower()).split()
    return "-".join(words)
