"""Claims whose newest evidence the ledger does not have yet, and what brings it there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from reprise.claims.catalogue import claims
from reprise.claims.ledger import LEDGER, build_rows, read_studies
from reprise.report.claim import studies_of
from reprise.report.rows import read_ledger


def not_in_ledger(number: int, studies: Sequence[str], root: Path = Path()) -> str:
    """What brings a claim's newest evidence into the ledger and the report; empty where the ledger has it.

    Args:
        number: of the claim.
        studies: that answer it; their evidence is there.
        root: folder of the checkout.
    """
    newest = build_rows(read_studies(root, studies))[number - 1]
    rows = read_ledger(root / LEDGER) if (root / LEDGER).is_file() else []
    if json.loads(json.dumps(newest)) in rows:
        return ""
    return (
        f"claim {number} is not in {LEDGER} as shown here; `reprise repro` brings it into the ledger and the report "
        "(and runs what else is out of date)"
    )


def studies_beside_ledger(number: int, root: Path = Path()) -> list[str]:
    """The studies that answer a claim which the ledger does not have at all; none where it does, or is not there.

    Raises:
        ValueError: there is no such claim, or it is not measured yet; the message says what measures it.
    """
    if not (root / LEDGER).is_file() or any(row["id"] == number for row in read_ledger(root / LEDGER)):
        return []
    studies = studies_of(number, root)
    if not all((root / "data" / "evidence" / name / "evidence.json").is_file() for name in studies):
        title = claims()[number - 1].title
        raise ValueError(f"claim {number} ({title}) is not measured yet; `reprise run {number}` does it")
    return studies
