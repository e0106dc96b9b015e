"""All claims as one picture, for pages that cannot hold HTML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.patches import FancyBboxPatch

from reprise.claims.catalogue import sources
from reprise.claims.ledger import state
from reprise.plotting import figure

COLUMNS = 25
LETTERS = 7  # of a source's name, beside its claims
COLOURS = {
    "reproduced": "#2e8b57", "contradicted": "#b3314b", "inconclusive": "#c98a1b", "stand-in": "#7a86a8",
    "built": "#3d4f70", "untested": "#8c959f40",
}  # fmt: skip
SIGNS = {
    "reproduced": "✓", "contradicted": "✗", "inconclusive": "≈", "stand-in": "○", "built": "◆", "untested": "",
}  # fmt: skip


def draw_overview(rows: list[dict[str, Any]], path: Path) -> None:
    """One cell a claim with its number and the colour and sign of its state, a block a source, a legend with counts."""
    blocks = {source: [row for row in rows if row["source"] == source] for source in sources()}
    height = sum(-(-len(block) // COLUMNS) + 0.55 for block in blocks.values()) + 1.3
    with figure(path, 9.2, 9.2 * height / (COLUMNS + 3.0)) as (_, axes):
        axes.set(xlim=(-2.6, COLUMNS + 0.2), ylim=(height, -0.2), aspect="equal")
        axes.axis("off")
        top = 0.2
        for source, block in blocks.items():
            name = source if len(source) <= LETTERS else f"{source[: LETTERS - 1]}…"
            axes.text(-2.5, top + 0.5, name, va="center", fontsize=10, weight="bold")
            for i, row in enumerate(block):
                x, y = i % COLUMNS, top + i // COLUMNS
                _cell(axes, x, y, state(row))
                shade = {} if state(row) == "untested" else {"color": "white"}
                axes.text(x + 0.47, y + 0.34, str(row["id"]), ha="center", va="center", fontsize=5.6, **shade)
                axes.text(x + 0.47, y + 0.68, SIGNS[state(row)], ha="center", va="center", fontsize=7.5, **shade)
            top += -(-len(block) // COLUMNS) + 0.55
        for i, each in enumerate(COLOURS):
            count = sum(state(row) == each for row in rows)
            _cell(axes, 4.5 * i - 2.3, top + 0.1, each)
            axes.text(4.5 * i - 1.2, top + 0.56, f"{count} {each}", va="center", fontsize=8)


def _cell(axes: Any, x: float, y: float, state: str) -> None:
    box = "round,pad=0,rounding_size=0.16"
    axes.add_patch(FancyBboxPatch((x + 0.03, y + 0.03), 0.9, 0.9, boxstyle=box, facecolor=COLOURS[state], lw=0))
