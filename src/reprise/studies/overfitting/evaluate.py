"""Overfitting and two remedies: what claims 153 and 154 say, measured."""

from __future__ import annotations

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Evidence
from reprise.comparing import figures as charts
from reprise.comparing.tables import accuracies, costs
from reprise.runs import load_runs, used_settings
from reprise.studies.overfitting import figures, gaps, stopping
from reprise.workspace import Workspace


def evaluate(workspace: Workspace, declared: Declarations) -> Evidence:
    """Measures every variant and answers both claims."""
    runs = load_runs(workspace)
    known = gaps.load_known(workspace, runs)
    folder = workspace.evidence / "figures"
    of = {name: runs[name].record["examples"] for name in ("cifar", "digits")}
    sets = {name: getattr(workspace.params.dataset(name), "official", name) for name in of}
    words = "; ".join(
        f"{sets[name] if workspace.source == 'real' else f'in place of {sets[name]}'}: {parts['train']:,} training, "
        f"{parts['validation']:,} development, {parts['test']:,} test images"
        for name, parts in of.items()
    )
    return Evidence(
        data=f"{workspace.source}, {words}",
        findings=[*gaps.findings(declared[153], runs, known), *stopping.findings(declared[154], runs)],
        metrics=accuracies(runs, ("cifar_augmented", "stopped_20")),
        tables=[gaps.table(runs, known)],
        figures=[
            figures.gaps(folder, runs, known),
            figures.stopping(folder, runs),
            charts.curves(folder, list(runs.values())),
        ],
        cost=costs(runs),
        settings=used_settings(runs),
    )
