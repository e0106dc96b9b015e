"""What a study's evidence says of its claims, as rows and words that MLflow can show. Reads evidence, never judges."""

from __future__ import annotations

from typing import Any

MEASURED = ("effect", "low", "high", "n", "seeds", "power")
Table = dict[str, list[Any]]


def claim_rows(evidence: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """Claim -> the measurement that decides it, with interval, band and verdict; of what is built, its oracle."""
    rows = {}
    for claim, declared in sorted(evidence["declared"].items(), key=lambda item: int(item[0])):
        own = [finding for finding in evidence["findings"] if str(finding["claim"]) == str(claim)]
        wanted = "oracle" if declared["kind"] == "built" else "primary"
        found = [finding for finding in own if finding["kind"] == wanted] or [{}]
        decided = next((each for each in found if each.get("verdict") == declared["verdict"]), found[0])
        effect = decided.get("effect", {})
        rows[int(claim)] = {
            "effect": effect.get("value"),
            "low": effect.get("low"),
            "high": effect.get("high"),
            "n": effect.get("n"),
            "seeds": effect.get("seeds"),
            "power": declared.get("power"),
            "verdict": declared["verdict"] if declared["kind"] in ("arithmetic", "measured") else declared["kind"],
            "kind.of.claim": declared["kind"],
            "says": declared.get("says") or "",
            "measures": decided.get("measures", ""),
            "unit": effect.get("unit", ""),
            "declared": decided.get("expected", ""),
            "of": ", ".join((declared.get("planned") or {}).get("of") or []),
        }
    return rows


def verdicts(evidence: dict[str, Any], variant: str = "") -> dict[str, str]:
    """``claim.ID`` -> verdict, effect, interval and band in one line.

    Args:
        evidence: of the study.
        variant: only claims that name this variant, or none; all claims where it is empty.
    """
    found = {}
    for claim, row in claim_rows(evidence).items():
        of = row["of"].split(", ") if row["of"] else []
        if not variant or not of or variant in of:
            found[f"claim.{claim}"] = _line(row)
    return found


def _line(row: dict[str, Any]) -> str:
    if row["effect"] is None:
        return row["verdict"]
    ends = ", ".join("…" if row[name] is None else f"{row[name]:.4g}" for name in ("low", "high"))
    unit = f" {row['unit']}" if row["unit"] else ""
    return f"{row['verdict']}: {row['effect']:.4g} [{ends}]{unit}, declared {row['declared']}"


def claim_table(evidence: dict[str, Any]) -> Table:
    """All claims, a column a field."""
    rows = [{"claim": claim} | row for claim, row in claim_rows(evidence).items()]
    return {name: [row[name] for row in rows] for name in rows[0]} if rows else {}


def metric_table(evidence: dict[str, Any]) -> Table:
    """What the gate watches: value, spread, n and direction."""
    metrics = evidence["metrics"]
    columns = ("value", "spread", "n", "better")
    return {"metric": list(metrics)} | {name: [each[name] for each in metrics.values()] for name in columns}
