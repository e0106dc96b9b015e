"""``python -m reprise.stages.ledger``: joins all evidence to verdicts and writes the ledger. Never imports torch."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from reprise.claims.ledger import LEDGER, VERDICTS, write_ledger
from reprise.stages.running import stage


def main(root: Path = Path()) -> None:
    """Writes ``reports/ledger.json`` and ``reports/metrics.json`` and prints the count of each verdict."""
    counts = Counter(row["verdict"] for row in write_ledger(root))
    print(f"{root / LEDGER}: " + ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS))


if __name__ == "__main__":
    with stage("ledger"):
        main()
