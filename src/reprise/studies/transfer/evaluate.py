"""Layers that learned digits, used again for letters: claim 165."""

from __future__ import annotations

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Evidence
from reprise.comparing.tables import accuracies, costs
from reprise.runs import load_runs, used_settings
from reprise.studies.transfer import figures, paying
from reprise.studies.transfer.settings import SHOTS
from reprise.workspace import Workspace


def evaluate(workspace: Workspace, declared: Declarations) -> Evidence:
    """Measures every variant."""
    runs = load_runs(workspace)
    digits, letters = runs["digits"], runs[f"scratch_{SHOTS[0]}"]
    sets = [workspace.params.dataset(name).official for name in ("digits", "letters")]
    where = "real" if workspace.source == "real" else "generated, in place of"
    return Evidence(
        data=f"{where} {sets[0]} ({digits.record['examples']['train']:,} training images) and {sets[1]} "
        f"({letters.record['structure'][0]} classes that are no digits, {len(letters.labels):,} test images)",
        findings=paying.findings(workspace, runs),
        metrics=accuracies(runs, ("digits", f"scratch_{SHOTS[-1]}", f"tuned_{SHOTS[0]}", f"tuned_{SHOTS[-1]}")),
        tables=[paying.table(runs)],
        figures=[figures.paying(workspace.evidence / "figures", runs)],
        cost=costs(runs),
        settings=used_settings(runs),
    )
