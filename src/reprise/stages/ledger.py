"""``python -m reprise.stages.ledger``: joins all evidence to verdicts and writes the ledger. Never imports torch."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from reprise.claims.ledger import LEDGER, STATES, state, write_ledger
from reprise.stages.running import stage


def main(root: Path = Path()) -> None:
    """Writes the ledger and the metrics and prints the count of each verdict."""
    counts = Counter(state(row) for row in write_ledger(root))
    print(f"{root / LEDGER}: " + ", ".join(f"{counts[each]} {each}" for each in STATES))


if __name__ == "__main__":
    with stage("ledger"):
        main()
