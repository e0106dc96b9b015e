"""What the source and the competition's other entrants report."""

from __future__ import annotations

from pathlib import Path

from reprise.published import read_published

PUBLISHED = read_published(Path(__file__).with_name("published.csv"))
DICE = PUBLISHED.rows("dice")
TRAINING_SET = {name: int(value) for name, value in PUBLISHED.values("training set").items()}


def written(score: float) -> str:
    """A dice score as the source writes it: ``.55``."""
    return f"{score:g}".removeprefix("0")


NOTHING = f"~{written(DICE['nothing']['training frames'])}"
RAW = f"[{written(DICE['raw']['low'])}, {written(DICE['raw']['high'])}]"
CLEANED = f"~{written(DICE['cleaned'][''])}"
